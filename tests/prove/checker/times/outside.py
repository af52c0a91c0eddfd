"""Whom a change of hours or a closure leaves outside: who has it told."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tests.prove.checker.evidence import GIVEN_BACK, Change, Evidence
from tests.prove.checker.times.model.calendar import EVERYBODY, Taken
from tests.prove.checker.times.model.moments import Moments
from tests.prove.checker.times.model.verdicts import Verdicts
from tests.prove.checker.times.model.wall import instant
from tests.prove.records import Operation

SHOWN = 500  # conflicts at most in one answer

Conflicts = set[tuple[int, str]]


def kept(evidence: Evidence) -> dict[int, list[tuple[int, int]]]:
    """By slot, the appointments that staff booked although it is closed, and in which commit."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for at, transaction in enumerate(evidence.stream):
        for row in transaction.rows:
            if row[0] == "appointment_history" and len(row) > 9 and "closed" in row[9]:
                found[row[6]].append((row[2], at))
    return found


class Outside:
    """Knows who is outside of the hours after a commit."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence, self.calendar = evidence, evidence.calendar
        self._verdicts, self._moments = Verdicts(evidence), Moments(evidence)
        self._inside: dict[int, list[int]] = {}  # appointments by provider, of all times
        for number, line in evidence.appointments.items():
            for slot in {state.slot for state in line.states} & self.calendar.slots.keys():
                whose = self.calendar.slots[slot].provider
                self._inside.setdefault(whose, []).append(number)
        self._kept = kept(evidence)

    def told_right(self, change: Change, one: Operation) -> bool:
        """Whether an answer tells just whom the change has left outside."""
        told = {(number, reason) for number, reason in one.body["conflicts"]}
        if one.args["provider"] == EVERYBODY or len(told) >= SHOWN:
            return True  # the probe has appointments that nobody here knows
        if len(told) != one.body["conflicts_total"]:
            return False
        first = min(self._moments.span(one).start, change.transaction)
        # Of who was kept meanwhile nobody can say what came first.
        unsure = {
            number
            for found in self._kept.values()
            for number, place in found
            if first <= place <= change.transaction
        }

        def sure(found: Iterable[tuple[int, str]]) -> Conflicts:
            return {conflict for conflict in found if conflict[0] not in unsure}

        return any(
            sure(told) == sure(self._conflicts(change, place, now))
            for place in range(change.transaction, first - 1, -1)
            for now in self._moments.nows(one)
        )

    def _conflicts(self, change: Change, place: int, now: float) -> Iterator[tuple[int, str]]:
        """Who was coming after one commit, and outside after the change."""
        at = change.transaction
        closure = self.calendar.closures[change.subject][0] if change.verb == "shut" else None
        provider = closure.provider if closure else change.subject
        for number in set(self._inside.get(provider, ())):
            found = self._verdicts.row(number, place)
            slot = self.calendar.slots.get(found[0].slot) if found else None
            if found is None or found[0].status != "booked" or slot is None:
                continue
            if slot.provider != provider or slot.starts <= now:
                continue
            since = self._kept_at(slot, place)
            span = range(slot.starts, slot.ends)
            if closure:
                begins, ends = closure.span(self.calendar.zones[provider])
                if begins < span.stop and ends > span.start:
                    yield number, "closure"
            elif self.calendar.closed(provider, at, span, since=since):
                yield number, "closure"
            elif since < 0 and self._no_hours(slot, at):
                yield number, "hours"

    def _kept_at(self, slot: Taken, place: int) -> int:
        """The last commit by which staff booked somebody there although it is closed; -1: none."""
        inside = [
            (kept_at, found[0])
            for number, kept_at in self._kept.get(slot.number, ())
            if kept_at <= place and (found := self._verdicts.row(number, place))
        ]
        return max(
            (
                kept_at
                for kept_at, row in inside
                if row.slot == slot.number and row.status not in GIVEN_BACK
            ),
            default=-1,
        )

    def _no_hours(self, slot: Taken, place: int) -> bool:
        """Whether no hours hold it, whatever the grid."""
        zone = self.calendar.zones[slot.provider]
        hours = self.calendar.hours(slot.provider, place)
        window = hours.window(slot.starts, zone, slot.service)
        return window is None or instant(window.closes, zone) < slot.ends
