"""What the hours of a schedule mean as instants. Pure.

A window opens at the first instant whose reading is at or after `opens`, and closes at the first
one at or after `closes`. Starts lie on `opens` + k * step as read on the wall: a reading that is
skipped is left out, one that comes twice is offered the first time. What starts takes its real
minutes.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.booking.calendar.hours.clock import (
    ONE_DAY,
    ahead,
    change,
    has_day,
    next_reading,
    placed,
    steady,
)
from service.errors import InvalidFields

WEEK = timedelta(days=7)
SOME_DAY = date(2024, 1, 1)


class Hours(NamedTuple):
    """From one wall-clock time to another, which at or before the first is on the next day; for
    some services, or for all."""

    opens: time
    closes: time
    services: tuple[int, ...] | None = None

    def __str__(self) -> str:
        closes = f"{self.closes:%H:%M}" if self.closes > time() else "24:00"
        return f"{self.opens:%H:%M}-{closes}"


class Weekly(NamedTuple):
    """Hours of some weekdays (0 is Monday), from a day until another, both included."""

    weekdays: frozenset[int]
    hours: Hours
    from_day: date | None = None
    until_day: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is about this day."""
        return (
            day.weekday() in self.weekdays
            and (self.from_day is None or self.from_day <= day)
            and (self.until_day is None or day <= self.until_day)
        )


class Special(NamedTuple):
    """The hours of one day, in place of the weekly ones; without any it is closed."""

    day: date
    hours: tuple[Hours, ...] = ()
    reason: str = ""


class Schedule(NamedTuple):
    """What somebody wrote of when a provider works."""

    weekly: tuple[Weekly, ...] = ()
    days: tuple[Special, ...] = ()


class Opening(NamedTuple):
    """A window, or the part of it before or after the clocks change, in UTC.

    Starts are allowed in [starts_at, stops_at) at anchor_at + k * step, and end by ends_at. The day
    is that on which the window opens.
    """

    day: date
    starts_at: datetime
    stops_at: datetime
    ends_at: datetime
    anchor_at: datetime
    services: tuple[int, ...] | None


class _Window(NamedTuple):
    """Hours of a day as readings, and where they were written."""

    begins: datetime
    ends: datetime
    name: str
    hours: Hours


def openings(schedule: Schedule, zone: ZoneInfo, first: date, last: date) -> Iterator[Opening]:
    """The openings of the days from the first to the last, both included, oldest first."""
    special = {one.day: one for one in schedule.days}
    for day in _days(first, last):
        hours = special[day].hours if day in special else _weekly(schedule, day)
        for one in sorted(hours, key=lambda one: one.opens):
            yield from _opened(day, one, zone)


def _weekly(schedule: Schedule, day: date) -> tuple[Hours, ...]:
    return tuple(one.hours for one in schedule.weekly if one.holds(day))


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _opened(day: date, hours: Hours, zone: ZoneInfo) -> Iterator[Opening]:
    opens = datetime.combine(day, hours.opens)
    offset = steady(day, zone)
    if offset is not None:
        begins = (opens - offset).replace(tzinfo=UTC)
        ends = (next_reading(opens, hours.closes) - offset).replace(tzinfo=UTC)
        yield Opening(day, begins, ends, ends, begins, hours.services)
        return
    begins, first = placed(opens, zone)
    if begins.replace(tzinfo=None) + first != opens and not has_day(day, zone):
        return
    ends, _ = placed(next_reading(opens, hours.closes), zone)
    shown = opens
    for starts, stops, offset in _stretches(begins, ends, first, zone):
        unseen = max(starts, (shown - offset).replace(tzinfo=UTC))
        if unseen < stops:
            anchor = (opens - offset).replace(tzinfo=UTC)
            yield Opening(day, unseen, stops, ends, anchor, hours.services)
        shown = max(shown, (stops + offset).replace(tzinfo=None))


def _stretches(
    begins: datetime, ends: datetime, offset: timedelta, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The parts of a time, each with how far the wall is ahead of UTC throughout; at its begin it
    is so far."""
    last = ahead(ends, zone)
    changes = ends if offset == last else change(begins, ends, zone)
    if begins < ends:
        yield begins, changes, offset
    if changes < ends:
        yield changes, ends, last


def check(schedule: Schedule) -> None:
    """Raises InvalidFields where a day stands twice, or two windows share a time, as over midnight
    they may; it names both."""
    errors: dict[str, list[str]] = {}
    seen: dict[date, int] = {}
    for n, one in enumerate(schedule.days):
        if seen.setdefault(one.day, n) != n:
            errors[f"days.{n}.date"] = [f"days.{seen[one.day]} is about the same day."]
    for n, rule in enumerate(schedule.weekly):
        if rule.from_day and rule.until_day and rule.until_day < rule.from_day:
            errors[f"weekly.{n}.until"] = ["Must not be before from."]
    if not errors:
        errors = _overlaps(schedule)
    if errors:
        raise InvalidFields(errors)


def _overlaps(schedule: Schedule) -> dict[str, list[str]]:
    special = {one.day: (n, one) for n, one in enumerate(schedule.days)}
    windows = [
        window
        for day in _telling(schedule)
        for window in (_of_special(*special[day]) if day in special else _of_weekly(schedule, day))
    ]
    windows.sort(key=lambda one: (one.begins, one.ends, one.name))
    errors: dict[str, list[str]] = {}
    for one, other in itertools.pairwise(windows):
        if other.begins < one.ends:
            errors.setdefault(other.name, [_says(other, one)])
    return errors


def _says(one: _Window, other: _Window) -> str:
    return (
        f"{one.hours} on {one.begins:%Y-%m-%d} overlaps "
        f"{other.hours} on {other.begins:%Y-%m-%d} of {other.name}."
    )


def _of_special(n: int, one: Special) -> Iterator[_Window]:
    for k, hours in enumerate(one.hours):
        yield _window(one.day, hours, f"days.{n}.hours.{k}")


def _of_weekly(schedule: Schedule, day: date) -> Iterator[_Window]:
    for n, rule in enumerate(schedule.weekly):
        if rule.holds(day):
            yield _window(day, rule.hours, f"weekly.{n}")


def _window(day: date, hours: Hours, name: str) -> _Window:
    opens = datetime.combine(day, hours.opens)
    return _Window(opens, next_reading(opens, hours.closes), name, hours)


def _telling(schedule: Schedule) -> list[date]:
    """Days that show every two windows which ever meet: a week where rules begin or end, or
    anywhere if they never do, and the neighbours of special days."""
    edges = {SOME_DAY, *(edge for one in schedule.weekly for edge in one[2:] if edge)}
    days = {day for edge in edges for day in _days(edge - WEEK - ONE_DAY, edge + WEEK + ONE_DAY)}
    for one in schedule.days:
        days.update(_days(one.day - ONE_DAY, one.day + ONE_DAY))
    return sorted(days)
