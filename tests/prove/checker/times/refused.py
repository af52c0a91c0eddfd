"""Whether who was refused a time could have been: the rules said so at some instant."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.prove.checker.evidence import DESK, Evidence
from tests.prove.checker.times.model.moments import Key, Moments
from tests.prove.checker.times.model.rules import offers
from tests.prove.checker.times.model.verdicts import Verdicts
from tests.prove.records import Operation

TIMED = frozenset({"take", "shift", "dry", "times", "soonest", "explain", *DESK})
EVERYBODY: Key = ("provider", 0)


class Refused:
    """Judges refusals of what is about times."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.verdicts, self.moments = Verdicts(evidence), Moments(evidence)

    def earned(self, one: Operation, code: str) -> bool:
        """Whether this code was right at some instant while it was asked."""
        if one.verb in ("take", "dry"):
            account = self.evidence.customer(one)
            return self.at_some_moment(
                one,
                self.of_service(one, one.args["service"]),
                lambda place, now: self.verdicts.take(one.args, account, place, now).code == code,
                account,
            )
        if one.verb == "shift":
            return self._shift(one, code)
        if code == "not_found":
            return self._not_found(one)
        return False

    def too_late(self, one: Operation, slot: int) -> bool:
        """Whether a customer may have been too late to change what is in the slot of a time."""
        place, now = self.moments.span(one).stop - 1, max(self.moments.nows(one))
        return slot in self.evidence.calendar.slots and self.verdicts.too_late(slot, place, now)

    def at_some_moment(
        self,
        one: Operation,
        keys: Iterable[Key],
        holds: Callable[[int, float], bool],
        account: int = 0,
    ) -> bool:
        """Whether something was so after one of the commits that may have been the last."""
        nows = self.moments.nows(one)
        places = self.moments.places(one, keys, account)
        return any(holds(place, now) for place in places for now in nows)

    def of_service(self, one: Operation, service: int) -> list[Key]:
        """What the times of a service depend on while this was asked."""
        calendar, span = self.evidence.calendar, self.moments.span(one)
        found: set[int] = set()
        for place in (span.start, span.stop - 1):
            if document := calendar.service(service, place):
                found.update(offers(calendar, service, place))
                found.update(room for rooms in document["needs"].values() for room in rooms)
        return [("service", service), EVERYBODY, *(("provider", number) for number in found)]

    def _shift(self, one: Operation, code: str) -> bool:
        number, staff = one.args["appointment"], one.user in self.evidence.staff
        if code == "not_found":
            if one.user in self.evidence.keeps:
                return self.evidence.may_be_of(one) != {True}
            return bool(one.args.get("foreign"))
        line = self.evidence.appointments.get(number)
        states = line.states_between(one.sent_at, one.answered_at) if line else []
        taken = [self.evidence.calendar.slots.get(state.slot) for state in states]
        services = {slot.service for slot in taken if slot}
        keys = [key for service in services for key in self.of_service(one, service)]
        account = states[0].account if states else 0
        return self.at_some_moment(
            one,
            keys,
            lambda place, now: self.verdicts.shift(one.args, staff, place, now).code == code,
            account,
        )

    def _not_found(self, one: Operation) -> bool:
        """No such closure any more; no such appointment that could be moved."""
        args: dict[str, Any] = one.args
        span = self.moments.span(one)
        if one.verb == "unshut":
            _, born, died = self.evidence.calendar.closures.get(args["closure"], (None, 0, -1))
            return not (born <= span.start and span.stop <= died)
        if number := args.get("moving"):
            return any(
                (found := self.verdicts.row(number, place)) is None or found[0].status != "booked"
                for place in span
            )
        return False
