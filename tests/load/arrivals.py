"""When requests are meant to be sent, and a timer fine enough to wake up for it.

In an open loop a request has its time whatever became of those before it, and its latency counts
from that time: a server that stalls for a second can't hide the requests that it kept waiting.
"""

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable

TFD_NONBLOCK, TFD_CLOEXEC, TFD_ABSTIME, CLOCK_MONOTONIC = 0o4000, 0o2000000, 1, 1


class Timetable:
    """Evenly spaced times at a fixed rate, counted from the start so that errors don't add up."""

    def __init__(self, start: float, rate: float, end: float) -> None:
        self._start, self._rate, self._end = start, rate, end
        self._taken = 0

    @property
    def next(self) -> float:
        """The intended time of the next request."""
        return self._start + self._taken / self._rate

    @property
    def over(self) -> bool:
        """Whether no request is left before the end."""
        return self.next >= self._end

    def take(self, now: float) -> list[float]:
        """The intended times that have come, each once."""
        due = []
        while self.next <= now and not self.over:
            due.append(self.next)
            self._taken += 1
        return due


class Alarm:
    """Calls back at an instant of the loop's clock; asyncio's own timers are up to 1 ms late."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._callback = callback
        self._timer = _timerfd()
        self._handle: asyncio.TimerHandle | None = None
        if self._timer is not None:
            self._loop.add_reader(self._timer, self._ring)

    def at(self, instant: float) -> None:
        """Ring at this instant, which replaces the one before."""
        if self._timer is None:
            self._handle = self._loop.call_at(instant, self._callback)
            return
        nanoseconds = max(int(instant * 1e9), 1)  # 0 would switch it off
        spec = (ctypes.c_long * 4)(0, 0, *divmod(nanoseconds, 1_000_000_000))
        LIBC.timerfd_settime(self._timer, TFD_ABSTIME, spec, None)

    def close(self) -> None:
        """Never ring again."""
        if self._timer is not None:
            self._loop.remove_reader(self._timer)
            os.close(self._timer)
            self._timer = None
        if self._handle:
            self._handle.cancel()

    def _ring(self) -> None:
        if self._timer is not None:
            os.read(self._timer, 8)
            self._callback()


LIBC = ctypes.CDLL(None)


def _timerfd() -> int | None:
    """A timer of the kernel; None where there is no such thing."""
    if sys.platform != "linux":
        return None
    timer = int(LIBC.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC))
    return timer if timer >= 0 else None
