"""Starts of hours, once from their openings and once by walking the clock minute by minute."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.booking.calendar.hours.windows import Hours, Opening, Schedule, Weekly, openings

MINUTE = timedelta(minutes=1)
EVERY_DAY = frozenset(range(7))


def always(hours: Hours) -> Schedule:
    """These hours every day."""
    return Schedule((Weekly(EVERY_DAY, hours),))


def starts(found: Iterator[Opening], minutes: int, step: int) -> list[datetime]:
    """What may start in openings, as the database works it out."""
    begins = []
    for one in found:
        every = timedelta(minutes=step)
        at = one.anchor_at + every * -((one.anchor_at - one.starts_at) // every)
        while at < one.stops_at and at + timedelta(minutes=minutes) <= one.ends_at:
            begins.append(at)
            at += every
    return begins


def opened(hours: Hours, zone: str, day: date, minutes: int, step: int) -> list[datetime]:
    """What may start in the hours of one day."""
    found = openings(always(hours), ZoneInfo(zone), day, day)
    return starts(found, minutes, step)


def wall_of(zone: ZoneInfo, day: date) -> list[tuple[datetime, datetime]]:
    """Each minute from two days before a day to three days after, and what the wall shows then."""
    first = datetime.combine(day, time(), UTC) - timedelta(days=2)
    instants = (first + n * MINUTE for n in range(5 * 24 * 60))
    return [(at, at.astimezone(zone).replace(tzinfo=None, fold=0)) for at in instants]


def walked(
    wall: list[tuple[datetime, datetime]], hours: Hours, day: date, minutes: int, step: int
) -> list[datetime]:
    """What may start in the hours of one day, by a walk along the wall."""
    if not any(shown.date() == day for _, shown in wall):
        return []
    opens, closes = datetime.combine(day, hours.opens), datetime.combine(day, hours.closes)
    closes += timedelta(days=1) if closes <= opens else timedelta()
    begins = next(at for at, shown in wall if shown >= opens)
    ends = next(at for at, shown in wall if shown >= closes)
    first: dict[datetime, datetime] = {}
    for at, shown in wall:
        if begins <= at < ends and shown >= opens:
            first.setdefault(shown, at)
    every = timedelta(minutes=step)
    return [
        at
        for shown, at in first.items()
        if (shown - opens) % every == timedelta() and at + timedelta(minutes=minutes) <= ends
    ]
