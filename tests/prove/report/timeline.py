"""The run at a glance: answers per second over time, and below them every fault."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, NamedTuple

from tests.load.report.svg import linear
from tests.load.report.words import rate, ticks

OUTCOMES = (
    ("ok", "done", "good"),
    ("fail", "refused, surely not done", "refused"),
    ("info", "no answer that says: done or not", "taken"),
)
LANES = (("server", "ours"), ("postgres", "Postgres"), ("redis", "Redis"))
LEFT, RIGHT, TOP, LANE, GAP, FOOT = 78, 12, 10, 18, 5, 40


class Size(NamedTuple):
    """What is drawn for a wide page, and what for a narrow one."""

    name: str
    width: int
    height: int
    columns: int


SIZES = (Size("wide", 1072, 380, 240), Size("narrow", 520, 400, 110))


def timeline(result: dict[str, Any]) -> str:
    """Both drawings, of which the style sheet shows one."""
    return "".join(drawing(result, size) for size in SIZES)


def drawing(result: dict[str, Any], size: Size) -> str:
    """One drawing."""
    seconds = max(float(result["seconds"]), 1.0)
    inside = size.width - LEFT - RIGHT
    floor = size.height - FOOT - len(LANES) * (LANE + GAP)

    def x(second: float) -> float:
        return LEFT + min(max(second / seconds, 0.0), 1.0) * inside

    parts = [
        *answers(result["timeline"], size, seconds, floor),
        *lanes(result["faults"], floor, x, size),
        *axis(seconds, size, x),
    ]
    words = "answers per second over time, and the faults below them"
    return (
        f'<svg class="{size.name}" viewBox="0 0 {size.width} {size.height}" role="img" '
        f'aria-label="{words}">{"".join(parts)}</svg>'
    )


def answers(
    rows: Sequence[dict[str, Any]], size: Size, seconds: float, floor: float
) -> Iterable[str]:
    """Columns of answers a second, stacked by outcome, with their scale."""
    wide = max(1, -(-len(rows) // size.columns))
    groups = [rows[at : at + wide] for at in range(0, len(rows), wide)]
    spans = [max(min(group[0]["second"] + wide, seconds) - group[0]["second"], 0.25)
             for group in groups]  # fmt: skip
    sums = [
        [sum(row[name] for row in group) / span for name, _, _ in OUTCOMES]
        for group, span in zip(groups, spans, strict=True)
    ]
    scale = linear(max([sum(one) for one in sums], default=1) or 1, lambda value: f"{value:,.0f}")
    high = floor - TOP
    for value, text in scale.marks:
        y = floor - scale.at(value) * high
        yield (
            f'<line class="grid" x1="{LEFT}" x2="{size.width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="y" x="{LEFT - 8}" y="{y + 4:.1f}">{escape(text)}</text>'
        )
    inside = size.width - LEFT - RIGHT
    for group, span, found in zip(groups, spans, sums, strict=True):
        left = LEFT + group[0]["second"] / seconds * inside
        width = max(span / seconds * inside - 0.5, 0.5)
        below = 0.0
        said = ", ".join(
            f"{rate(value)} {words}" for value, (_, words, _) in zip(found, OUTCOMES, strict=True)
        )
        yield f"<g><title>{clock(group[0]['second'])}: {said}</title>"
        for value, (_, _, colour) in zip(found, OUTCOMES, strict=True):
            if value:
                top = floor - scale.at(below + value) * high
                height = (scale.at(below + value) - scale.at(below)) * high
                yield (
                    f'<rect class="fill {colour}" x="{left:.1f}" y="{top:.1f}" '
                    f'width="{width:.1f}" height="{height:.1f}"/>'
                )
                below += value
        yield "</g>"


def lanes(faults: Sequence[dict[str, Any]], floor: float, x: Any, size: Size) -> Iterable[str]:
    """One row of marks for each who was hurt; the pale part is the recovery."""
    for number, (victim, words) in enumerate(LANES):
        top = floor + GAP + number * (LANE + GAP)
        hurt, healing = [], []
        for fault in faults:
            if fault["target"].partition("-")[0] != victim or not fault.get("bit", True):
                continue
            begin, end = x(fault["began_at"]), x(fault["ended_at"])
            hurt.append(f"M{begin:.1f} {top}h{max(end - begin, 0.8):.1f}v{LANE}H{begin:.1f}z")
            healed = fault.get("healed_at")
            if healed and x(healed) - end > 0.5:
                healing.append(f"M{end:.1f} {top}H{x(healed):.1f}v{LANE}H{end:.1f}z")
        width = size.width - LEFT - RIGHT
        yield (
            f'<rect class="lane" x="{LEFT}" y="{top}" width="{width}" height="{LANE}"/>'
            f'<path class="healing" d="{"".join(healing)}"/>'
            f'<path class="hurt" d="{"".join(hurt)}"/>'
            f'<text class="y" x="{LEFT - 8}" y="{top + 13}">{escape(words)}</text>'
        )


def axis(seconds: float, size: Size, x: Any) -> Iterable[str]:
    """The time."""
    step = ticks(seconds / (60 if seconds > 180 else 1), 6 if size.name == "wide" else 4)
    for mark in step:
        second = mark * (60 if seconds > 180 else 1)
        if second <= seconds:
            last = " last" if x(second) > size.width - 40 else ""
            yield (
                f'<text class="x{last}" x="{x(second):.1f}" y="{size.height - FOOT + 18}">'
                f"{mark:g}</text>"
            )
    unit = "minutes" if seconds > 180 else "seconds"
    yield f'<text class="x label" x="{size.width / 2}" y="{size.height - 4}">{unit}</text>'


def clock(second: float) -> str:
    """A moment of the run."""
    return f"{int(second) // 60}:{int(second) % 60:02}"
