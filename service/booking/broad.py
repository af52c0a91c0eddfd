"""What reads a whole calendar, and what staff change in one: one by one, a few at a time.

Both may take long: a list because of its length, a change because somebody else holds its row. Each
kind waits in a lane of its own, so that neither takes all connections from bookings.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.answer import Answer
from service.booking.idempotency import Key, once
from service.deps import Deps, named_lane
from service.lane import Lane

ANYBODY = 0  # the account of those who need none


class Work(NamedTuple):
    """Something to do, and for whom."""

    account_id: int
    do: Callable[[], Awaitable[Any]]


@named_lane("broad")
def broad_lane(deps: Deps) -> Lane[Work, Any]:
    """Where lists wait; nobody gets a second turn before all others had theirs."""

    async def decide(items: list[Work]) -> list[Any]:
        return [await item.do() for item in items]

    return Lane.alone(deps.settings, decide, owner=attrgetter("account_id"))


@named_lane("desk")
def desk_lane(deps: Deps) -> Lane[Work, Answer]:
    """Where changes wait, likewise."""
    return broad_lane(deps)


async def in_turn(
    deps: Deps, account_id: int, key: Key, work: Callable[[Deps], Awaitable[Answer]]
) -> Answer:
    """As once(), when its turn has come. Raises Unavailable if that takes too long."""
    change = Work(account_id, partial(once, deps, account_id, key, work))
    return await deps.lanes[desk_lane].submit(change)
