"""Hours as people write them into a file, a line for each of the weekly ones and for each day.

mon-fri 09:00-13:00, 14:00-18:00
sat 10:00-14:00 for 3+4 from 2027-01-01 until 2027-06-30
2027-12-24 closed Christmas Eve
"""

import argparse
import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby

from service.booking.calendar.hours.document import WEEKDAYS
from service.booking.calendar.hours.windows import Hours, Schedule, Special, Weekly
from service.cli import values

HOURS = r"[\d:]+-[\d:]+(?: for \d+(?:\+\d+)*)?"
LIST = rf"{HOURS}(?:, ?{HOURS})*"
DAY = re.compile(rf"(?P<day>\d[\d-]*) (?:closed|(?P<hours>{LIST}))(?: (?P<reason>.+))?")
WEEKLY = re.compile(
    rf"(?P<days>[a-z,-]+) (?P<hours>{LIST})(?: from (?P<first>\S+))?(?: until (?P<last>\S+))?",
    re.IGNORECASE,
)


class BadLine(ValueError):
    """A line that says nothing about hours; in words."""


def read(text: str) -> Schedule:
    """The schedule of a text; what follows # is a comment. Raises BadLine."""
    weekly: list[Weekly] = []
    days: list[Special] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = " ".join(line.partition("#")[0].split())
        try:
            if match := DAY.fullmatch(words):
                hours = tuple(_hours(match["hours"] or ""))
                days.append(Special(values.day(match["day"]), hours, match["reason"] or ""))
            elif match := WEEKLY.fullmatch(words):
                weekly += _weekly(match)
            elif words:
                raise BadLine("it is not like mon-fri 09:00-17:00, or 2027-12-24 closed Christmas")
        except (argparse.ArgumentTypeError, BadLine) as error:
            raise BadLine(f"line {number}: {error}.") from None
    return Schedule(tuple(weekly), tuple(sorted(days)))


def _weekly(match: re.Match[str]) -> Iterator[Weekly]:
    first, last = (values.day(match[name]) if match[name] else None for name in ("first", "last"))
    for hours in _hours(match["hours"]):
        yield Weekly(values.days(match["days"]), hours, first, last)


def _hours(text: str) -> Iterator[Hours]:
    for one in re.findall(HOURS, text):
        times, _, services = one.partition(" for ")
        opens, _, closes = times.partition("-")
        wanted = tuple(map(int, services.split("+"))) if services else None
        yield Hours(values.clock(opens), values.closing(closes), wanted)


def write(schedule: Schedule) -> str:
    """The lines of a schedule, which read() takes back."""
    lines = [
        " ".join([_days(weekdays), _listed([rule.hours for rule in rules]), *_bounds(*bounds)])
        for (weekdays, *bounds), rules in _alike(schedule)
    ]
    lines += [
        " ".join(filter(None, [f"{one.day}", _listed(one.hours) or "closed", one.reason]))
        for one in schedule.days
    ]
    return "\n".join(lines)


def _alike(
    schedule: Schedule,
) -> Iterator[tuple[tuple[frozenset[int], date | None, date | None], list[Weekly]]]:
    """Rules that follow each other and are about the same days."""
    for key, rules in groupby(
        schedule.weekly, key=lambda one: (one.weekdays, one.from_day, one.until_day)
    ):
        yield key, list(rules)


def _days(weekdays: frozenset[int]) -> str:
    """mon-fri for days in a row, else mon,wed."""
    found = sorted(weekdays)
    if len(found) > 2 and found == list(range(found[0], found[-1] + 1)):
        return f"{WEEKDAYS[found[0]]}-{WEEKDAYS[found[-1]]}"
    return ",".join(WEEKDAYS[one] for one in found)


def _listed(hours: list[Hours] | tuple[Hours, ...]) -> str:
    return ", ".join(
        f"{one} for {'+'.join(map(str, one.services))}" if one.services else f"{one}"
        for one in hours
    )


def _bounds(first: date | None, last: date | None) -> Iterator[str]:
    if first:
        yield f"from {first}"
    if last:
        yield f"until {last}"
