"""I19: a success is judged as a refusal is: was it allowed, by what there was just before it?"""

from bisect import bisect_left
from typing import Any

from service.booking.actions import ENDINGS
from tests.prove.checker.effects import shown, told
from tests.prove.checker.evidence import MOVES, STAFF_VERBS, TAKES, Change, Evidence
from tests.prove.checker.times.allowed import Allowed
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation


def allowed(evidence: Evidence) -> Verdict:
    """I19: each change was allowed in the state that the commit before it had left."""
    verdict = Verdict("I19", "Every success was allowed")
    judge = Judge(evidence)
    for change in evidence.changes:
        if change.verb in (*TAKES, *MOVES, *ENDINGS) and not evidence.is_probe(change):
            verdict.see()
            if words := judge.wrong(change):
                verdict.violated(
                    f"{shown(change)}, though {words}",
                    [one.number for one in evidence.groups.get(change.tag, [])],
                    [change.transaction],
                )
    for one in evidence.operations:
        if one.outcome == "ok" and "version" in one.args and not one.replayed:
            verdict.expect(
                judge.as_known(one),
                f"{told(one)} was done to version {one.body['v'] - 1}",
                one.number,
            )
    return verdict


class Judge:
    """Knows the state before each change."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._begun = frozenset(evidence.facts.get("begun", ()))
        self._soon = frozenset(evidence.facts.get("soon", ())) | self._begun
        self._times = Allowed(evidence)
        self._staff = {evidence.accounts.get(name, -1) for name in evidence.staff}

    def wrong(self, change: Change) -> str:
        """Why a change should have been refused; "" when it was allowed."""
        if change.verb in ("take", "shift"):
            return self._times.wrong(change)
        if change.verb != "book" and (words := self._to_end(change)):
            return words
        return self._to_take(change) if change.verb in ("book", "move") else ""

    def _to_take(self, change: Change) -> str:
        """Whether a place in that slot could be had."""
        if change.slot in self._begun:
            return "the slot had begun"
        line = self._evidence.slots[change.slot]
        at = bisect_left(line.transactions, change.transaction)
        before = line.states[at - 1] if at else None
        if before is None:
            return "there was no such slot"
        if before.closed:
            return "the slot was closed"
        size = self._evidence.sizes.get(change.subject, 1)
        return "" if before.takes(size) else "the slot was full"

    def _to_end(self, change: Change) -> str:
        """Whether the appointment could be moved or ended by whoever did it."""
        line = self._evidence.appointments[change.subject]
        at = bisect_left(line.transactions, change.transaction)
        before: Any = line.states[at - 1] if at else None
        if before is None:
            return "there was no such appointment"
        if before.status != "booked":
            return f"it was {before.status}"
        if change.verb == "move" and before.slot == change.slot:
            return "it was there already"
        if change.actor not in self._staff and before.slot in self._soon:
            return "it was too late for that"
        if before.slot in self._evidence.calendar.slots and self._times.too_late(
            change, before.slot
        ):
            return "it was too late for that"
        return ""

    def as_known(self, one: Operation) -> bool:
        """Whether what If-Match named was the version before; ending twice changes nothing."""
        version, after = one.args["version"], one.body["v"]
        if one.verb in ENDINGS and after == version:
            return True
        return bool(one.verb in (*MOVES, *ENDINGS, *STAFF_VERBS) and after == version + 1)
