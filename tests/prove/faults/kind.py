"""What a kind of fault is."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple


class NoEffect(Exception):
    """The fault was made, but nothing came along that it could hurt."""


class FaultKind(NamedTuple):
    """One way to make trouble; `harm` strikes, waits, heals and says how it was seen to bite."""

    name: str
    victim: str  # server, postgres, redis: two faults at once never share one
    harm: Callable[..., Awaitable[str]]
    lasts: tuple[float, float]  # seconds, between which the plan chooses
    back_within: float = 1.0  # seconds after its end until all is well again
    missing: str = ""  # why it can't be made here
