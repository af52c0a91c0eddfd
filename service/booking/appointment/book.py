"""Booking a place in a slot."""

from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actor import Actor
from service.booking.answer import Answer, judged_all
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps, named_lane
from service.lane import Lane
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
    max_open = deps.settings.max_open_appointments

    async def decide(items: list[BookItem], queries: Queries = deps.postgres) -> list[Any]:
        rows = await queries.run("appointment_book", **columns(items), max_open=max_open)
        return judged_all(rows)

    waits = partial(decide, queries=deps.postgres.waiting)
    return Lane.of(deps.settings, decide, alone=waits, owner=attrgetter("account_id"))


async def book(
    deps: Deps, actor: Actor, slot_id: int, notes: str, expand: bool, key: Key = NO_KEY
) -> Answer:
    """Book a place in a slot for the actor. Durable when it returns.

    Raises NotFound, SlotTaken, AlreadyBooked, SlotInPast, LimitReached, KeyReused, KeyInFlight.
    """
    item = BookItem(actor.account_id, slot_id, notes, expand, *key)
    return await deps.lanes[booking_lane].submit(item)
