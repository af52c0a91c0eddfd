"""What was shown of times: each of them was one at some instant, and none was left out."""

from collections.abc import Iterator
from typing import Any

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.times.model.rules import ANYBODY, Asked, left, offers, refusals
from tests.prove.checker.times.refused import Refused
from tests.prove.records import Operation

DAY = 86_400
FORGOTTEN = ("closed", "off_grid")  # of what is over: nobody knows any more
SLACK = 60  # seconds after now from which on a time has to be shown


class Seen:
    """Judges lists of times, the next one, explanations and dry runs."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence, self.calendar = evidence, evidence.calendar
        self._judge = Refused(evidence)
        self._verdicts = self._judge.verdicts

    def wrongs(self, one: Operation) -> Iterator[str]:
        """What can't have been so, in words."""
        match one.verb:
            case "times":
                yield from self._list(one, one.body["times"], one.body["until"])
            case "soonest":
                shown = one.body["times"]
                last = shown[0][0] + 1 if shown else one.args["from"] + DAY
                yield from self._list(one, shown, last)
            case "explain":
                yield from self._explained(one)
            case "dry":
                provider, account = one.body["provider"], self.evidence.customer(one)
                if not self._somewhen(
                    one, lambda p, now: provider in self._take(one, account, p, now), account
                ):
                    yield f"it could not be booked with {provider}"

    def near(self, one: Operation) -> Iterator[str]:
        """What is offered to who came too late has to be free."""
        args = one.args
        service, size = self._of(one)
        for at, provider, remaining, slot in one.body["times"] if service else ():
            asked = Asked(service, provider, at, size)
            spares = self._spares(one)
            if at < args["at"] or not any(
                self._free(one, asked._replace(spare=spare), remaining, slot) for spare in spares
            ):
                yield f"it offers {at} with {provider}, which was not free"

    def _of(self, one: Operation) -> tuple[int, int]:
        """Which service it is about, and for how many people."""
        if "service" in one.args:
            return one.args["service"], one.args["size"]
        number = one.args["appointment"]
        for place in self._judge.moments.span(one):
            if (found := self._verdicts.row(number, place)) and (
                taken := self.calendar.slots.get(found[0].slot)
            ):
                return taken.service, self.evidence.sizes.get(number, 1)
        return 0, 1

    def _somewhen(self, one: Operation, holds: Any, account: int = 0) -> bool:
        service, _ = self._of(one)
        keys = self._judge.of_service(one, service)
        return self._judge.at_some_moment(one, keys, holds, account)

    def _take(self, one: Operation, account: int, place: int, now: float) -> frozenset[int]:
        told = self._verdicts.take(one.args, account, place, now)
        return frozenset() if told.code else told.providers

    def _spares(self, one: Operation) -> set[int]:
        """What may not have counted while an appointment is to be moved."""
        number = one.args.get("moving") or one.args.get("appointment")
        if not number:
            return {0}
        span = self._judge.moments.span(one)
        return {self._verdicts.spare(number, place) for place in span} | {0}

    # Lists

    def _list(self, one: Operation, shown: list[Any], until: int) -> Iterator[str]:
        if one.args["provider"] == ANYBODY:
            yield from self._of_anybody(one, shown)
            return
        service, size = self._of(one)
        spares, seen = self._spares(one), set()
        for at, provider, remaining, slot in shown:
            seen.add(at)
            asked = Asked(service, provider, at, size)
            if provider != one.args["provider"] or not any(
                self._free(one, asked._replace(spare=spare), remaining, slot) for spare in spares
            ):
                yield f"it shows {at} with {remaining} left in slot {slot}, which was not so"
        for at in sorted(self._candidates(one, service, until) - seen):
            asked = Asked(service, one.args["provider"], at, size)
            if all(self._surely_free(one, asked._replace(spare=spare)) for spare in spares):
                yield f"it does not show {at}, which was free"

    def _candidates(self, one: Operation, service: int, until: int) -> set[int]:
        """All starts that there may have been in the span of the question."""
        moments, provider = self._judge.moments, one.args["provider"]
        place = moments.span(one).start
        document = self.calendar.service(service, place)
        if document is None or provider not in offers(self.calendar, service, place):
            return set()
        first = max(one.args["from"], int(moments.nows(one)[1]) + SLACK)
        if one.args.get("after"):
            first = max(first, one.args["after"][0] + 1)
        span = range(first, max(first, min(until, one.args.get("to", until))))
        zone = self.calendar.zones[provider]
        found = set(
            self.calendar.hours(provider, place).starts(
                service, document["step_minutes"], zone, span
            )
        )
        for taken in self.calendar.around(provider, span) if document["capacity"] > 1 else ():
            if taken.service == service and taken.starts in span and taken.lives(place):
                found.add(taken.starts)
        return found

    def _free(self, one: Operation, asked: Asked, remaining: int, slot: int) -> bool:
        """Whether it was free at some moment, with so many places in that slot, 0 for none."""

        def holds(place: int, now: float) -> bool:
            if refusals(self.calendar, place, asked, now):
                return False
            there = self._shared(asked, place)
            if there is None:
                capacity = self.calendar.service(asked.service, place)["capacity"]
                return (remaining, slot) == (capacity, 0)
            booked, _ = there.states.at(place)
            return (remaining, slot) == (there.capacity - booked, there.number)

        return self._somewhen(one, holds)

    def _shared(self, asked: Asked, place: int) -> Any:
        return self.calendar.shared(asked.service, asked.provider, asked.at, place, asked.spare)

    def _surely_free(self, one: Operation, asked: Asked) -> bool:
        return not self._somewhen(
            one, lambda place, now: bool(refusals(self.calendar, place, asked, now))
        )

    def _of_anybody(self, one: Operation, shown: list[Any]) -> Iterator[str]:
        service, size = self._of(one)
        spares = self._spares(one)
        for at, providers, remaining, _ in shown:

            def holds(
                place: int, now: float, at: int = at, told: Any = (providers, remaining)
            ) -> bool:
                return any(self._together(service, size, at, place, now, spare) == told
                           for spare in spares)  # fmt: skip

            if not self._somewhen(one, holds):
                yield f"it shows {at} with {providers} who have {remaining} left"

    def _together(
        self, service: int, size: int, at: int, place: int, now: float, spare: int
    ) -> tuple[int, int]:
        """How many providers were free, and how many could come to all of them."""
        count = places = 0
        for provider in offers(self.calendar, service, place):
            asked = Asked(service, provider, at, size, spare)
            if left(self.calendar, place, asked, now):
                continue
            there = self._shared(asked, place)
            capacity = self.calendar.service(service, place)["capacity"]
            count += 1
            places += there.capacity - there.states.at(place)[0] if there else capacity
        return count, places

    # Explanations

    def _explained(self, one: Operation) -> Iterator[str]:
        told = {tuple(reason) for reason in one.body["reasons"]}
        account = self.evidence.account(one)

        def holds(place: int, now: float) -> bool:
            bookable, reasons = self.explained(one.args, account, place, now)
            return (bookable, of_what_was(reasons)) == (one.body["bookable"], of_what_was(told))

        if not self._somewhen(one, holds, account):
            yield f"it says {one.body}, which was never so"

    def explained(
        self, args: dict[str, Any], account: int, place: int, now: float
    ) -> tuple[bool, set[Any]]:
        """Whether somebody could have booked a time, and all that spoke against it, by provider."""
        service, found, bookable = args["service"], set(), False
        able = offers(self.calendar, service, place)
        if args["provider"]:
            able = [one for one in able if one == args["provider"]]
        for provider in able:
            asked = Asked(service, provider, args["at"], args["size"])
            codes = set(refusals(self.calendar, place, asked, now))
            if self._verdicts.limited(account, asked, place, now):
                codes.add("limit_reached")
            if self._verdicts.is_in(account, asked, place, now):
                codes.add("already_booked")
            bookable = bookable or not codes
            found |= {(code, provider) for code in codes}
        if not able:
            found.add(("not_offered", args["provider"] or None))
        return bookable, set() if bookable else found


def of_what_was(reasons: set[Any]) -> set[Any]:
    """The reasons without what nobody can know of what is over: whether it was open then."""
    over = {provider for code, provider in reasons if code == "slot_in_past"}
    return {(code, one) for code, one in reasons if one not in over or code not in FORGOTTEN}
