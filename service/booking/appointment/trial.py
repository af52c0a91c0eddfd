"""Dry runs: the very transaction of a booking, undone before anybody could have seen it."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from service.booking.actor import Actor
from service.booking.answer import Answer
from service.booking.appointment import book as slots
from service.booking.appointment import book_time as times
from service.booking.appointment import desk
from service.booking.broad import Work, broad_lane
from service.booking.idempotency import NO_KEY
from service.deps import Deps
from service.errors import Busy
from service.store.postgres import Queries, Waiting

Bookable = dict[str, Any]


async def book(deps: Deps, actor: Actor, slot_id: int) -> Bookable:
    """Whether the actor could book a place in a slot: raises what booking it would raise."""
    item = slots.BookItem(actor.account_id, slot_id, "", True, *NO_KEY)
    return await _tried(deps, actor, lambda queries: slots.decide(queries, deps.settings, [item]))


async def book_time(deps: Deps, actor: Actor, wish: times.Wish) -> Bookable:
    """The same of a time of a service, with the provider who would be chosen."""
    item = times.item(actor, wish, expand=True)
    return await _tried(deps, actor, lambda queries: times.decide(queries, deps.settings, [item]))


async def book_for(deps: Deps, actor: Actor, wish: desk.SlotWish) -> Bookable:
    """The same of a slot that staff would book for somebody."""
    return _bookable(await desk.book_for(deps, actor, wish, expand=True, dry_run=True))


async def _tried(
    deps: Deps, actor: Actor, decide: Callable[[Queries], Awaitable[Sequence[Any]]]
) -> Bookable:
    async def trial() -> Any:
        async with deps.postgres.transaction(keep=False) as transaction:
            return (await decide(Waiting(transaction)))[0]

    result = await deps.lanes[broad_lane].submit(Work(actor.account_id, trial))
    if isinstance(result, Exception):
        raise result
    if not isinstance(result, Answer):  # a neighbour is in the way, who is not done
        raise Busy
    return _bookable(result)


def _bookable(booked: Answer) -> Bookable:
    return {"bookable": True, "provider_id": json.loads(booked.body)["slot"]["provider_id"]}
