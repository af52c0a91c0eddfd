"""What a clock on the wall shows and when it shows something, once more: by zoneinfo, step by step.

Instants are seconds since 1970, readings are times of day on a date without a zone.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

MINUTE, DAY = 60, timedelta(days=1)


class Rule(NamedTuple):
    """Hours of some weekdays, 1 is Monday; for some services or for all."""

    weekdays: frozenset[int]
    opens: time
    closes: time
    services: frozenset[int] | None
    first: date | None
    last: date | None


class Window(NamedTuple):
    """Hours of one day: when they open on the wall, and the instant at which they end."""

    day: date
    opens: datetime
    closes: datetime


class Hours(NamedTuple):
    """What somebody has written of when a provider works."""

    rules: tuple[Rule, ...] = ()
    days: dict[date, tuple[Rule, ...]] = {}  # noqa: RUF012 never changed

    def of(self, day: date) -> tuple[Rule, ...]:
        """The hours that open on a day."""
        if day in self.days:
            return self.days[day]
        return tuple(
            one
            for one in self.rules
            if day.isoweekday() in one.weekdays
            and (one.first is None or one.first <= day)
            and (one.last is None or day <= one.last)
        )

    def windows(self, day: date, service: int) -> Iterator[Window]:
        """Those of a day for a service."""
        for one in self.of(day):
            if one.services is None or service in one.services:
                opens, closes = (datetime.combine(day, at) for at in (one.opens, one.closes))
                yield Window(day, opens, closes if closes > opens else closes + DAY)

    def window(self, at: int, zone: ZoneInfo, service: int) -> Window | None:
        """The one in which something may begin at an instant."""
        shown = datetime.fromtimestamp(at, zone)
        if shown.fold:
            return None  # it has been shown before
        wall = shown.replace(tzinfo=None)
        for day in (wall.date(), wall.date() - DAY):
            for one in self.windows(day, service):
                if one.opens <= wall < one.closes:
                    return one
        return None

    def starts(self, service: int, step: int, zone: ZoneInfo, span: range) -> Iterator[int]:
        """The instants in a span of seconds at which the grid of a service has a start."""
        first, last = local_day(span.start, zone) - DAY, local_day(span.stop, zone)
        for number in range((last - first).days + 1):
            for one in self.windows(first + number * DAY, service):
                wall = one.opens
                while wall < one.closes:
                    at = instant(wall, zone)
                    if at in span and reading(at, zone) == wall:
                        yield at
                    wall += timedelta(minutes=step)


def rule_of(row: list[Any]) -> Rule:
    """Weekdays, opens, closes, services, from, until: as a rule."""
    weekdays, opens, closes, services, first, last = row
    return Rule(
        frozenset(weekdays),
        time.fromisoformat(opens),
        time.fromisoformat(closes),
        None if services is None else frozenset(services),
        date.fromisoformat(first) if first else None,
        date.fromisoformat(last) if last else None,
    )


def local_day(at: float, zone: ZoneInfo) -> date:
    """The date that the wall shows."""
    return datetime.fromtimestamp(at, zone).date()


def reading(at: int, zone: ZoneInfo) -> datetime:
    """What the wall shows."""
    return datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0)


def instant(wall: datetime, zone: ZoneInfo) -> int:
    """The first instant at which the wall shows this, or more where it never shows just this."""
    at = int(wall.replace(tzinfo=zone).astimezone(UTC).timestamp())
    while reading(at - MINUTE, zone) >= wall and reading(at, zone) != wall:
        at -= MINUTE
    return at


def midnight(day: date, zone: ZoneInfo) -> int:
    """When a day begins."""
    return instant(datetime.combine(day, time()), zone)
