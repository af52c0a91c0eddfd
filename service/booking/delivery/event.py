"""The log of events: numbering what transactions have told, and reading it.

Ids are dense, and their order is a true history: what ended before something else began has the
lower one (sql/queries/delivery/event.sql says why). `at` is not: clocks differ.
"""

from datetime import timedelta
from typing import Literal, NamedTuple, get_args

from service.booking.actor import Actor
from service.booking.delivery.log import Told
from service.deps import Deps
from service.errors import CursorExpired

EventType = Literal[
    "account.erased",
    "appointment.approved",
    "appointment.booked",
    "appointment.cancelled",
    "appointment.conflict",
    "appointment.declined",
    "appointment.expired",
    "appointment.fulfilled",
    "appointment.held",
    "appointment.noshow",
    "appointment.requested",
    "appointment.rescheduled",
    "provider.changed",
    "schedule.changed",
    "service.changed",
    "slot.changed",
    "slot.created",
    "slot.deleted",
    "waitlist.offered",
    "webhook.disabled",
]
TYPES: tuple[str, ...] = get_args(EventType)

PUBLIC = "slot.changed"  # all that everybody hears of, as event_shown() in SQL has it

KEPT = timedelta(days=90)
AT_ONCE = 2000  # numbered, looked at, or forgotten in one statement
BACKLOG = 100_000  # is not counted any further


class Head(NamedTuple):
    """The last event, the name of the log, and the first event that is kept."""

    position: int
    log: str
    first_id: int


class EventPage(NamedTuple):
    """A JSON array, the last event that was looked at for it, and the head at that moment."""

    body: str
    last_id: int
    head: Head


class Numbered(NamedTuple):
    """How far the log has come, how much was numbered just now, and for how many seconds the first
    of that had waited."""

    position: int
    events: int
    lag: float | None


async def number(deps: Deps, *, full: bool = False, most: int = AT_ONCE) -> Numbered | None:
    """Give what is committed its place in the log, up to so many; None where nothing waits. In full
    it looks for what may have been passed over, too."""
    row = await deps.db.run("event_number", full=full, most=most)
    return None if row is None else Numbered(*row)


async def head(deps: Deps, after: int | None = None) -> Head:
    """How far the log has come. Raises CursorExpired where what comes after that event is not kept
    any more, or there is no such event."""
    return _checked(Head(*await deps.db.run("event_head")), after)


async def page(
    deps: Deps, actor: Actor, *, after: int | None, types: tuple[str, ...], limit: int
) -> EventPage:
    """What the actor sees of the events after one, or of all that are kept. Raises CursorExpired
    as head() does."""
    row = await deps.db.run(
        "event_page",
        after_id=after or 0,
        account_id=actor.account_id,
        staff_of=actor.staff_of,
        types=list(types),
        most_looks=AT_ONCE,
        limit=limit,
    )
    first_id = row.first_id or row.position + 1
    found = _checked(Head(row.position, row.log, first_id), after)
    begins = first_id - 1 if after is None else after
    return EventPage(row.body, row.last_id or begins, found)


def _checked(head: Head, after: int | None) -> Head:
    if after is not None and not head.first_id - 1 <= after <= head.position:
        raise CursorExpired(head.first_id - 1, head.position)
    return head


async def told_after(deps: Deps, after: int, limit: int) -> list[Told]:
    """The next events, ready to be sent to many."""
    return [told(*row) for row in await deps.db.run("event_after", after_id=after, limit=limit)]


def told(
    event_id: int,
    at: str,
    kind: str,
    provider_id: int | None,
    from_provider_id: int | None,
    account_id: int | None,
    data: str,
    slots: str | None,
) -> Told:
    """An event as it is sent (WHATWG HTML, Server-Sent Events)."""
    return Told(
        event_id,
        (provider_id, from_provider_id),
        account_id,
        provider_id is None and account_id is None,
        _sent(event_id, at, kind, data),
        _sent(event_id, at, PUBLIC, f'{{"slots":{slots}}}') if slots else b"",
    )


def _sent(event_id: int, at: str, kind: str, data: str) -> bytes:
    body = f'{{"id":{event_id},"type":"{kind}","at":{at},"data":{data}}}'
    return f"id: {event_id}\nevent: {kind}\ndata: {body}\n\n".encode()


async def backlog(deps: Deps) -> tuple[int, float]:
    """How much waits for its number, and for how many seconds the first of it has."""
    row = await deps.db.run("event_backlog", most=BACKLOG)
    return row.count, row.seconds


async def forget(deps: Deps) -> int:
    """Forget the oldest events, in their order, up to AT_ONCE; how many those were."""
    return int(await deps.db.run("event_forget", kept=KEPT, most=AT_ONCE))
