"""What a clock on the wall shows, and when it shows something. Pure.

An instant is in UTC; a reading is what the wall shows, without a zone.
"""

import functools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def reading(at: datetime, zone: ZoneInfo) -> datetime:
    """What the wall shows at an instant."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def ahead(at: datetime, zone: ZoneInfo) -> timedelta:
    """By how much the wall is ahead of UTC at an instant."""
    return reading(at, zone) - at.replace(tzinfo=None)


def first_at(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the wall shows this reading, or a later one where it skips it."""
    return placed(wall, zone)[0]


def placed(wall: datetime, zone: ZoneInfo) -> tuple[datetime, timedelta]:
    """The same, and by how much the wall is ahead of UTC then."""
    there = wall.replace(tzinfo=zone)
    offset, other = there.utcoffset(), there.replace(fold=1).utcoffset()
    assert offset is not None
    assert other is not None
    at = (wall - offset).replace(tzinfo=UTC)
    if offset < other:  # it is skipped (PEP 495)
        return change((wall - other).replace(tzinfo=UTC), at, zone), other
    return at, offset


@functools.lru_cache(maxsize=2048)
def steady(day: date, zone: ZoneInfo) -> timedelta | None:
    """By how much the wall is ahead of UTC from a day's midnight to that of the third day after it;
    None where that changes."""
    first, last = (datetime.combine(one, time(), zone) for one in (day, day + 3 * ONE_DAY))
    offset = first.utcoffset()
    return offset if offset == last.utcoffset() else None


def change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first instant after the lower one that is as far ahead of UTC as the higher one."""
    after = ahead(high, zone)
    while high - low > SECOND:
        middle = low + SECOND * ((high - low) // SECOND // 2)
        low, high = (low, middle) if ahead(middle, zone) == after else (middle, high)
    return high


def has_day(day: date, zone: ZoneInfo) -> bool:
    """Whether the wall ever shows this day."""
    return reading(first_at(datetime.combine(day, time()), zone), zone).date() == day


def next_reading(wall: datetime, clock: time) -> datetime:
    """The next reading at this time of day: 24 hours later for the same time."""
    same = datetime.combine(wall.date(), clock)
    return same if same > wall else same + ONE_DAY
