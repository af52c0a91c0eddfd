"""Holds what the server has promised against what its database says. A fast wrong server fails."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from service.store.queries import load_queries
from tests.load.journal import Journal, excused
from tests.load.stage import Block

SHOWN = 5  # wrongs of one kind that are spelled out


class Check(NamedTuple):
    """One thing that was looked at, in words, and what was wrong with it."""

    name: str
    ok: bool
    detail: str
    wrong: list[str]


def verdict(name: str, detail: str, wrong: Sequence[str]) -> Check:
    """A check that holds if nothing is wrong."""
    more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
    return Check(name, not wrong, detail, [*wrong[:SHOWN], *more])


def check_database(connection: Any, journal: Journal, blocks: Sequence[Block]) -> list[Check]:
    """Everything that must hold after a run, looked up in the database itself."""
    slot_ids = [slot_id for block in blocks for slot_id in block.slot_ids]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE slot, appointment, appointment_history, waiting, waiting_line")
        slot_ids += made_of(cursor, journal)
        return [
            check_answers(journal),
            check_promises(rows_of(cursor, journal), journal),
            check_times(cursor, journal),
            check_unpromised(cursor, journal, slot_ids),
            check_capacity(cursor, slot_ids),
            check_counters(cursor, slot_ids),
            check_moves(cursor, journal),
            check_invariants(cursor),
        ]


Rows = dict[int, tuple[int, int, str]]  # account, slot and status by appointment


def rows_of(cursor: Any, journal: Journal) -> Rows:
    """The appointments that were promised, as they are in the database."""
    cursor.execute(
        "SELECT id, account_id, slot_id, status FROM appointment WHERE id = ANY (%s)",
        [list(journal.promises)],
    )
    return {row[0]: (row[1], row[2], row[3]) for row in cursor}


def made_of(cursor: Any, journal: Journal) -> list[int]:
    """All slots of the services whose times were booked."""
    services = {time.service_id for time in journal.times.values()}
    cursor.execute("SELECT id FROM slot WHERE service_id = ANY (%s)", [list(services)])
    return [slot_id for (slot_id,) in cursor]


def check_answers(journal: Journal) -> Check:
    """No success contradicts its request, and no id was given out twice."""
    return verdict("Every success says what was asked", "ids, slots and moves", journal.lies)


def check_promises(rows: Rows, journal: Journal) -> Check:
    """Every 201 is there, once, where and as the last answer about it left it."""
    wrong = []
    for appointment_id, promise in journal.promises.items():
        found = rows.get(appointment_id)
        if found is None:
            wrong.append(f"appointment {appointment_id} was answered 201 and does not exist")
        elif appointment_id not in journal.doubtful and found != promise[:3]:
            wrong.append(f"appointment {appointment_id} should be {promise[:3]}, is {found}")
    return verdict(
        "Every 201 exists once, where it was promised",
        f"{len(journal.promises):,} appointments, {len(journal.doubtful):,} in doubt",
        wrong,
    )


def check_times(cursor: Any, journal: Journal) -> Check:
    """Every time that was promised is the one that was asked for, with whom it was asked for."""
    cursor.execute(
        "SELECT id, service_id, provider_id, starts_at FROM slot WHERE id = ANY (%s)",
        [list(journal.times)],
    )
    rows = {row[0]: row[1:] for row in cursor}
    wrong = []
    for slot_id, time in journal.times.items():
        service_id, provider_id, starts_at = rows.get(slot_id, (0, 0, None))
        if time not in ((service_id, provider_id, starts_at), (service_id, 0, starts_at)):
            wrong.append(f"slot {slot_id} is not {time}")
    return verdict("Every time is where it was promised", f"{len(rows):,} times", wrong)


def check_unpromised(cursor: Any, journal: Journal, slot_ids: Sequence[int]) -> Check:
    """What was refused did not happen: nothing is in our slots but what was promised."""
    cursor.execute(
        "SELECT id, account_id, slot_id FROM appointment"
        " WHERE slot_id = ANY (%s)"
        "   AND NOT EXISTS (SELECT FROM waiting WHERE hold_id = appointment.id)"  # nobody asked
        " ORDER BY id",
        [list(slot_ids)],
    )
    unanswered = list(journal.unanswered)
    wrong = []
    for appointment_id, account_id, slot_id in cursor:
        if appointment_id in journal.promises:
            continue
        if not excused(unanswered, account_id, slot_id):
            wrong.append(f"appointment {appointment_id} in slot {slot_id} was never answered 201")
    return verdict(
        "Nothing exists that was refused",
        f"{len(slot_ids):,} slots, {len(journal.unanswered):,} bookings without an answer",
        wrong,
    )


def check_capacity(cursor: Any, slot_ids: Sequence[int]) -> Check:
    """No slot has more people than places."""
    cursor.execute(
        "SELECT slot.id, slot.capacity, count(*)"
        "  FROM slot JOIN appointment ON appointment.slot_id = slot.id"
        " WHERE slot.id = ANY (%s) AND NOT leaves(appointment.status)"
        " GROUP BY slot.id HAVING count(*) > slot.capacity ORDER BY slot.id",
        [list(slot_ids)],
    )
    wrong = [f"slot {row[0]} has {row[1]} places and {row[2]} people" for row in cursor]
    return verdict("No slot over its capacity", f"{len(slot_ids):,} slots", wrong)


def check_counters(cursor: Any, slot_ids: Sequence[int]) -> Check:
    """Each slot's counter is the number of its rows."""
    cursor.execute(
        "SELECT slot.id, slot.booked, count(appointment.id)"
        "  FROM slot LEFT JOIN appointment"
        "    ON appointment.slot_id = slot.id AND NOT leaves(appointment.status)"
        " WHERE slot.id = ANY (%s)"
        " GROUP BY slot.id HAVING count(appointment.id) <> slot.booked ORDER BY slot.id",
        [list(slot_ids)],
    )
    wrong = [f"slot {row[0]} counts {row[1]} and has {row[2]}" for row in cursor]
    return verdict("Counters equal rows", f"{len(slot_ids):,} slots", wrong)


def check_moves(cursor: Any, journal: Journal) -> Check:
    """Nothing is half-moved: each history is one unbroken way with as many steps as promised."""
    cursor.execute(
        "SELECT appointment_id, count(*) FILTER (WHERE action = 'reschedule'),"
        "       bool_or(action = 'reschedule' AND from_slot_id IS DISTINCT FROM before)"
        "  FROM (SELECT appointment_id, action, from_slot_id, lag(to_slot_id) OVER ("
        "                   PARTITION BY appointment_id ORDER BY id) AS before"
        "          FROM appointment_history WHERE appointment_id = ANY (%s)) AS step"
        " GROUP BY appointment_id ORDER BY appointment_id",
        [list(journal.promises)],
    )
    wrong, moves = [], 0
    for appointment_id, steps, broken in cursor:
        moves += steps
        promised = journal.promises[appointment_id].moves
        if broken:
            wrong.append(f"appointment {appointment_id} was moved from where it was not")
        elif steps != promised and appointment_id not in journal.doubtful:
            wrong.append(f"appointment {appointment_id} moved {steps} times, promised {promised}")
    return verdict("Nothing is half-moved", f"{moves:,} moves", wrong)


def check_invariants(cursor: Any) -> Check:
    """The promises of sql/queries/invariants.sql, over the whole database."""
    cursor.execute(load_queries()["invariants_broken"].text)
    wrong = [f"{broken}: {number}" for broken, number in cursor.fetchall()]
    return verdict("Every invariant holds", "sql/queries/invariants.sql", wrong)


def check_statuses(outcomes: Sequence[dict[str, Any]]) -> Check:
    """Every answer was one that the contract allows here."""
    wrong = [
        f"{one['count']:,} times {one['words']} for {one['kind']}"
        for one in outcomes
        if not one["allowed"]
    ]
    total = sum(one["count"] for one in outcomes)
    return verdict("No unexpected answer", f"{total:,} answers", wrong)
