"""Booking a place in a slot."""

from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actor import Actor
from service.booking.answer import Answer, judged_all
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps
from service.lane import Lane
from service.settings import Settings
from service.store.arrays import columns
from service.store.postgres import Postgres, Queries


class BookItem(NamedTuple):
    account_id: int
    slot_id: int
    notes: str
    expand: bool
    key: str
    fingerprint: str


def booking_lane(db: Postgres, settings: Settings) -> Lane[BookItem, Answer]:
    """The lane in which all bookings of this process are decided."""

    async def decide(items: list[BookItem], queries: Queries = db) -> list[Any]:
        rows = await queries.run(
            "appointment_book", **columns(items), max_open=settings.max_open_appointments
        )
        return judged_all(rows)

    waits = partial(decide, queries=db.waiting)
    return Lane.of(settings, decide, alone=waits, owner=attrgetter("account_id"))


async def book(
    deps: Deps, actor: Actor, slot_id: int, notes: str, expand: bool, key: Key = NO_KEY
) -> Answer:
    """Book a place in a slot for the actor. Durable when it returns.

    Raises NotFound, SlotTaken, AlreadyBooked, SlotInPast, LimitReached, KeyReused, KeyInFlight.
    """
    return await deps.lanes.booking.submit(BookItem(actor.account_id, slot_id, notes, expand, *key))
