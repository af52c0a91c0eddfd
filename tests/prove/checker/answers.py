"""I14 to I17: answers come in time, never as a bug; faults heal; nothing is left over."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from tests.prove.checker.effects import told
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Fault

DEADLINE = 3.0  # seconds until the server gives a request up
SLACK = 1.0  # seconds for a machine that does everything at once
AFTER = 2.0  # seconds after a fault has healed in which its echo may be heard
OTHERS = 0.5  # cores that others may use before nothing can be said of our own speed
EVERY = 1.0  # seconds around a look at them
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
    """Times that explain what is otherwise wrong."""

    def __init__(self, spans: Iterable[tuple[float, float]]) -> None:
        self._began: list[float] = []
        self._ended: list[float] = []
        for began, ended in sorted(spans):
            if self._ended and began <= self._ended[-1]:
                self._ended[-1] = max(self._ended[-1], ended)
            else:
                self._began.append(began)
                self._ended.append(ended)

    @classmethod
    def of_faults(cls, faults: list[Fault], target: str = "") -> "Windows":
        """While a fault is on and its echo may be heard."""
        return cls(
            (fault.began_at, max(fault.ended_at, fault.healed_at) + AFTER)
            for fault in faults
            if not target or fault.target == target
        )

    @classmethod
    def of_neighbours(cls, evidence: Evidence) -> "Windows":
        """While others than us kept the machine so busy that nothing here can be in time."""
        return cls(
            (at - EVERY, at + EVERY)
            for at, cores in evidence.facts.get("others", ())
            if cores > OTHERS
        )

    def touch(self, began: float, ended: float) -> bool:
        """Whether something was under way in one of them."""
        at = bisect_right(self._began, ended) - 1
        return at >= 0 and self._ended[at] >= began


def in_time(evidence: Evidence) -> Verdict:
    """I15: every request has an answer or a closed connection in time.

    A process that is stopped answers nobody: only then may a request wait longer.
    """
    verdict = Verdict("I15", f"An answer within {DEADLINE:g} s, faults or not")
    windows: dict[int, Windows] = {}
    neighbours, excused, slowest = Windows.of_neighbours(evidence), 0, 0.0
    for one in evidence.operations:
        seconds = one.answered_at - one.sent_at
        if seconds > DEADLINE + SLACK:
            if one.server not in windows:
                faults = Windows.of_faults(evidence.faults, f"server-{one.server}")
                windows[one.server] = faults
            if windows[one.server].touch(one.sent_at, one.answered_at):
                continue
            if neighbours.touch(one.sent_at, one.answered_at):
                excused += 1
                continue
            verdict.violated(f"{told(one)} took {seconds:.2f} s ({one.status})", [one.number])
        slowest = max(slowest, seconds)
        verdict.see()
    verdict.note = f"slowest of a living process {slowest:.2f} s" + excuses(excused)
    return verdict


def excuses(count: int) -> str:
    """How many were not judged."""
    return f"; {count:,} not judged: others kept the machine busy" if count else ""


def healed(evidence: Evidence) -> Verdict:
    """I16: after each fault all is well again, without anybody's help, in time."""
    verdict = Verdict("I16", "Every fault heals by itself")
    neighbours, excused, longest = Windows.of_neighbours(evidence), 0, 0.0
    for fault in evidence.faults:
        if fault.healed_at:
            longest = max(longest, fault.healed_at - fault.ended_at)
        elif neighbours.touch(fault.began_at, fault.ended_at + AFTER):
            excused += 1
            continue
        verdict.expect(
            bool(fault.healed_at),
            f"fault {fault.number} ({fault.kind} of {fault.target}) had not healed: {fault.detail}",
        )
    verdict.note = f"longest {longest:.2f} s" + excuses(excused) if evidence.faults else ""
    return verdict


def no_bug(evidence: Evidence) -> Verdict:
    """I17: 500 never; 503, 504 and cut connections only when a fault explains them."""
    verdict = Verdict("I17", "No 500; 503 and 504 only around a fault")
    faults = Windows.of_faults(evidence.faults)
    neighbours, excused = Windows.of_neighbours(evidence), 0
    for one in evidence.operations:
        verdict.see()
        unreadable: Any = isinstance(one.body, dict) and one.body.get("unreadable")
        if one.status == 500 or unreadable:
            words = f"{told(one)} was answered {one.status} {unreadable or ''}"
            verdict.violated(words, [one.number])
        elif one.status != 503 and one.outcome != "info":
            continue
        elif not faults.touch(one.sent_at, one.answered_at):
            if neighbours.touch(one.sent_at, one.answered_at):
                excused += 1
                continue
            verdict.violated(f"{told(one)} was answered {one.status} without a fault", [one.number])
    verdict.note = excuses(excused).removeprefix("; ")
    return verdict
