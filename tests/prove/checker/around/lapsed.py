"""What has run out and is not tidied away yet: its places are counted still, and shown as free."""

from bisect import bisect_right
from collections import defaultdict
from typing import NamedTuple

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.timeline import NEVER
from tests.prove.records import Operation

ABOUT = 0.1  # seconds that two readings of one clock may differ
ENDS = 11  # where a row of an appointment that runs out has its end


class Hold(NamedTuple):
    """So many places of a slot, until the end and beyond it until they were given back."""

    until: float  # in seconds since 1970
    size: int
    gone: float = NEVER  # by the clock of the operations


class Lapsed:
    """The holds of every slot, in the order of their ends."""

    def __init__(self, evidence: Evidence) -> None:
        self._wall = evidence.facts.get("wall") or 0.0
        live: dict[int, tuple[int, Hold]] = {}
        self._holds: dict[int, list[Hold]] = defaultdict(list)
        for at, transaction in enumerate(evidence.stream):
            for row in transaction.rows:
                if row[0] != "appointment":
                    continue
                if row[2] in live:
                    slot, hold = live.pop(row[2])
                    self._holds[slot].append(hold._replace(gone=evidence.latest[at]))
                if len(row) == ENDS:
                    live[row[2]] = row[3], Hold(row[10], row[9])
        for slot, hold in live.values():
            self._holds[slot].append(hold)
        for holds in self._holds.values():
            holds.sort()

    def places(self, one: Operation, slot: int) -> int:
        """How many places of a slot may have run out before this was answered, and been counted
        still when it was asked."""
        ended = (one.answered_at + self._wall + ABOUT,)
        holds = self._holds.get(slot, [])
        due = holds[: bisect_right(holds, ended)]
        return sum(hold.size for hold in due if hold.gone > one.sent_at)
