"""Hours on a wall clock, read minute by minute."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.booking.calendar.hours.windows import Hours, Schedule

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MIDNIGHT = time()
zone_of = cache(ZoneInfo)


class Window(NamedTuple):
    """Hours of a day: from and to which reading, and which instants those are."""

    day: date
    opens: datetime
    begins: datetime
    ends: datetime
    hours: Hours


def reading(at: datetime, zone: str) -> datetime:
    """What the wall shows."""
    return at.astimezone(zone_of(zone)).replace(tzinfo=None, fold=0)


def comes_again(at: datetime, zone: str) -> bool:
    """Whether the wall has shown this reading before."""
    return at.astimezone(zone_of(zone)).fold == 1


@lru_cache(200_000)
def first_at(shown: datetime, zone: str) -> datetime:
    """The first minute at which the wall shows this reading, or else a later one."""
    at = shown.replace(tzinfo=zone_of(zone)).astimezone(UTC)
    if reading(at, zone) - reading(at - 3 * HOUR, zone) == 3 * HOUR:
        return at  # no clock has changed shortly before
    at -= 3 * HOUR
    while reading(at, zone) < shown:
        at += MINUTE
    return at


def day_begins(day: date, zone: str) -> datetime:
    """The first minute of a day, or where there is no such day of the next."""
    return first_at(datetime.combine(day, MIDNIGHT), zone)


@lru_cache(100_000)
def windows(schedule: Schedule, zone: str, day: date) -> tuple[Window, ...]:
    """The windows that open on a day."""
    if reading(day_begins(day, zone), zone).date() != day:
        return ()
    return tuple(_window(day, hours, zone) for hours in _hours(schedule, day))


def _window(day: date, hours: Hours, zone: str) -> Window:
    opens, closes = (datetime.combine(day, one) for one in (hours.opens, hours.closes))
    closes += DAY if closes <= opens else timedelta()
    return Window(day, opens, first_at(opens, zone), first_at(closes, zone), hours)


def _hours(schedule: Schedule, day: date) -> tuple[Hours, ...]:
    for special in schedule.days:
        if special.day == day:
            return special.hours
    return tuple(
        rule.hours
        for rule in schedule.weekly
        if day.weekday() in rule.weekdays
        and (rule.from_day or day) <= day <= (rule.until_day or day)
    )


def window_at(schedule: Schedule, zone: str, at: datetime, service_id: int) -> Window | None:
    """The window for a service in which something may begin then."""
    shown = reading(at, zone)
    days = (shown.date(), shown.date() - DAY)
    for window in (one for day in days for one in windows(schedule, zone, day)):
        if window.begins <= at < window.ends and shown >= window.opens:
            fits = window.hours.services is None or service_id in window.hours.services
            return window if fits and not comes_again(at, zone) else None
    return None


def starts(
    schedule: Schedule, zone: str, step: timedelta, from_at: datetime, to_at: datetime
) -> Iterator[datetime]:
    """Whatever a window may begin with, each reading once, from an instant to before another."""
    day, last = reading(from_at, zone).date() - 2 * DAY, reading(to_at, zone).date()
    while day <= last:
        for window in windows(schedule, zone, day):
            shown = window.opens
            while (at := first_at(shown, zone)) < window.ends:
                if from_at <= at < to_at and reading(at, zone) == shown:
                    yield at
                shown += step
        day += DAY
