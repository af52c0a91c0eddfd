"""Booking a time of a service, with one of its providers or any of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from service.booking.actor import Actor
from service.booking.answer import Answer, judged_all
from service.booking.appointment import desk
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps, named_lane
from service.errors import DomainError, LimitReached, SlotTaken
from service.lane import Lane
from service.settings import Settings
from service.store.arrays import columns
from service.store.postgres import Queries

ANY_PROVIDER = 0

Override = Literal["closed", "lead", "horizon", "grid", "limit", "buffer", "overlap"]

# What each override waives, in the words of time_refusals() in sql/schema.sql.
WAIVES: Mapping[Override, str] = {
    "closed": "closed",
    "lead": "too_soon",
    "horizon": "too_far",
    "grid": "off_grid",
    "limit": "limit_reached",
    "buffer": "slot_taken",
    "overlap": "slot_taken",
}


class TimeItem(NamedTuple):
    """A wish for a time; override and waived are names with commas between them, seconds are 0
    unless it is to be held."""

    account_id: int
    actor_id: int
    staff_of: int
    service_id: int
    provider_id: int
    starts_at: datetime
    size: int
    notes: str
    override: str
    waived: str
    reason: str
    seconds: int
    expand: bool
    key: str
    fingerprint: str


class Wish(NamedTuple):
    """What somebody wants to book, or with seconds to hold: for whom, and what staff override for
    which reason."""

    service_id: int
    starts_at: datetime
    provider_id: int = ANY_PROVIDER
    size: int = 1
    notes: str = ""
    customer_id: int | None = None
    override: Sequence[Override] = ()
    reason: str = ""
    seconds: int = 0


@named_lane("taking")
def taking_lane(deps: Deps) -> Lane[TimeItem, Answer]:
    """The lane in which all bookings of times of this process are decided."""
    # Each try decides one more of those who want the same provider's time.
    return Lane.of(
        deps.settings,
        partial(decide, deps.postgres, deps.settings),
        alone=partial(decide, deps.postgres.waiting, deps.settings),
        owner=attrgetter("account_id"),
        tries=deps.settings.lane_batch,
    )


async def decide(queries: Queries, settings: Settings, items: list[TimeItem]) -> list[Any]:
    """What becomes of a set of wishes: for each its Answer, error, AGAIN or LOCKED."""
    rows = await queries.run(
        "appointment_book_time",
        **columns(items),
        max_open=settings.max_open_appointments,
        no_overlap=settings.no_overlap,
        max_holds=settings.max_holds,
        max_pending=settings.max_pending,
        hold_seconds=settings.hold_seconds,
    )
    return judged_all(rows, refused)


def refused(verdict: str, body: str | None) -> DomainError | None:
    """The errors of times that say more than their name."""
    match verdict:
        case "slot_taken":
            role, times, remaining = (body or "").split("\n")
            return SlotTaken(times=times, role=role or None, remaining=int(remaining or 0))
        case "limit_reached":
            return LimitReached(limit=body)
    return None


async def book_time(
    deps: Deps, actor: Actor, wish: Wish, expand: bool, key: Key = NO_KEY
) -> Answer:
    """Book a time for the actor, or by staff for somebody else. Durable when it returns.

    Raises NotFound, PermissionDenied, InvalidFields, SlotTaken, NotOffered, PartyTooLarge,
    SlotInPast, TooSoon, TooFar, Closed, OffGrid, LimitReached, AlreadyBooked, KeyReused,
    KeyInFlight.
    """
    return await deps.lanes[taking_lane].submit(item(actor, wish, expand, key))


def item(actor: Actor, wish: Wish, expand: bool, key: Key = NO_KEY) -> TimeItem:
    """The wish as the lane takes it. Raises InvalidFields, PermissionDenied."""
    desk.check(actor, wish.customer_id, wish.override, wish.reason)
    names = sorted(set(wish.override))
    return TimeItem(
        wish.customer_id or actor.account_id,
        actor.account_id,
        actor.staff_of,
        wish.service_id,
        wish.provider_id,
        wish.starts_at,
        wish.size,
        wish.notes,
        ",".join(names),
        ",".join(WAIVES[name] for name in names),
        wish.reason,
        wish.seconds,
        expand,
        *key,
    )
