"""The dates of a series, and when each begins on its provider's clock. Pure."""

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from service.booking.calendar.bounds import LAST
from service.booking.calendar.hours.clock import ONE_DAY, first_at, reading

Unit = Literal["day", "week", "month"]

MOST = 52  # dates of one series


class Rule(NamedTuple):
    """Every so many days, weeks or months; of a week on these days (0 is Monday), or on that of the
    first; so many dates, or until a day, inclusive."""

    every: int = 1
    unit: Unit = "week"
    days: frozenset[int] = frozenset()
    most: int | None = None
    until: date | None = None


def dates(first: date, rule: Rule) -> list[date]:
    """The dates from the first on, one more than MOST at most. A month without the day has none."""
    last = min(rule.until or LAST.date(), LAST.date())
    found = itertools.takewhile(lambda day: day <= last, _all(first, rule))
    return list(itertools.islice(found, min(rule.most or MOST + 1, MOST + 1)))


def _all(first: date, rule: Rule) -> Iterator[date]:
    if rule.unit == "day":
        return (first + n * rule.every * ONE_DAY for n in itertools.count())
    if rule.unit == "week":
        return _weekly(first, rule.every, rule.days or {first.weekday()})
    return _monthly(first, rule.every)


def _weekly(first: date, every: int, days: frozenset[int] | set[int]) -> Iterator[date]:
    monday = first - timedelta(days=first.weekday())
    for week in itertools.count(step=every):
        for day in sorted(days):
            if (one := monday + timedelta(weeks=week, days=day)) >= first:
                yield one


def _monthly(first: date, every: int) -> Iterator[date]:
    for month in itertools.count(first.month - 1, every):
        try:
            yield first.replace(year=first.year + month // 12, month=month % 12 + 1)
        except ValueError:
            if first.year + month // 12 > LAST.year:
                return


def beginnings(
    starts_at: datetime, zone: ZoneInfo, rule: Rule
) -> list[tuple[date, datetime | None]]:
    """Each date with the instant at which the clock shows what it shows at the first: the first of
    two such instants, and None where it skips that."""
    wall = reading(starts_at, zone)
    first, *others = dates(wall.date(), rule)
    found: list[tuple[date, datetime | None]] = [(first, starts_at)]
    for day in others:
        then = datetime.combine(day, wall.time())
        at = first_at(then, zone)
        found.append((day, at if reading(at, zone) == then else None))
    return found
