"""I14 to I17: answers come in time, never as a bug; faults heal; nothing is left over."""

from bisect import bisect_right
from typing import Any

from tests.prove.checker.effects import told
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Fault, Operation

DEADLINE = 3.0  # seconds until the server gives a request up
SLACK = 1.0  # seconds for a machine that does everything at once
AFTER = 2.0  # seconds after a fault has healed in which its echo may be heard
MORE_FILES, MORE_THREADS, MORE_MEMORY = 120, 16, 64 << 20


def quiet(evidence: Evidence) -> Verdict:
    """I14: after the storm no lock, no open transaction is left, and processes have not grown."""
    verdict = Verdict("I14", "Quiet after the storm")
    for what, count in evidence.facts.get("left", {}).items():
        verdict.expect(not count, f"{count} left over: {what}")
    for one in evidence.facts.get("processes", ()):
        before, after = one["before"], one["after"]
        if not before or not after:
            verdict.expect(bool(after), f"server {one['server']} is not there")
            continue
        for what, more in (
            ("files", MORE_FILES),
            ("threads", MORE_THREADS),
            ("memory", MORE_MEMORY),
        ):
            verdict.expect(
                after[what] <= before[what] + more,
                f"server {one['server']} began with {before[what]:,} {what}, has {after[what]:,}",
            )
    return verdict


class Windows:
    """The times in which faults explain what is otherwise wrong."""

    def __init__(self, faults: list[Fault], target: str = "") -> None:
        spans = sorted(
            (fault.began_at, max(fault.ended_at, fault.healed_at) + AFTER)
            for fault in faults
            if not target or fault.target == target
        )
        self._began: list[float] = []
        self._ended: list[float] = []
        for began, ended in spans:
            if self._ended and began <= self._ended[-1]:
                self._ended[-1] = max(self._ended[-1], ended)
            else:
                self._began.append(began)
                self._ended.append(ended)

    def touch(self, one: Operation) -> bool:
        """Whether an operation was under way in one of them."""
        at = bisect_right(self._began, one.answered_at) - 1
        return at >= 0 and self._ended[at] >= one.sent_at


def in_time(evidence: Evidence) -> Verdict:
    """I15: every request has an answer or a closed connection in time.

    A process that is stopped answers nobody: only then may a request wait longer.
    """
    verdict = Verdict("I15", f"An answer within {DEADLINE:g} s, faults or not")
    windows: dict[int, Windows] = {}
    slowest = 0.0
    for one in evidence.operations:
        seconds = one.answered_at - one.sent_at
        verdict.see()
        if seconds <= DEADLINE + SLACK:
            slowest = max(slowest, seconds)
            continue
        if one.server not in windows:
            windows[one.server] = Windows(evidence.faults, f"server-{one.server}")
        if not windows[one.server].touch(one):
            verdict.violated(f"{told(one)} took {seconds:.2f} s ({one.status})", [one.number])
    verdict.note = f"slowest of a living process {slowest:.2f} s"
    return verdict


def healed(evidence: Evidence) -> Verdict:
    """I16: after each fault all is well again, without anybody's help, in time."""
    verdict = Verdict("I16", "Every fault heals by itself")
    longest = 0.0
    for fault in evidence.faults:
        verdict.expect(
            bool(fault.healed_at),
            f"fault {fault.number} ({fault.kind} of {fault.target}) had not healed: {fault.detail}",
        )
        if fault.healed_at:
            longest = max(longest, fault.healed_at - fault.ended_at)
    verdict.note = f"longest {longest:.2f} s" if evidence.faults else ""
    return verdict


def no_bug(evidence: Evidence) -> Verdict:
    """I17: 500 never; 503, 504 and cut connections only when a fault explains them."""
    verdict = Verdict("I17", "No 500; 503 and 504 only around a fault")
    windows = Windows(evidence.faults)
    for one in evidence.operations:
        verdict.see()
        unreadable: Any = isinstance(one.body, dict) and one.body.get("unreadable")
        if one.status == 500 or unreadable:
            verdict.violated(
                f"{told(one)} was answered {one.status} {unreadable or ''}", [one.number]
            )
        elif (one.status in (502, 503) or one.outcome == "info") and not windows.touch(one):
            verdict.violated(f"{told(one)} was answered {one.status} without a fault", [one.number])
    return verdict
