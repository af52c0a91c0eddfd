"""Bugs in deciding who gets a place: two in one, or counters that tell another story."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from service import errors
from service.booking.answer import Answer
from service.booking.appointment import reschedule
from service.store import postgres
from service.store.postgres import Postgres, Queries, Waiting
from service.store.redis.locks import Locks
from tests.prove.planted.ground import Ground, bug

A_WHILE = 0.05  # seconds
LOCK_SLOTS = "ORDER BY slot.id FOR NO KEY UPDATE SKIP LOCKED"
NOTE_SLOTS = "SELECT set_config('booking.slots',"
LOCK_APPOINTMENTS = "ORDER BY appointment.id FOR NO KEY UPDATE SKIP LOCKED"
WANTED = {
    "appointment_book": "%(slot_id)s::bigint[]",
    "appointment_move": "%(from_slot_id)s::bigint[] || %(to_slot_id)s::bigint[]",
}
FULL = "slot_status(slot) <> 'free'"
TARGET_FULL = "slot_status(target) <> 'free'"
SEATED = """(SELECT count(*) FROM appointment AS seated
              WHERE seated.slot_id = {0}.id AND seated.status <> 'cancelled') >= {0}.capacity"""


def without_a_net(ground: Ground) -> None:
    """The constraints that would refuse a double booking are gone."""
    ground.sql += [
        "DROP INDEX IF EXISTS appointment_one_per_place",
        "ALTER TABLE slot DROP CONSTRAINT IF EXISTS slot_booked_within_capacity",
    ]


def without_lock(ground: Ground, query: str, instead: str = "") -> None:
    """The slots are noted as locked and are not; a statement may do something else instead."""
    ground.edit(query, LOCK_SLOTS, "ORDER BY slot.id")
    if instead:
        ground.edit(query, NOTE_SLOTS, f"{instead}; {NOTE_SLOTS}")


def slowly(ground: Ground, query: str) -> None:
    """The deciding statement takes its time, as on a busy machine."""
    ground.edit(query, "locked('slots') AS slot_ids",
                f"(SELECT locked('slots') FROM pg_sleep({A_WHILE})) AS slot_ids")  # fmt: skip


@bug("I1 I2")
def no_lock_no_index(ground: Ground) -> None:
    """Whoever books looks at the slot without a lock, and no unique index has the last word."""
    without_a_net(ground)
    without_lock(ground, "appointment_book")


@bug("I1 I2")
def lock_in_the_deciding_statement(ground: Ground) -> None:
    """One statement locks the slot and counts who is in it, on a snapshot older than the lock."""
    without_a_net(ground)
    without_lock(ground, "appointment_book")
    ground.edit(
        "appointment_book",
        "LEFT JOIN slot ON slot.id = ANY (ARRAY[item.slot_id])",
        """LEFT JOIN (SELECT * FROM slot WHERE id = ANY (%(slot_id)s::bigint[])
                      ORDER BY id FOR NO KEY UPDATE) AS looked ON looked.id = item.slot_id
           LEFT JOIN slot ON slot.id = looked.id""",
    )
    slowly(ground, "appointment_book")
    ground.edit("appointment_book", FULL, SEATED.format("slot"))


@bug("I1 I2")
def only_appointments_locked(ground: Ground) -> None:
    """The lock is on the appointments of the slot: where there is none yet, nobody waits."""
    without_a_net(ground)
    without_lock(
        ground,
        "appointment_book",
        """SELECT appointment.id FROM appointment
            WHERE appointment.slot_id = ANY (%(slot_id)s::bigint[])
              AND appointment.status <> 'cancelled'
            ORDER BY appointment.id FOR UPDATE""",
    )
    slowly(ground, "appointment_book")
    ground.edit("appointment_book", FULL, SEATED.format("slot"))


@bug("I1 I2")
def only_the_first_locked(ground: Ground) -> None:
    """LIMIT 1 FOR UPDATE: of all slots of a booking or a move only the first one is locked."""
    without_a_net(ground)
    for query, wanted in WANTED.items():
        without_lock(
            ground,
            query,
            f"""SELECT slot.id FROM slot WHERE slot.id = ANY ({wanted})
                 ORDER BY slot.id LIMIT 1 FOR NO KEY UPDATE""",
        )
        slowly(ground, query)


@bug("I1 I2")
def looked_then_inserted(ground: Ground) -> None:
    """One transaction looks whether there is room, another one books."""
    without_a_net(ground)
    ground.edit("appointment_book", f"WHEN {FULL} THEN 'slot_taken'", "")
    ground.edit(
        "appointment_book",
        "free_places(wanted.slot, wanted.asked) AS free (place)",
        "generate_series(1, wanted.asked) AS free (place)",
    )
    ground.add(f"""
-- name: slot_full :many
SELECT slot.id FROM slot
 WHERE slot.id = ANY (%(slot_ids)s::bigint[]) AND ({SEATED.format("slot")});
""")
    run = Postgres.run

    async def look_then_run(self: Postgres, name: str, /, **parameters: Any) -> Any:
        if name != "appointment_book":
            return await run(self, name, **parameters)
        full = {row[0] for row in await run(self, "slot_full", slot_ids=parameters["slot_id"])}
        lost = {n for n, slot_id in enumerate(parameters["slot_id"], start=1) if slot_id in full}
        left = {
            field: [one for n, one in enumerate(values, start=1) if n not in lost]
            if isinstance(values, list)
            else values
            for field, values in parameters.items()
        }
        rows = await run(self, name, **left) if left["slot_id"] else []
        numbers = [n for n, _ in enumerate(parameters["slot_id"], start=1) if n not in lost]
        decided = [(n, *row[1:]) for n, row in zip(numbers, rows, strict=True)]
        return sorted([*decided, *((n, "slot_taken", None, None) for n in lost)])

    ground.put(Postgres, "run", look_then_run)


@bug("I1 I2")
def pair_lock_alone(ground: Ground) -> None:
    """A move trusts its Redis lock on the pair of slots and locks nothing in the database."""
    without_a_net(ground)
    without_lock(ground, "appointment_move")
    slowly(ground, "appointment_move")


@bug("I1 I2")
def pair_lock_let_go_first(ground: Ground) -> None:
    """The Redis lock of a move is released before the move, which has no other lock."""
    pair_lock_alone.plant(ground)
    hold = Locks.hold

    @contextlib.asynccontextmanager
    async def let_go_first(self: Locks, pairs: Any) -> AsyncIterator[Any]:
        async with hold(self, pairs) as held:
            pass
        yield held

    ground.put(Locks, "hold", let_go_first)


@bug("I6 I7 I3")
def move_without_compare(ground: Ground) -> None:
    """A move goes on from where the appointment was when it was looked up, wherever it is now."""
    without_a_net(ground)
    ground.edit("appointment_move", LOCK_APPOINTMENTS, "ORDER BY appointment.id")
    ground.edit(
        "appointment_move", "WHEN appointment.slot_id <> item.from_slot_id THEN 'again'", ""
    )
    ground.edit("appointment_move", "AND appointment.slot_id = queued.from_slot_id", "")


@bug("I4 I6 I7")
def move_in_two_transactions(ground: Ground) -> None:
    """A move leaves the old slot in one transaction and enters the new one in the next."""
    ground.add("""
-- name: appointment_move_leave :exec
WITH gone AS (
    UPDATE appointment SET status = 'cancelled'
     WHERE id = ANY (%(appointment_ids)s::bigint[]) AND status = 'booked'
    RETURNING slot_id
)
UPDATE slot SET booked = booked - left_by.count
  FROM (SELECT slot_id, count(*) AS count FROM gone GROUP BY slot_id) AS left_by
 WHERE slot.id = left_by.slot_id;


-- name: appointment_move_return :exec
WITH back AS (
    UPDATE appointment SET status = 'booked'
     WHERE id = ANY (%(appointment_ids)s::bigint[]) AND status = 'cancelled'
    RETURNING slot_id
)
UPDATE slot SET booked = booked + entered_by.count
  FROM (SELECT slot_id, count(*) AS count FROM back GROUP BY slot_id) AS entered_by
 WHERE slot.id = entered_by.slot_id;
""")
    ground.copy("appointment_move", "appointment_move_in")
    for old, new in (
        ("WHEN NOT is_open(appointment.status) THEN 'not_active'", ""),
        ("AND is_open(appointment.status)", ""),
        ("SET slot_id = queued.to_slot_id,", "SET status = 'booked', slot_id = queued.to_slot_id,"),
        (
            "VALUES (moved.from_slot_id, -moved.size), (moved.to_slot_id, moved.size)",
            "VALUES (moved.to_slot_id, moved.size)",
        ),
    ):
        ground.edit("appointment_move_in", old, new)
    move = reschedule.moved

    async def leave_then_enter(queries: Any, settings: Any, items: Any, from_slot_ids: Any) -> Any:
        if len(items) > 1:
            one_by_one = [
                await leave_then_enter(queries, settings, [item], [from_slot_id])
                for item, from_slot_id in zip(items, from_slot_ids, strict=True)
            ]
            return [result for results in one_by_one for result in results]
        db = queries._queries if isinstance(queries, Waiting) else queries
        moving = [item.appointment_id for item in items]
        if not await db.run("appointment_move_leave", appointment_ids=moving):
            return await move(queries, settings, items, from_slot_ids)
        results = await move(Renamed(queries), settings, items, from_slot_ids)
        if not isinstance(results[0], Answer):
            await db.run("appointment_move_return", appointment_ids=moving)
        return results

    ground.put(reschedule, "moved", leave_then_enter)


class Renamed:
    """A database in which to move means to enter."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def run(self, name: str, /, **parameters: Any) -> Any:
        """The other query."""
        return await self._queries.run(f"{name}_in", **parameters)


@bug("I7 I10")
def cancel_keeps_the_place(ground: Ground) -> None:
    """Cancelling does not lower the counter of the slot."""
    ground.edit("appointment_end", "booked = slot.booked - freed.size", "booked = slot.booked")


@bug("I7 I10")
def counted_twice(ground: Ground) -> None:
    """A booking raises the counter of its slot twice."""
    without_a_net(ground)
    ground.edit("appointment_book", "slot.booked + taken.count", "slot.booked + 2 * taken.count")


@bug("I7")
def counter_set_from_memory(ground: Ground) -> None:
    """The counter is set to what was seen before plus one, without a lock and a unique index."""
    without_a_net(ground)
    without_lock(ground, "appointment_book")
    slowly(ground, "appointment_book")
    ground.edit(
        "appointment_book",
        """booked = slot.booked + taken.count, version = slot.version + 1
           FROM (SELECT slot_id, count(*) AS count FROM booked GROUP BY slot_id) AS taken""",
        """booked = least(slot.capacity, taken.before + taken.count), version = slot.version + 1
           FROM (SELECT queued.slot_id, max((queued.slot).booked) AS before, count(*) AS count
                   FROM booked JOIN queued ON queued.slot_id = booked.slot_id
                  GROUP BY queued.slot_id) AS taken""",
    )


@bug("I13")
def cap_checked_outside(ground: Ground) -> None:
    """Open appointments are counted in one transaction, the booking is made in another."""
    ground.add("""
-- name: appointment_book_open :many
SELECT account_id FROM appointment JOIN slot ON slot.id = appointment.slot_id
 WHERE account_id = ANY (%(account_ids)s::bigint[]) AND status = 'booked' AND starts_at > now()
 GROUP BY account_id HAVING count(*) >= %(max_open)s::integer;
""")
    run = Postgres.run

    async def count_then_book(self: Postgres, name: str, /, **parameters: Any) -> Any:
        if name != "appointment_book" or not parameters["max_open"]:
            return await run(self, name, **parameters)
        account_ids = parameters["account_id"]
        full = await run(
            self, "appointment_book_open", account_ids=account_ids, max_open=parameters["max_open"]
        )
        if {row[0] for row in full} & set(account_ids):
            if len(account_ids) > 1:
                raise RuntimeError("one by one, please")
            return [(1, "limit_reached", None, None)]
        return await run(self, name, **parameters | {"max_open": 0})

    ground.put(Postgres, "run", count_then_book)


@bug("I10", "rows-locked")
def no_room_while_it_is_locked(ground: Ground) -> None:
    """Who can't get the lock in time hears that the slot is taken."""
    translated = postgres.translated

    def taken_when_locked(error: Exception, *, writes: bool) -> Exception:
        if getattr(error, "pgcode", None) == "55P03":
            return errors.SlotTaken()
        return translated(error, writes=writes)

    ground.put(postgres, "translated", taken_when_locked)
