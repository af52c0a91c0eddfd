"""What reads a whole calendar, and what staff change in one: one by one, a few at a time.

Both may take long: a list because of its length, a change because somebody else holds its row. Each
kind waits in a lane of its own, so that neither takes all connections from bookings.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from service.booking.answer import Answer
from service.booking.idempotency import Key, once
from service.deps import Deps
from service.lane import Lane
from service.settings import Settings

ANYBODY = 0  # the account of those who need none


class Work(NamedTuple):
    """Something to do, and for whom."""

    account_id: int
    do: Callable[[], Awaitable[Any]]


def broad_lane(settings: Settings) -> Lane[Work, Any]:
    """A lane in which such work waits; nobody gets a second turn before all others had theirs."""

    async def decide(items: list[Work]) -> list[Any]:
        return [await item.do() for item in items]

    return Lane.alone(settings, decide, owner=lambda item: item.account_id)


async def in_turn(
    deps: Deps, account_id: int, key: Key, work: Callable[[Deps], Awaitable[Answer]]
) -> Answer:
    """As once(), when its turn has come. Raises Unavailable if that takes too long."""
    change = Work(account_id, partial(once, deps, account_id, key, work))
    answer: Answer = await deps.lanes.desk.submit(change)
    return answer
