"""I22: what no limit counts must cost little, or whoever asks for it holds all others up."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, stdev

from tests.prove.checker.answers import Windows
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

ODD = ("abandon", "any")
BEFORE = 1.0  # seconds from the moment that is compared to the odd one
ENOUGH = 20  # odd requests, before anything can be said
MOST, ERRORS = 0.05, 4.0  # seconds that one may cost each neighbour; standard errors to be sure
LONGEST = 5.0  # seconds that a request is under way


def cheap(evidence: Evidence) -> Verdict:
    """I22: who is under way in a process when an odd request comes waits no longer than others.

    Others are those who were under way there a second before: as many are long, and the machine
    was as busy.
    """
    verdict = Verdict("I22", "Odd requests cost their neighbours nothing")
    faults = Windows.of_faults(evidence.faults)
    under_way = UnderWay([one for one in evidence.operations if one.verb not in ODD])
    notes = []
    for verb in ODD:
        more, numbers = [], []
        for one in evidence.operations:
            # What leaves in the middle may do harm once it has left.
            at = one.answered_at if verb == "abandon" else one.sent_at
            if one.verb != verb or faults.touch(at - BEFORE, at + BEFORE):
                continue
            beside = under_way.waits(one.server, at)
            before = under_way.waits(one.server, at - BEFORE)
            if beside and before:
                more.append(fmean(beside) - fmean(before))
                numbers.append(one.number)
        if len(more) < ENOUGH:
            continue
        verdict.see(len(more))
        cost, error = fmean(more), stdev(more) / len(more) ** 0.5
        notes.append(f"{verb} {cost:+.3f} s")
        if cost > MOST and cost > ERRORS * error:
            slowest = sorted(zip(more, numbers, strict=True), reverse=True)[:ENOUGH]
            verdict.violated(
                f"each {verb} holds up its neighbours for {cost:.3f} s, give or take {error:.3f}",
                [number for _, number in slowest],
            )
    verdict.note = ", ".join(notes)
    return verdict


class UnderWay:
    """What is under way in which process."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations: dict[int, list[Operation]] = defaultdict(list)
        for one in operations:  # in the order in which they were sent
            self._operations[one.server].append(one)
        self._sent = {
            server: [one.sent_at for one in found] for server, found in self._operations.items()
        }

    def waits(self, server: int, at: float) -> list[float]:
        """How long each that is under way at an instant still has to wait."""
        sent = self._sent.get(server, [])
        span = slice(bisect_right(sent, at - LONGEST), bisect_right(sent, at))
        found = self._operations[server][span]
        return [one.answered_at - at for one in found if one.answered_at > at]
