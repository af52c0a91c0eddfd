"""The plots of a run, each with a heading, a legend and a sentence that says how to read it."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from tests.load.report.svg import Plot, Scale, linear, logarithmic
from tests.load.report.words import digits, duration, mark, percent, rate

# What a status means to the caller, in the order it is stacked, with its colour.
CLASSES = (
    ("done", "good"),
    ("taken (409)", "taken"),
    ("refused, nothing done (429, 503)", "refused"),
    ("unexpected or no answer", "wrong"),
)
PROCESS_COLOURS = {"server": "blue", "PostgreSQL": "teal", "Redis": "amber", "generator": "grey"}
COLUMNS = 48  # of a distribution
KIND_COLOURS = ("teal", "amber", "violet", "red", "grey")
Legend = Sequence[tuple[str, str]]


def figure(title: str, drawing: str, legend: Legend = (), note: str = "") -> str:
    """A plot with its heading."""
    keys = "".join(
        f'<li><i class="key {colour}"></i>{escape(words)}</li>' for words, colour in legend
    )
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f"{f'<ul class=legend>{keys}</ul>' if keys else ''}{drawing}"
        f"{f'<p class=note>{escape(note)}</p>' if note else ''}</figure>"
    )


def class_of(status: int) -> int:
    """Which of CLASSES a status belongs to."""
    if 200 <= status < 400:
        return 0
    return {409: 1, 429: 2, 503: 2}.get(status, 3)


def seconds_scale(run: dict[str, Any]) -> Scale:
    """The time of a run."""
    scale = linear(run["seconds"], lambda value: f"{value:g}")
    marks = [(value, text) for value, text in scale.marks if value <= run["seconds"] * 1.001]
    return Scale(0, run["seconds"], marks)


def throughput(run: dict[str, Any]) -> str:
    """Answers a second over time, stacked by what they meant."""
    width = run["interval"]
    rows = [by_class(moment, width) for moment in run["timeline"]]
    y = linear(max([sum(row) for row in rows], default=1), lambda value: f"{value:,.0f}")
    plot = Plot(seconds_scale(run), y, "seconds", "answers a second")
    for moment, row in zip(run["timeline"], rows, strict=True):
        end = min(moment["at"] + width, run["seconds"])
        below = 0.0
        for (words, colour), value in zip(CLASSES, row, strict=True):
            if value:
                title = f"{moment['at']:.2f} s: {rate(value)} {words}"
                plot.box((moment["at"], end), (below, below + value), colour, title)
                below += value
    present = [one for number, one in enumerate(CLASSES) if any(row[number] for row in rows)]
    return figure("Answers per second", plot.svg("answers per second over time"), present)


def by_class(moment: dict[str, Any], width: float) -> list[float]:
    """Answers a second of one interval by class."""
    found = [0.0] * len(CLASSES)
    for status, count in moment["statuses"].items():
        found[class_of(int(status))] += count / width
    return found


def latency(run: dict[str, Any]) -> str:
    """Median, p99 and maximum over time."""
    moments = [one for one in run["timeline"] if one["max"]]
    low = min([one["p50"] for one in moments], default=1)
    high = max([one["max"] for one in moments], default=10)
    plot = Plot(seconds_scale(run), logarithmic(low, high, mark), "seconds", "latency")
    names = (("max", "grey"), ("p99", "violet"), ("p50", "blue"))
    for name, colour in names:
        plot.line([(one["at"] + run["interval"] / 2, one[name]) for one in moments], colour)
    words = {"p50": "median", "p99": "99 %", "max": "slowest"}
    legend = [(words[name], colour) for name, colour in reversed(names)]
    return figure("Latency over time", plot.svg("latency over time"), legend)


def percentiles(run: dict[str, Any]) -> str:
    """The HDR plot: each step to the right leaves a tenth of the requests."""
    curves = [("all answers", "blue", run["latency"]["curve"])]
    if len(run["kinds"]) > 1:
        kinds = zip(run["kinds"].items(), KIND_COLOURS, strict=False)
        curves += [(kind, colour, one["curve"]) for (kind, one), colour in kinds]
    nines = max(math.ceil(math.log10(max(run["latency"]["count"], 10))), 1)
    marks = [(0.0, "0 %"), (1.0, "90 %"), (2.0, "99 %"), (3.0, "99.9 %"), (4.0, "99.99 %")]
    x = Scale(0, nines, [mark for mark in marks if mark[0] <= nines])
    values = [us for _, _, curve in curves for _, us in curve if us] or [1]
    plot = Plot(x, logarithmic(min(values), max(values), mark), "of the requests", "latency")
    for _, colour, curve in reversed(curves):
        plot.line([(depth(p, nines), us) for p, us in curve], colour)
    legend = [(words, colour) for words, colour, _ in curves]
    note = "Each mark to the right leaves out a tenth of the requests that were left."
    return figure("Latency by percentile", plot.svg("latency by percentile"), legend, note)


def depth(percentile: float, most: float) -> float:
    """How many nines a percentile has."""
    return most if percentile >= 100 else min(-math.log10(1 - percentile / 100), most)


def distribution(run: dict[str, Any]) -> str:
    """How many answers took how long, in columns of equal width on a logarithmic scale."""
    counts = run["latency"]["histogram"]
    if not counts:
        return ""
    x = logarithmic(max(counts[0][0], 1), max(counts[-1][0] * 1.001, 2), mark)
    columns = [0] * COLUMNS
    for low, count in counts:
        columns[min(int(x.at(low) * COLUMNS), COLUMNS - 1)] += count
    total = run["latency"]["count"]
    y = linear(max(columns) / total, percent)
    plot = Plot(x, y, "latency", "of the answers")
    edges = [x.low * (x.high / x.low) ** (n / COLUMNS) for n in range(COLUMNS + 1)]
    for number, count in enumerate(columns):
        if count:
            span = (edges[number], edges[number + 1])
            title = f"{duration(span[0])} to {duration(span[1])}: {count:,} answers"
            plot.box(span, (0, count / total), "done", title)
    note = "Share of the answers in each column; both plots count late answers too."
    return figure("Distribution of latency", plot.svg("distribution of latency"), (), note)


def cores(run: dict[str, Any]) -> str:
    """Who used the cores of the machine on average, others and nobody included."""
    used = {name: run["cpu"][name]["share"] or 0.0 for name in PROCESS_COLOURS}
    parts = [(name, share, PROCESS_COLOURS[name]) for name, share in used.items()]
    parts.append(("other programs", run["machine"]["others"], "violet"))
    rows = [
        (name, percent(share), [(share, colour, f"{name} {percent(share)}")])
        for name, share, colour in parts
    ]
    free = max(run["machine"]["cores"] - run["machine"]["busy"], 0)
    note = f"Of {run['machine']['cores']} cores {percent(free)} of one was free."
    most = max([share for _, share, _ in parts] + [0.01])
    return figure("Who used the cores, in shares of one", bars(rows, most), (), note)


def cpu_over_time(run: dict[str, Any]) -> str:
    """The share of one core that each process used."""
    samples = run["cpu_over_time"]
    names = [name for name in PROCESS_COLOURS if any(name in one["share"] for one in samples)]
    high = max([s for one in samples for s in one["share"].values()], default=1)
    plot = Plot(seconds_scale(run), linear(max(high, 0.1), percent), "seconds", "of one core")
    for name in names:
        points = [(one["at"], one["share"][name]) for one in samples if name in one["share"]]
        plot.line(points, PROCESS_COLOURS[name])
    legend = [(name, PROCESS_COLOURS[name]) for name in names]
    return figure("CPU over time, share of one core", plot.svg("CPU over time"), legend)


def memory(run: dict[str, Any]) -> str:
    """The server's memory over time."""
    points = [
        (one["at"], one["memory"]["server"] / 2**20)
        for one in run["cpu_over_time"]
        if "server" in one["memory"]
    ]
    high = max(size for _, size in points)
    scale = linear(high * 1.1, lambda value: f"{value:g} MiB")
    plot = Plot(seconds_scale(run), scale, "seconds", "memory")
    plot.line(points, "blue")
    return figure("Memory of the server process", plot.svg("memory over time"))


def ramp(found: dict[str, Any]) -> str:
    """p99 at each rate that was tried."""
    steps = found["steps"]
    x = linear(max(one["rate"] for one in steps), lambda value: f"{value:,.0f}")
    values = [one["p99"] for one in steps] + [one["p50"] for one in steps] + [found["p99_limit"]]
    y = logarithmic(min(values), max(values), mark)
    plot = Plot(x, y, "requests a second, open loop", "latency")
    plot.rule(found["p99_limit"], f"limit {duration(found['p99_limit'])}")
    plot.line([(one["rate"], one["p99"]) for one in steps], "violet")
    plot.line([(one["rate"], one["p50"]) for one in steps], "blue")
    for one in steps:
        words = f"{rate(one['rate'])}: p99 {duration(one['p99'])}, p50 {duration(one['p50'])}"
        plot.dot(one["rate"], one["p99"], "good" if one["held"] else "wrong", words)
    legend = [("median", "blue"), ("99 %", "violet"), ("held", "good"), ("too much", "wrong")]
    return figure("Latency by rate", plot.svg("latency by rate"), legend)


def bars(rows: Sequence[tuple[str, str, Sequence[tuple[float, str, str]]]], most: float) -> str:
    """Horizontal bars: words, the figure beside them, and their parts as (size, colour, title)."""
    found = []
    for words, value, parts in rows:
        pieces = "".join(
            f'<i class="{colour}" style="width:{100 * size / most:.2f}%" title="{escape(title)}">'
            "</i>"
            for size, colour, title in parts
        )
        found.append(
            f'<div class="bar"><span>{escape(words)}</span><b>{escape(value)}</b>'
            f'<div class="track">{pieces}</div></div>'
        )
    return f'<div class="bars">{"".join(found)}</div>'


def cpu_parts(cpu: dict[str, float]) -> list[tuple[float, str, str]]:
    """The parts of a bar of CPU time by process."""
    return [
        (cpu[name], colour, f"{name} {digits(max(cpu[name], 1))} µs")
        for name, colour in PROCESS_COLOURS.items()
        if cpu.get(name) and name != "generator"
    ]
