"""What came back, when and how late: the one thing done for every answer besides sending the next.

Kept as plain arrays by interval, kind and status, and made into histograms only afterwards.
"""

from array import array
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tests.load.histogram import Histogram

COLUMNS = 60  # intervals of a run, so that each plot has about as many
SHORTEST = 0.25  # seconds of an interval

if TYPE_CHECKING:
    Times: TypeAlias = array[float]
else:
    Times = array  # which Python 3.11 can't subscript
Key = tuple[str, int]  # kind and status


class Slice(NamedTuple):
    """One interval of a run: when it began, and the latencies in seconds by kind and status."""

    at: float
    latencies: dict[Key, Times]

    def histogram(self) -> Histogram:
        """All latencies of the interval."""
        return Histogram.of(value for values in self.latencies.values() for value in values)

    def counts(self) -> Counter[int]:
        """How often each status came."""
        found: Counter[int] = Counter()
        for (_, status), values in self.latencies.items():
            found[status] += len(values)
        return found


class Recorder:
    """Answers by interval from `zero` on; what came before is warm-up and only counted."""

    def __init__(self, zero: float, seconds: float) -> None:
        self.zero, self.seconds = zero, seconds
        self.width = max(SHORTEST, seconds / COLUMNS)
        self.warm_up = 0
        self.send_delays = array("d")  # from when a request could have gone out until it did
        self._slices: dict[int, dict[Key, Times]] = {}
        self._number = -1
        self._current: dict[Key, Times] = {}

    def done(self, kind: str, status: int, due: float, now: float) -> None:
        """Note an answer that came now to a request meant for `due`."""
        if now < self.zero:
            self.warm_up += 1
            return
        number = int((now - self.zero) / self.width)
        if number != self._number:
            self._number = number
            self._current = self._slices.setdefault(number, {})
        try:
            self._current[kind, status].append(now - due)
        except KeyError:
            self._current[kind, status] = array("d", (now - due,))

    def slices(self) -> Iterator[Slice]:
        """The intervals of the measured time, empty ones included."""
        for number in range(max(1, round(self.seconds / self.width))):
            yield Slice(number * self.width, self._slices.get(number, {}))

    def total(self) -> dict[Key, Times]:
        """The latencies of the whole run by kind and status, late answers included."""
        found: dict[Key, Times] = {}
        for latencies in self._slices.values():
            for key, values in latencies.items():
                found.setdefault(key, array("d")).extend(values)
        return found

    def in_time(self) -> int:
        """How many answers came within the measured time."""
        return sum(sum(one.counts().values()) for one in self.slices())

    def latest(self) -> Slice:
        """The interval before the one that is filling up now, for the progress line."""
        number = max(self._number - 1, 0)
        return Slice(number * self.width, dict(self._slices.get(number, {})))
