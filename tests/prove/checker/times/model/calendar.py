"""What there was of services, hours, closures and times after each commit, from PostgreSQL's log.

A place is the number of a commit in the stream: what is asked of a place is as that commit left it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.prove.checker.times.model.wall import Hours, local_day, midnight, rule_of

FOREVER = 1 << 60
DAY = 86_400
LONGEST = 2  # days before something within which what reaches into it begins

EVERYBODY = 0


class Versions:
    """What something was, from which commit on."""

    __slots__ = ("places", "values")

    def __init__(self) -> None:
        self.places: list[int] = []
        self.values: list[Any] = []

    def add(self, place: int, value: Any) -> None:
        """From this commit on it is so."""
        self.places.append(place)
        self.values.append(value)

    def at(self, place: int) -> Any:
        """What it was after that commit; None before the first."""
        found = bisect_right(self.places, place)
        return self.values[found - 1] if found else None


class Taken:
    """A slot of a service: a time that somebody took, or that was published for it."""

    def __init__(self, number: int, place: int, row: list[Any]) -> None:
        self.number, self.born, self.died = number, place, FOREVER
        self.provider, self.starts, self.ends, self.service, self.version, self.lead = row[:6]
        self.made = row[6] is not None
        self.begins = self.starts if row[6] is None else row[6]
        self.stops = self.ends if row[7] is None else row[7]
        self.overrides, self.chosen, self.wall = frozenset(row[8]), row[9], row[11]
        self.capacity = 1
        self.states = Versions()  # booked, closed

    def lives(self, place: int) -> bool:
        """Whether it was there after a commit."""
        return self.born <= place < self.died

    def goes_with(self, number: int) -> bool:
        """Whether it is this slot, or what goes with it."""
        return number != 0 and number in (self.number, self.lead)


class Closure(NamedTuple):
    """A time at which a provider, or everybody, is not there."""

    provider: int
    first: date | None
    last: date | None
    starts: int
    ends: int

    def span(self, zone: ZoneInfo) -> tuple[int, int]:
        """From when until when, on the wall of this zone."""
        if self.first is None or self.last is None:
            return self.starts, self.ends
        after = date.fromordinal(self.last.toordinal() + 1)
        return midnight(self.first, zone), midnight(after, zone)


class Calendar:
    """Everything of a run that has to do with times."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.zones = {row[0]: ZoneInfo(row[2]) for row in facts.get("providers", ())}
        self.per_day = {int(one): most for one, most in facts.get("per_day", {}).items()}
        self.slots: dict[int, Taken] = {}
        self.closures: dict[int, list[Any]] = {}  # closure, from which commit, until which
        self.services: dict[int, Versions] = defaultdict(Versions)
        self.served: dict[tuple[int, int], Versions] = defaultdict(Versions)
        self._hours: dict[int, Versions] = defaultdict(Versions)
        self._by_day: dict[tuple[int, int], list[Taken]] = defaultdict(list)
        self._with: dict[int, list[Taken]] = defaultdict(list)
        self.touched: dict[tuple[str, int], list[int]] = defaultdict(list)

    # What the log says

    def read(self, place: int, rows: list[list[Any]]) -> None:
        """Take in what a commit left."""
        hours: dict[int, Any] = {}
        for row in rows:
            table, verb = row[:2]
            if table == "slot" and verb != "DELETE" and len(row) > 7:
                self._slot(place, row)
            elif table == "closure":
                self._closure(place, verb, row[2:])
            elif table == "schedule_rule":
                hours.setdefault(row[2], ([], {}))[0].append(rule_of(row[3:]))
            elif table == "schedule_day":
                of_day = hours.setdefault(row[2], ([], {}))[1].setdefault(
                    date.fromisoformat(row[3]), []
                )
                if row[4]:
                    of_day.append(rule_of([[], *row[4:7], None, None]))
            elif table == "service_version":
                self.services[row[2]].add(place, row[4])
                self._touch(place, "service", row[2])
            elif table == "service_provider":
                self.served[row[2], row[3]].add(place, tuple(row[4:7]))
        for provider, (rules, days) in hours.items():
            written = {day: tuple(found) for day, found in days.items()}
            self._hours[provider].add(place, Hours(tuple(rules), written))
            self._touch(place, "provider", provider)

    def _slot(self, place: int, row: list[Any]) -> None:
        number, capacity, booked, closed = row[2:6]
        more = row[7]
        one = self.slots.get(number)
        if one is None:
            one = self.slots[number] = Taken(number, place, more)
            self._by_day[one.provider, one.starts // DAY].append(one)
            if one.lead:
                self._with[one.lead].append(one)
        one.capacity = capacity
        one.states.add(place, (booked, closed))
        if more[10]:
            one.died = min(one.died, place)
        elif one.died == place:  # it was offered to somebody in the commit that freed it
            one.died = FOREVER
        self._touch(place, "provider", one.provider)

    def _closure(self, place: int, verb: str, row: list[Any]) -> None:
        number = row[0]
        if verb == "DELETE":
            self.closures[number][2] = place
        else:
            first, last = (date.fromisoformat(day) if day else None for day in row[2:4])
            one = Closure(row[1], first, last, row[4], row[5])
            self.closures[number] = [one, place, FOREVER]
        self._touch(place, "provider", self.closures[number][0].provider)

    def _touch(self, place: int, kind: str, number: int) -> None:
        places = self.touched[kind, number]
        if not places or places[-1] != place:
            places.append(place)

    # What there was

    def service(self, number: int, place: int) -> Any:
        """The document of a service; None where there was none."""
        return self.services[number].at(place) if number in self.services else None

    def horizon(self, place: int) -> int:
        """For how many days ahead anything can be booked."""
        found = (versions.at(place) for versions in self.services.values())
        return max((one["horizon_days"] for one in found if one), default=0)

    def hours(self, provider: int, place: int) -> Hours:
        """What was written of a provider's hours."""
        return (self._hours[provider].at(place) if provider in self._hours else None) or Hours()

    def closed(
        self, provider: int, place: int, span: range, *, own: bool = False, since: int = -1
    ) -> bool:
        """Whether a closure took some of this span: only its own, or those of everybody too; only
        those that were made after a commit."""
        zone = self.zones[provider]
        for one, born, died in self.closures.values():
            if since < born <= place < died and one.provider in (
                (provider,) if own else (provider, 0)
            ):
                begins, ends = one.span(zone)
                if begins < span.stop and ends > span.start:
                    return True
        return False

    def around(self, provider: int, span: range) -> Iterator[Taken]:
        """The slots of a provider that may reach into a span, of all times."""
        for day in range(span.start // DAY - LONGEST, span.stop // DAY + LONGEST):
            yield from self._by_day.get((provider, day), ())

    def busy(
        self, provider: int, place: int, span: range, spare: int = 0, *, itself: bool = False
    ) -> list[Taken]:
        """The living slots in the way of a span, by their blocks, or only by the slots themselves;
        but for one and what goes with it."""
        return [
            one
            for one in self.around(provider, span)
            if one.lives(place)
            and not one.goes_with(spare)
            and (one.starts if itself else one.begins) < span.stop
            and (one.ends if itself else one.stops) > span.start
        ]

    def rooms(self, lead: int) -> list[Taken]:
        """What a slot takes besides."""
        return self._with.get(lead, [])

    def shared(
        self, service: int, provider: int, at: int, place: int, spare: int = 0
    ) -> Taken | None:
        """The slot that stands at a time of a service already, where people can join it."""
        found = [
            one
            for one in self._by_day.get((provider, at // DAY), ())
            if one.starts == at
            and one.lives(place)
            and one.service == service
            and not one.lead
            and (one.capacity > 1 or not one.made)
            and one.number != spare
        ]
        return min(found, key=lambda one: one.number, default=None)

    def made_on(self, provider: int, day: date, place: int, spare: int = 0) -> list[Taken]:
        """The living times that were taken of a provider on a day of its wall."""
        zone, noon = self.zones[provider], midnight(day, self.zones[provider]) // DAY
        return [
            one
            for number in range(noon - 1, noon + 3)
            for one in self._by_day.get((provider, number), ())
            if one.made
            and one.lives(place)
            and not one.goes_with(spare)
            and local_day(one.starts, zone) == day
        ]
