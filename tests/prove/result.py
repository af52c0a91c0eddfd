"""A run and its judgement as plain values: what the page, the text and result.json show."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from tests.load.machine import machine
from tests.prove.checker.effects import WRITES, took_effect
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import UNSEEN, Verdict
from tests.prove.records import Fault, Operation

SHOWN = 10  # violations of one invariant in the result; the failing history has more


def result_of(evidence: Evidence, verdicts: list[Verdict]) -> dict[str, Any]:
    """Everything a reader wants to know.

    `timeline` has one entry per second since the beginning, `coverage` counts operations by the
    kind of fault that was on, verb, and whether they took effect; times in `faults` are seconds
    since the beginning.
    """
    facts = evidence.facts
    began = facts["began_at"]
    seconds = facts["ended_at"] - began
    return {
        "format": 1,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": verdict_of(evidence, verdicts),
        "seed": facts["seed"],
        "servers": facts["servers"],
        "operations": len(evidence.operations),
        "seconds": round(seconds, 1),
        "rate": round(len(evidence.operations) / seconds, 1),
        "commits": len(evidence.stream),
        "looks": len(evidence.looks),
        "client_cpu": facts["cpu"],
        "all_cpu": facts.get("all_cpu", 0.0),
        "invariants": [shown(one) for one in verdicts],
        "faults": [since(one, began) for one in evidence.faults],
        "kinds": dict(Counter(one.kind for one in evidence.faults)),
        "outcomes": tables(evidence, lambda one: one.outcome),
        "statuses": tables(evidence, lambda one: str(one.status)),
        "latency": latencies(evidence),
        "timeline": timeline(evidence, began, seconds),
        "coverage": coverage(evidence),
        "kind_statuses": kind_statuses(evidence),
        "machine": machine(),
        "processes": facts["processes"],
        "environment": facts["environment"],
    }


def verdict_of(evidence: Evidence, verdicts: list[Verdict]) -> str:
    """FAILED, OK, or not looked at: a run in which nobody asked anything shows nothing."""
    if any(one.wrong for one in verdicts):
        return "FAILED"
    return "OK" if evidence.operations else UNSEEN


def shown(verdict: Verdict) -> dict[str, Any]:
    """A verdict without the whole story."""
    values: dict[str, Any] = msgspec.to_builtins(verdict)
    return values | {"outcome": verdict.outcome, "violations": values["violations"][:SHOWN]}


def since(fault: Fault, began: float) -> dict[str, Any]:
    """A fault with its times counted from the beginning of the run."""
    values: dict[str, Any] = msgspec.to_builtins(fault)
    for name in ("began_at", "ended_at", "healed_at"):
        values[name] = round(values[name] - began, 3) if values.get(name) else None
    return values | {"detail": fault.detail}


def tables(evidence: Evidence, of: Any) -> dict[str, dict[str, int]]:
    """How many operations of each verb had which outcome."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for one in evidence.operations:
        found[one.verb][of(one)] += 1
    return {verb: dict(sorted(found[verb].items())) for verb in sorted(found)}


def latencies(evidence: Evidence) -> dict[str, dict[str, float]]:
    """Milliseconds of each verb: the middle one, the 99th of a hundred, the slowest."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in evidence.operations:
        found[one.verb].append((one.answered_at - one.sent_at) * 1000)
    return {
        verb: {
            "p50": round(times[len(times) // 2], 1),
            "p99": round(times[len(times) * 99 // 100], 1),
            "max": round(times[-1], 1),
        }
        for verb, times in sorted((verb, sorted(times)) for verb, times in found.items())
    }


def timeline(evidence: Evidence, began: float, seconds: float) -> list[dict[str, Any]]:
    """What came back in each second."""
    rows: list[dict[str, Any]] = [
        {"second": second, "ok": 0, "fail": 0, "info": 0} for second in range(int(seconds) + 1)
    ]
    for one in evidence.operations:
        at = min(max(int(one.answered_at - began), 0), len(rows) - 1)
        rows[at][one.outcome] += 1
    return rows


def under_faults(evidence: Evidence) -> Iterator[tuple[Operation, list[Fault]]]:
    """The operations that were under way during faults, with those faults."""
    coming = sorted(evidence.faults, key=lambda one: one.began_at)
    on: list[Fault] = []
    at = 0
    for one in evidence.operations:
        while at < len(coming) and coming[at].began_at <= one.answered_at:
            on.append(coming[at])
            at += 1
        on = [fault for fault in on if fault.ended_at >= one.sent_at]
        if on:
            yield one, on


def coverage(evidence: Evidence) -> dict[str, dict[str, dict[str, int]]]:
    """Kind of fault, verb, and what came of the operations under way while it was on."""
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for one, faults in under_faults(evidence):
        came_of = effect(evidence, one)
        for fault in faults:
            found[fault.kind][one.verb][came_of] += 1
    return {
        kind: {verb: dict(counts) for verb, counts in sorted(verbs.items())}
        for kind, verbs in sorted(found.items())
    }


def kind_statuses(evidence: Evidence) -> dict[str, dict[str, int]]:
    """What was answered while each kind of fault was on."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for one, faults in under_faults(evidence):
        for fault in faults:
            found[fault.kind][str(one.status)] += 1
    return {kind: dict(sorted(counts.items())) for kind, counts in sorted(found.items())}


def effect(evidence: Evidence, one: Operation) -> str:
    """done, not done, or unknown to everybody."""
    if one.outcome != "info":
        return "done" if one.outcome == "ok" else "not done"
    if one.verb not in WRITES:
        return "unknown"
    return "done" if took_effect(evidence, one) else "not done"


def text(result: dict[str, Any]) -> str:
    """The verdict in words."""
    lines = [
        f"{result['operations']:,} operations in {result['seconds']:,.0f} s"
        f" ({result['rate']:,.0f}/s), {len(result['faults']):,} faults of"
        f" {len(result['kinds'])} kinds, {result['commits']:,} commits, seed {result['seed']}",
        "",
    ]
    for one in result["invariants"]:
        note = f" ({one['note']})" if one["note"] else ""
        count = f"{one['wrong']:,} of {one['checked']:,}" if one["wrong"] else f"{one['checked']:,}"
        lines.append(f"{one['name']:4} {one['outcome']:13} {count:>18}  {one['title']}{note}")
        lines += [f"       {violation['words']}" for violation in one["violations"][:3]]
    unseen = [one["name"] for one in result["invariants"] if one["outcome"] == UNSEEN]
    but = f"; not looked at: {', '.join(unseen)}" if unseen else ""
    return "\n".join([*lines, "", f"{result['verdict']}{but}"])
