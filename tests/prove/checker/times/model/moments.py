"""Which commits may have been the last one at some instant while somebody asked."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.timeline import ALWAYS, NEVER
from tests.prove.records import Operation

MOST = 400  # commits that are looked at for one answer
SLACK = 1.0  # seconds that two clocks may differ

Key = tuple[str, int]


class Moments:
    """Finds the moments that matter to a question."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.wall = evidence.facts.get("wall") or 0.0
        # By when each commit, or a later one, was surely there. What the probe makes looks like
        # what made the stage, but it came later.
        setting = evidence.facts.get("setting", ())
        made = sum(at == place for at, place in enumerate(setting))
        self._done = evidence.latest[:made] + [
            NEVER if one == ALWAYS else one for one in evidence.latest[made:]
        ]
        for at in range(len(self._done) - 2, -1, -1):
            self._done[at] = min(self._done[at], self._done[at + 1])
        self._accounts: dict[int, list[int]] = {}

    def span(self, one: Operation) -> range:
        """The places that may have been the last while this was asked."""
        first = bisect_left(self._done, one.sent_at) - 1
        last = bisect_right(self.evidence.earliest, one.answered_at) - 1
        return range(first, max(first, last) + 1)

    def places(self, one: Operation, keys: Iterable[Key], account: int = 0) -> list[int]:
        """The first of them, and each at which something that matters had changed."""
        span = self.span(one)
        found = {span.start}
        touched = self.evidence.calendar.touched
        for changes in (*(touched.get(key, []) for key in keys), self._of(account)):
            found.update(
                changes[bisect_left(changes, span.start) : bisect_left(changes, span.stop)]
            )
        return sorted(found)[:MOST]

    def _of(self, account: int) -> list[int]:
        """The commits that changed something of an account's appointments."""
        if account and account not in self._accounts:
            lines = (self.evidence.appointments[one] for one in self.evidence.owned[account])
            self._accounts[account] = sorted({at for line in lines for at in line.transactions})
        return self._accounts.get(account, [])

    def nows(self, one: Operation) -> tuple[float, float]:
        """What the clock on the wall can have shown: at the earliest, at the latest."""
        return one.sent_at + self.wall - SLACK, one.answered_at + self.wall + SLACK
