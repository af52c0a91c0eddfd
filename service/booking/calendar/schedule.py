"""Turning a weekly rule on a wall clock into the instants of its slots. Pure."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service.booking.calendar.hours.clock import ONE_DAY, first_at, next_reading, reading


class Interval(NamedTuple):
    """Half-open [starts_at, ends_at), in UTC."""

    starts_at: datetime
    ends_at: datetime


class Break(NamedTuple):
    """From one wall-clock time to another, every day of a rule."""

    begins: time
    ends: time


class Rule(NamedTuple):
    """On these weekdays (0 is Monday), from one wall-clock time to another, every so often.

    Not in its breaks, after each of which it starts anew, and not on the days that it skips.
    """

    days: frozenset[int]
    opens: time
    closes: time
    every: timedelta
    zone: str
    breaks: tuple[Break, ...] = ()
    skips: frozenset[date] = frozenset()


class ClockChange(NamedTuple):
    """A day on which the clocks change while a rule is open: how many of its slots are left out,
    and how many begin at a time that comes twice."""

    day: date
    left_out: int
    doubled: int


class _Placed(NamedTuple):
    """What the rule opens at a time on the wall; no interval where there is no such time."""

    day: date
    interval: Interval | None
    doubled: bool


def intervals(rule: Rule, first: date, last: date) -> Iterator[Interval]:
    """The intervals the rule opens from the first to the last day, both included, oldest first.

    Each begins at a wall-clock time that exists: what a change to summer time skips is left out,
    and what the change back repeats is opened once, the first time round.
    """
    return (one.interval for one in _placed(rule, first, last) if one.interval)


def clock_changes(rule: Rule, first: date, last: date) -> list[ClockChange]:
    """The days on which a change of the clocks matters to the rule, oldest first."""
    found = []
    for day, placed in itertools.groupby(_placed(rule, first, last), key=lambda one: one.day):
        slots = list(placed)
        left_out = sum(one.interval is None for one in slots)
        doubled = sum(one.doubled for one in slots)
        if left_out or doubled:
            found.append(ClockChange(day, left_out, doubled))
    return found


def _placed(rule: Rule, first: date, last: date) -> Iterator[_Placed]:
    zone = ZoneInfo(rule.zone)
    free_from = datetime.min.replace(tzinfo=UTC)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day.weekday() not in rule.days or day in rule.skips:
            continue
        for wall in _walls(rule, day):
            starts_at = first_at(wall, zone)
            if reading(starts_at, zone) != wall or starts_at < free_from:
                yield _Placed(day, None, False)
                continue
            free_from = starts_at + rule.every
            doubled = starts_at != wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
            yield _Placed(day, Interval(starts_at, free_from), doubled)


def _walls(rule: Rule, day: date) -> Iterator[datetime]:
    """The times on the wall at which a day's slots begin, whether they exist or not."""
    for opens, closes in _windows(rule, day):
        wall = opens
        while wall + rule.every <= closes:
            yield wall
            wall += rule.every


def _windows(rule: Rule, day: date) -> Iterator[tuple[datetime, datetime]]:
    """What is left of a day, or a night, without its breaks."""
    opens = datetime.combine(day, rule.opens)
    closes = next_reading(opens, rule.closes)
    for one in sorted(rule.breaks, key=lambda one: _at_or_after(opens, one.begins)):
        begins = _at_or_after(datetime.combine(day, rule.opens), one.begins)
        if opens < begins:
            yield opens, min(begins, closes)
        opens = max(opens, next_reading(begins, one.ends))
    if opens < closes:
        yield opens, closes


def _at_or_after(at: datetime, clock: time) -> datetime:
    """When the wall clock shows this time, from an instant on."""
    same = datetime.combine(at.date(), clock)
    return same if same >= at else same + ONE_DAY
