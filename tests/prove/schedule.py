"""Which fault, when and to whom: all of it decided by one seed before the run begins."""

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from tests.prove.records import Fault
from tests.prove.stage import Stage


class Planned(msgspec.Struct, kw_only=True, frozen=True):
    """One fault to come."""

    number: int
    kind: str
    server: int  # which of our servers, for the kinds that hurt one; taken modulo their number
    seconds: float  # how long it lasts
    pause: float  # seconds of quiet before it
    beside: bool  # begins while the one before it lasts, whose victim is another


def plan(seed: int, kinds: Iterable[str], count: int) -> list[Planned]:
    """The same seed, kinds and count give the same plan; every kind has its even share."""
    raise NotImplementedError


async def injure(
    stage: Stage,
    planned: list[Planned],
    record: Callable[[Fault], None],
    stop: asyncio.Event,
) -> None:
    """Carry out the plan until it is done or `stop` is set.

    Each fault is recorded when it has healed, or when a probe gave up waiting for that; when this
    returns, all is healed.
    """
    raise NotImplementedError
