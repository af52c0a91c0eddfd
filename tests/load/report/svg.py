"""A small plot: two scales, axes with units, and marks; the colours are left to the style sheet."""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

from tests.load.report.words import ticks

WIDTH, HEIGHT = 520, 264
LEFT, RIGHT, TOP, BOTTOM = 70, 14, 12, 46

Point = tuple[float, float]


class Scale(NamedTuple):
    """Where a value stands between 0 and 1, and the ticks that say so."""

    low: float
    high: float
    marks: list[tuple[float, str]]
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """The place of a value; outside of the scale it is at the edge."""
        if self.logarithmic:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)


def linear(highest: float, text: Callable[[float], str], about: int = 5) -> Scale:
    """A scale from 0 to a round value not below the highest."""
    marks = ticks(highest, about)
    return Scale(0, marks[-1], [(mark, text(mark)) for mark in marks])


def logarithmic(lowest: float, highest: float, text: Callable[[float], str]) -> Scale:
    """A scale over 1, 2, 5, 10, ... from not above the lowest to not below the highest."""
    lowest = max(lowest, 1.0)
    first = 10 ** math.floor(math.log10(lowest))
    steps = [first * 10**power * m for power in range(12) for m in (1, 2, 5)]
    start = max(step for step in steps if step <= lowest)
    end = min(step for step in steps if step >= max(highest, start * 1.01))
    inside = [step for step in steps if start <= step <= end]
    if len(inside) > 7:  # only the decades have room
        inside = [step for step in inside if step in (start, end) or is_decade(step)]
        inside = [one for one in inside if is_decade(one) or not crowded(one, inside)]
    return Scale(start, end, [(step, text(step)) for step in inside], True)


def is_decade(value: float) -> bool:
    """Whether a value is a power of ten."""
    return math.isclose(math.log10(value) % 1, 0, abs_tol=1e-9)


def crowded(value: float, others: Sequence[float]) -> bool:
    """Whether another mark is too near for both to be read."""
    return any(one != value and 0.4 < one / value < 2.5 for one in others)


class Plot:
    """Collects marks in the coordinates of two scales."""

    def __init__(self, x: Scale, y: Scale, x_label: str, y_label: str) -> None:
        self._x, self._y = x, y
        self._labels = x_label, y_label
        self._marks: list[str] = []

    def place(self, x: float, y: float) -> Point:
        """The pixel of a point."""
        return (
            LEFT + self._x.at(x) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - self._y.at(y) * (HEIGHT - TOP - BOTTOM),
        )

    def line(self, points: Iterable[Point], colour: str) -> None:
        """A line through points."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.place(*one) for one in points))
        self._marks.append(f'<polyline class="line {colour}" points="{path}"/>')

    def dot(self, x: float, y: float, colour: str, title: str) -> None:
        """A dot that says more when it is pointed at."""
        left, top = self.place(x, y)
        self._marks.append(
            f'<circle class="dot {colour}" cx="{left:.1f}" cy="{top:.1f}" r="4.5">'
            f"<title>{escape(title)}</title></circle>"
        )

    def box(self, x: Point, y: Point, colour: str, title: str) -> None:
        """A filled rectangle between two values on each axis."""
        left, bottom = self.place(x[0], y[0])
        right, top = self.place(x[1], y[1])
        gap = min(1.0, (right - left) * 0.15)
        self._marks.append(
            f'<rect class="fill {colour}" x="{left + gap / 2:.1f}" y="{top:.1f}" '
            f'width="{right - left - gap:.1f}" height="{bottom - top:.1f}">'
            f"<title>{escape(title)}</title></rect>"
        )

    def rule(self, y: float, text: str) -> None:
        """A dashed line across, with its meaning."""
        left, top = self.place(self._x.low, y)
        self._marks.append(
            f'<line class="rule" x1="{left}" x2="{WIDTH - RIGHT}" y1="{top:.1f}" y2="{top:.1f}"/>'
            f'<text class="rule-text" x="{left + 6}" y="{top - 6:.1f}">{escape(text)}</text>'
        )

    def svg(self, title: str) -> str:
        """The plot with its axes."""
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
            f"{self._rows()}{self._columns()}{''.join(self._marks)}</svg>"
        )

    def _rows(self) -> str:
        found = []
        for value, text in self._y.marks:
            left, top = self.place(self._x.low, value)
            found.append(
                f'<line class="grid" x1="{left}" x2="{WIDTH - RIGHT}" '
                f'y1="{top:.1f}" y2="{top:.1f}"/>'
                f'<text class="y" x="{left - 8}" y="{top + 4:.1f}">{escape(text)}</text>'
            )
        return "".join(found)

    def _columns(self) -> str:
        bottom = HEIGHT - BOTTOM
        found = [
            f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>'
        ]
        for value, text in self._x.marks:
            left, _ = self.place(value, self._y.low)
            last = " last" if left > WIDTH - RIGHT - 20 else ""
            found.append(
                f'<text class="x{last}" x="{left:.1f}" y="{bottom + 18}">{escape(text)}</text>'
            )
        label = escape(self._labels[0])
        middle = (LEFT + WIDTH - RIGHT) / 2
        found.append(f'<text class="x label" x="{middle}" y="{HEIGHT - 6}">{label}</text>')
        return "".join(found)
