"""Turning a weekly rule on a wall clock into the instants of its slots. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Interval(NamedTuple):
    """Half-open [starts_at, ends_at), in UTC."""

    starts_at: datetime
    ends_at: datetime


class Rule(NamedTuple):
    """On these weekdays (0 is Monday), from one wall-clock time to another, every so often."""

    days: frozenset[int]
    opens: time
    closes: time
    every: timedelta
    zone: str


def intervals(rule: Rule, first: date, last: date) -> Iterator[Interval]:
    """The intervals the rule opens from the first to the last day, both included, oldest first.

    Each begins at a wall-clock time that exists: what a change to summer time skips is left out,
    and what the change back repeats is opened once, the first time round.
    """
    zone = ZoneInfo(rule.zone)
    day = first
    free_from = datetime.min.replace(tzinfo=UTC)
    while day <= last:
        if day.weekday() in rule.days:
            for one in _of_day(rule, zone, day):
                if one.starts_at >= free_from:
                    yield one
                    free_from = one.ends_at
        day += timedelta(days=1)


def _of_day(rule: Rule, zone: ZoneInfo, day: date) -> Iterator[Interval]:
    wall = datetime.combine(day, rule.opens)
    closes = datetime.combine(day, rule.closes)
    if closes <= wall:  # closes after midnight
        closes += timedelta(days=1)
    while wall + rule.every <= closes:
        starts_at = wall.replace(tzinfo=zone).astimezone(UTC)
        if starts_at.astimezone(zone).replace(tzinfo=None) == wall:
            yield Interval(starts_at, starts_at + rule.every)
        wall += rule.every
