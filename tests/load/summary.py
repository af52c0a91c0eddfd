"""A run in plain numbers, for the reports: microseconds, seconds, shares of one core."""

import itertools
import os
from typing import Any, NamedTuple

from tests.load.histogram import Histogram
from tests.load.processes import Reading
from tests.load.recorder import Recorder, Slice
from tests.load.scenarios.base import Scenario
from tests.load.target import GENERATOR, POSTGRES
from tests.load.wire import WORDS

FULL = 0.9  # share of a core from which on the generator can't be trusted to keep up
POINTS = (50.0, 75.0, 90.0, 99.0, 99.9, 99.99)


class Sample(NamedTuple):
    """What the processes had used at a time of the run."""

    at: float
    reading: Reading


def summary(scenario: Scenario, recorder: Recorder, samples: list[Sample]) -> dict[str, Any]:
    """What was answered, how late, and what it cost."""
    total = recorder.total()
    histograms = {key: Histogram.of(values) for key, values in total.items()}
    every = merged(list(histograms.values()))
    answered = recorder.in_time()
    used = samples[-1].reading.since(samples[0].reading) if samples else {}
    span = samples[-1].at - samples[0].at if len(samples) > 1 else 0.0
    kinds = sorted({kind for kind, _ in histograms})
    return {
        "seconds": round(recorder.seconds, 3),
        "answered": sum(len(values) for values in total.values()),
        "throughput": round(answered / recorder.seconds, 1),
        "good": round(good(recorder) / recorder.seconds, 1),
        "outcomes": outcomes(scenario, histograms),
        "latency": figures(every) | {"curve": every.curve(), "histogram": every.to_json()},
        "kinds": {
            kind: figures(merged([h for (k, _), h in histograms.items() if k == kind]))
            | {"curve": merged([h for (k, _), h in histograms.items() if k == kind]).curve()}
            for kind in kinds
        },
        "timeline": [moment(one) for one in recorder.slices()],
        "interval": recorder.width,
        "cpu": cpu(used, span, answered),
        "cpu_over_time": usage(samples),
        "machine": whole(used, samples, span),
        "generator": generator(used, span, recorder),
    }


def merged(histograms: list[Histogram]) -> Histogram:
    """All of them as one."""
    found = Histogram()
    for one in histograms:
        found.add(one)
    return found


def figures(histogram: Histogram) -> dict[str, Any]:
    """The usual percentiles in microseconds."""
    return {
        "count": histogram.total,
        "mean": round(histogram.mean, 1),
        **{f"p{point:g}": histogram.at(point) for point in POINTS},
        "max": histogram.highest,
    }


def good(recorder: Recorder) -> int:
    """How many answers in time were successes."""
    return sum(
        count
        for one in recorder.slices()
        for status, count in one.counts().items()
        if 200 <= status < 400
    )


def outcomes(
    scenario: Scenario, histograms: dict[tuple[str, int], Histogram]
) -> list[dict[str, Any]]:
    """What was answered how often and how fast, by kind and status."""
    return [
        {
            "kind": kind,
            "status": status,
            "words": WORDS.get(status, str(status)),
            "allowed": scenario.allowed(kind, status),
            **figures(histogram),
        }
        for (kind, status), histogram in sorted(histograms.items())
    ]


def moment(one: Slice) -> dict[str, Any]:
    """One interval of the timeline."""
    histogram = one.histogram()
    return {
        "at": round(one.at, 3),
        "statuses": {str(status): count for status, count in sorted(one.counts().items())},
        "p50": histogram.at(50),
        "p99": histogram.at(99),
        "max": histogram.highest,
    }


def cpu(used: dict[str, float], span: float, answered: int) -> dict[str, Any]:
    """Microseconds of CPU per answer and shares of one core, by process."""
    return {
        name: {
            "per_request": round(seconds * 1e6 / answered, 1) if answered else None,
            "share": round(seconds / span, 3) if span else None,
        }
        for name, seconds in used.items()
    }


def usage(samples: list[Sample]) -> list[dict[str, Any]]:
    """Shares of one core and memory between each two samples."""
    found = []
    for before, after in itertools.pairwise(samples):
        span = after.at - before.at
        shares = {n: s / span for n, s in after.reading.since(before.reading).items()}
        memory = {n: u.memory for n, u in after.reading.groups.items()}
        found.append(
            {
                "at": round((before.at + after.at) / 2, 3),
                "share": {name: round(share, 3) for name, share in shares.items()},
                "memory": memory,
            }
        )
    return found


def whole(used: dict[str, float], samples: list[Sample], span: float) -> dict[str, Any]:
    """How busy all cores were, in cores, and how much of it others were; None: not known."""
    found: dict[str, Any] = {"cores": os.cpu_count() or 1, "busy": None, "others": None}
    if span and samples[-1].reading.busy:
        busy = (samples[-1].reading.busy - samples[0].reading.busy) / span
        found["busy"] = round(busy, 3)
        if POSTGRES in used:  # else the servers are among the others
            found["others"] = round(max(busy - sum(used.values()) / span, 0.0), 3)
    return found


def generator(used: dict[str, float], span: float, recorder: Recorder) -> dict[str, Any]:
    """Whether this process kept up: its share of a core, how late it sent what it could send."""
    delays = Histogram.of(recorder.send_delays)
    share = used.get(GENERATOR, 0.0) / span if span else 0.0
    return {
        "share": round(share, 3),
        "send_delay_p50": delays.at(50),
        "send_delay_p99": delays.at(99),
        "was_the_limit": share > FULL,
    }
