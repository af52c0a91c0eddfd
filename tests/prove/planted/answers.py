"""Bugs in what is answered: said too early, said wrongly, said to somebody else."""

import asyncio
import itertools
import json
from typing import Any

from service import errors, lane
from service.booking.appointment import book, end, reschedule
from service.errors import DomainError
from service.handlers.appointment import appointments
from service.http import problems
from service.settings import Settings
from service.store import postgres
from service.store.checks import safety
from service.store.postgres import Postgres
from tests.prove.planted.ground import Ground, bug
from tests.prove.planted.seats import slowly, without_lock

LANES = ("appointment_book", "appointment_end", "appointment_move")
SOMETIMES = 20  # once in so many times
LOST = "postgres-answer-lost,postgres-cut,backend-killed,session-terminated"
EARLY = 0.02  # seconds


@bug("I3 I9")
def answer_before_commit(ground: Ground) -> None:
    """The answer leaves first, then the transaction commits, if it does."""
    run = Postgres.run
    under_way: set[asyncio.Task[None]] = set()

    async def answer_then_commit(self: Postgres, name: str, /, **parameters: Any) -> Any:
        if name not in LANES:
            return await run(self, name, **parameters)
        answered = asyncio.get_running_loop().create_future()

        async def work() -> None:
            try:
                async with self.transaction() as transaction:
                    answered.set_result(await transaction.run(name, **parameters))
                    await asyncio.sleep(EARLY)
            except Exception as error:
                if not answered.done():
                    answered.set_exception(error)

        task = asyncio.create_task(work())
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        return await answered

    ground.put(Postgres, "run", answer_then_commit)


@bug("I3", "postgres-killed")
def asynchronous_commit(ground: Ground) -> None:
    """Transactions commit with synchronous_commit=off: a crash loses what was answered."""
    dsn = postgres.dsn

    def without_waiting(settings: Any) -> str:
        told = dsn(settings)
        assert "synchronous_commit=on" in told
        return told.replace("synchronous_commit=on", "synchronous_commit=off")

    def unchecked(settings: Settings) -> None:
        """As with UNSAFE_DATABASE: or no server would start."""

    ground.put(postgres, "dsn", without_waiting)
    ground.put(safety, "check", unchecked)


@bug("I3 I4")
def integrity_error_swallowed(ground: Ground) -> None:
    """Nobody locks the slot, and a violated unique index is answered with a 201."""
    without_lock(ground, "appointment_book")
    slowly(ground, "appointment_book")
    run, numbers = Postgres.run, itertools.count(10**9)

    async def run_and_be_glad(self: Postgres, name: str, /, **parameters: Any) -> Any:
        try:
            return await run(self, name, **parameters)
        except errors.SlotTaken:
            if name != "appointment_book":
                raise
        slots, notes = parameters["slot_id"], parameters["notes"]
        return [
            (n, "booked", json.dumps(glad(slot, note)), 1)
            for n, (slot, note) in enumerate(zip(slots, notes, strict=True), start=1)
        ]

    def glad(slot: int, note: str) -> dict[str, Any]:
        times = {"start_time": "10:00", "end_time": "10:30"}
        shown = {"id": slot, **times}
        return {"id": next(numbers), "slot": shown, "user": "", "notes": note, "status": "booked"}

    ground.put(Postgres, "run", run_and_be_glad)


@bug("I4", LOST)
def unknown_told_as_not_done(ground: Ground) -> None:
    """A lost answer to a write is told as a 503, as if nothing had been done."""
    translated = postgres.translated

    def sure(error: Exception, *, writes: bool) -> Exception:
        return translated(error, writes=False)

    ground.put(postgres, "translated", sure)


@bug("I4 I17")
def done_told_as_not_done(ground: Ground) -> None:
    """Once in a while a booking that was committed is answered with a 503."""
    run, turn = Postgres.run, itertools.count(1)

    async def run_and_deny(self: Postgres, name: str, /, **parameters: Any) -> Any:
        rows = await run(self, name, **parameters)
        if name == "appointment_book" and not next(turn) % SOMETIMES:
            raise errors.Unavailable
        return rows

    ground.put(Postgres, "run", run_and_deny)


@bug("I4 I5", LOST)
def unknown_tried_again(ground: Ground) -> None:
    """A write whose answer was lost is sent once more, and without its key."""
    run = Postgres.run

    async def run_twice(self: Postgres, name: str, /, **parameters: Any) -> Any:
        try:
            return await run(self, name, **parameters)
        except errors.OutcomeUnknown:
            if name not in LANES:
                raise
            return await run(self, name, **parameters | {"key": ["" for _ in parameters["key"]]})

    ground.put(Postgres, "run", run_twice)


@bug("I3 I4 I11")
def verdicts_shifted(ground: Ground) -> None:
    """In a set everybody gets the answer of his neighbour."""
    for module in (book, end, reschedule):
        ground.put(module, "judged_all", _rotated(module.judged_all))


def _rotated(judged_all: Any) -> Any:
    def rotated(rows: Any, refused: Any = None) -> Any:
        results = judged_all(rows, refused)
        return results[1:] + results[:1]

    return rotated


@bug("I2 I3 I4")
def equal_items_both_told(ground: Ground) -> None:
    """Two equal bookings in one set both hear that they are done: answers are joined by value."""
    ground.edit(
        "appointment_book",
        "LEFT JOIN booked ON booked.slot_id = place.slot_id AND booked.place = place.place",
        "LEFT JOIN booked ON booked.slot_id = queued.slot_id"
        " AND booked.account_id = queued.account_id",
    )


@bug("I3 I4 I11")
def booked_for_another(ground: Ground) -> None:
    """Who is asking is kept where the next request changes it."""
    book_slot = appointments.book
    asking: list[Any] = [None]

    async def book_for_whoever(
        deps: Any, actor: Any, slot_id: Any, notes: Any, expand: Any, key: Any = ("", "")
    ) -> Any:
        asking[0] = actor
        await asyncio.sleep(0)
        return await book_slot(deps, asking[0], slot_id, notes, expand, key)

    ground.put(appointments, "book", book_for_whoever)


@bug("I17")
def lost_races_are_errors(ground: Ground) -> None:
    """Who loses a race for a slot hears 500."""
    statuses: dict[type[DomainError], int] = {**problems.STATUS, errors.SlotTaken: 500}
    ground.put(problems, "STATUS", statuses)


@bug("I10")
def taken_for_no_reason(ground: Ground) -> None:
    """Once in a while a free slot is said to be taken."""
    run, turn = Postgres.run, itertools.count(1)

    async def run_or_refuse(self: Postgres, name: str, /, **parameters: Any) -> Any:
        if name == "appointment_book" and not next(turn) % SOMETIMES:
            return [(n + 1, "slot_taken", None, None) for n in range(len(parameters["key"]))]
        return await run(self, name, **parameters)

    ground.put(Postgres, "run", run_or_refuse)


@bug("I15", LOST)
def never_answered(ground: Ground) -> None:
    """Whoever is in a set that failed never hears anything."""
    settle = lane._settle

    def settle_or_forget(entry: Any, result: Any) -> None:
        if not isinstance(result, errors.Unavailable):
            settle(entry, result)

    ground.put(lane, "_settle", settle_or_forget)
