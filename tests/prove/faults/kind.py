"""What a kind of fault is, and the one place where all are registered."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.prove.servers import AppServer
from tests.prove.stage import Stage

SOON = 10.0  # seconds until a fault must be seen
HUNG = (5.0, 6.0)  # seconds that outlast the deadline of every request


class NoEffect(Exception):
    """The fault was made, but nothing came along that it could hurt."""


@dataclass
class Turn:
    """One fault as it happens: where, whom, for how long."""

    stage: Stage
    server: AppServer  # for the kinds that hurt one of ours
    seconds: float
    stop: asyncio.Event
    dice: random.Random = field(default_factory=random.Random)
    ended_at: float = 0.0

    async def last(self) -> None:
        """Let it last, unless the run is over."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), self.seconds)

    def over(self) -> None:
        """The fault ends now; what follows is recovery."""
        self.ended_at = time.monotonic()


Harm = Callable[[Turn], Awaitable[str]]


class FaultKind(NamedTuple):
    """One way to make trouble. `harm` strikes, waits, heals and says how it was seen to bite."""

    name: str
    about: str
    victim: str  # server, postgres, redis: two faults at once never share one
    harm: Harm
    lasts: tuple[float, float]  # seconds, between which the plan chooses
    weight: int  # how often it comes, beside the others
    back_within: float  # seconds after its end until all must be well again
    forgets_tokens: bool  # whether good tokens may be refused afterwards
    missing: Callable[[], str]  # why it can't be made here; empty when it can


KINDS: dict[str, FaultKind] = {}


def here() -> str:
    """Nothing is missing."""
    return ""


def fault(
    name: str,
    about: str,
    victim: str,
    lasts: tuple[float, float] = (0.1, 0.6),
    **more: Any,
) -> Callable[[Harm], Harm]:
    """Register a coroutine as the harm of a kind; `more` are the later fields of FaultKind."""
    rest = {"weight": 2, "back_within": 1.0, "forgets_tokens": False, "missing": here} | more

    def register(harm: Harm) -> Harm:
        KINDS[name] = FaultKind(name, about, victim, harm, lasts, **rest)
        return harm

    return register


async def until(true: Callable[[], Awaitable[Any]], seconds: float = SOON) -> Any:
    """The first true answer. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not (found := await true()):
            await asyncio.sleep(0.02)
        return found
