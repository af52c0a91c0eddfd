"""An HDR histogram: counts of microseconds in buckets no wider than a thousandth of their value."""

import math
from collections.abc import Iterable, Iterator
from typing import Self

SIGNIFICANT = 11  # bits of a value that are kept: 1/1024 of it at worst
TICKS = 5  # points of the curve for each halving of what is left up to 100 %


class Histogram:
    """Latencies. A long run needs no more memory than a short one, and two can be added."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}  # by the lowest value of the bucket
        self.total = 0
        self.highest = 0
        self._sum = 0

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Self:
        """The histogram of latencies in seconds."""
        self = cls()
        for one in seconds:
            self.record(round(one * 1e6))
        return self

    def record(self, microseconds: int) -> None:
        """Count one value; what a clock made negative is 0."""
        value = max(microseconds, 0)
        low = value >> width(value) << width(value)
        self.counts[low] = self.counts.get(low, 0) + 1
        self.total += 1
        self._sum += value
        self.highest = max(self.highest, value)

    def add(self, other: "Histogram") -> None:
        """Count everything that the other counted."""
        for low, count in other.counts.items():
            self.counts[low] = self.counts.get(low, 0) + count
        self.total += other.total
        self._sum += other._sum
        self.highest = max(self.highest, other.highest)

    @property
    def mean(self) -> float:
        """The mean in microseconds; 0 of nothing."""
        return self._sum / self.total if self.total else 0.0

    def at(self, percentile: float) -> int:
        """The microseconds that so many per cent of the values don't exceed; 0 of nothing."""
        return next(self._at_each([percentile]))

    def curve(self) -> list[tuple[float, int]]:
        """Percentiles and their microseconds, ever denser towards 100, which is the last."""
        if not self.total:
            return []
        steps = math.ceil(math.log2(max(self.total, 2)) * TICKS)
        wanted = [100 * (1 - 0.5 ** (step / TICKS)) for step in range(steps + 1)] + [100.0]
        return list(zip(wanted, self._at_each(wanted), strict=True))

    def _at_each(self, ascending: Iterable[float]) -> Iterator[int]:
        buckets = iter(sorted(self.counts.items()))
        seen, top = 0, 0
        for percentile in ascending:
            rank = max(1, math.ceil(self.total * percentile / 100 - 1e-9))
            while seen < rank:
                low, count = next(buckets, (self.highest, rank))
                seen, top = seen + count, low + (1 << width(low)) - 1
            yield min(top, self.highest)

    def to_json(self) -> list[list[int]]:
        """Pairs of a bucket's lowest microseconds and its count."""
        return [[low, count] for low, count in sorted(self.counts.items())]


def width(value: int) -> int:
    """How many low bits of a value its bucket leaves out."""
    return max(value.bit_length() - SIGNIFICANT, 0)
