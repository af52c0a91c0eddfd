"""Whether times were booked, moved and given back as the rules allowed it just then."""

from tests.prove.checker.evidence import Change, Evidence
from tests.prove.checker.timeline import NEVER
from tests.prove.checker.times.model.moments import SLACK, Moments
from tests.prove.checker.times.model.verdicts import Verdicts

LATEST = 20.0  # seconds after which nothing that was asked is still done


class Allowed:
    """Judges the commits that took a time, or gave one back."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.verdicts, self._moments = Verdicts(evidence), Moments(evidence)
        self._staff = {evidence.accounts.get(name, -1) for name in evidence.staff}

    def wrong(self, change: Change) -> str:
        """Why a time should have been refused; "" when it was allowed."""
        group = self.evidence.groups.get(change.tag, [])
        asked = next((one for one in group if one.outcome != "fail"), None)
        if asked is None:
            return ""  # which is said elsewhere
        place, codes = change.transaction - 1, set()
        for now in self.nows(change):
            if change.verb == "take":
                told = self.verdicts.take(asked.args, self.evidence.customer(asked), place, now)
            else:
                staff = change.actor in self._staff
                told = self.verdicts.shift(asked.args, staff, place, now)
            codes.add(told.code)
            if not told.code:
                provider = self.evidence.calendar.slots[change.slot].provider
                return "" if provider in told.providers else f"provider {provider} was not free"
        return f"it would have been {' or '.join(sorted(codes))}"

    def too_late(self, change: Change, slot: int) -> bool:
        """Whether a customer gave a time back later than allowed."""
        if change.actor in self._staff:
            return False
        now = min(self.nows(change))
        return self.verdicts.too_late(slot, change.transaction - 1, now)

    def nows(self, change: Change) -> tuple[float, float]:
        """What the clock on the wall can have shown when it was decided."""
        wall = self._moments.wall
        first = self.evidence.earliest[change.transaction]
        group = self.evidence.groups.get(change.tag, [])
        first = max(first, min((one.sent_at for one in group), default=first))
        last = self.evidence.latest[change.transaction]
        last = first + LATEST if last == NEVER else last
        return first + wall - SLACK, last + wall + SLACK
