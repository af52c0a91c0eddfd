"""How long the current request may still take: whoever waits for something asks here first.

A moment in the request's own context, so it costs no task and no timer of its own.
"""

import math
import time
from contextvars import ContextVar

from service.errors import Unavailable

ANSWERING = 0.05  # seconds at the end, in which nothing is begun and nothing waited for

_until: ContextVar[float] = ContextVar("until", default=math.inf)


def begin(seconds: float) -> None:
    """The current request is given up in so many seconds."""
    _until.set(time.monotonic() + seconds)


def until() -> float:
    """When the current request is given up, on the monotonic clock; never, outside of one."""
    return _until.get()


def share(moment: float) -> None:
    """What is done from here on is given up at that moment: for those who work for requests."""
    _until.set(moment)


def left(most: float) -> float:
    """At most so many seconds, and no more than the request has. Raises Unavailable if none."""
    rest = _until.get() - time.monotonic() - ANSWERING
    if rest <= 0:
        raise Unavailable
    return min(most, rest)
