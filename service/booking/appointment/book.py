"""Booking a place in a slot."""

from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actor import Actor
from service.booking.answer import Answer, judged_all
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps, named_lane
from service.lane import Lane
from service.settings import Settings
from service.store.arrays import columns
from service.store.postgres import Queries


class BookItem(NamedTuple):
    account_id: int
    slot_id: int
    notes: str
    expand: bool
    key: str
    fingerprint: str


@named_lane("booking")
def booking_lane(deps: Deps) -> Lane[BookItem, Answer]:
    """The lane in which all bookings of this process are decided."""
    return Lane.of(
        deps.settings,
        partial(decide, deps.postgres, deps.settings),
        alone=partial(decide, deps.postgres.waiting, deps.settings),
        owner=attrgetter("account_id"),
    )


async def decide(queries: Queries, settings: Settings, items: list[BookItem]) -> list[Any]:
    """What becomes of a set of bookings: for each its Answer, error, AGAIN or LOCKED."""
    rows = await queries.run(
        "appointment_book",
        **columns(items),
        max_open=settings.max_open_appointments,
        no_overlap=settings.no_overlap,
    )
    return judged_all(rows)


async def book(
    deps: Deps, actor: Actor, slot_id: int, notes: str, expand: bool, key: Key = NO_KEY
) -> Answer:
    """Book a place in a slot for the actor. Durable when it returns.

    Raises NotFound, SlotTaken, AlreadyBooked, SlotInPast, LimitReached, KeyReused, KeyInFlight.
    """
    item = BookItem(actor.account_id, slot_id, notes, expand, *key)
    return await deps.lanes[booking_lane].submit(item)
