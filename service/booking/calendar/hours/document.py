"""A schedule as it is kept, and as it is shown."""

import json
from collections.abc import Iterator
from datetime import date, time
from itertools import groupby
from typing import Any, Literal, get_args

from service.booking.calendar.hours.windows import Hours, Schedule, Special, Weekly

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
MIDNIGHT = "24:00"  # at the end of a day


def kept(rules: str, days: str) -> Schedule:
    """The schedule of two lists of rows, as JSON."""
    special = groupby(json.loads(days), key=lambda row: row["day"])
    return Schedule(
        tuple(map(_weekly, json.loads(rules))),
        tuple(_special(day, list(rows)) for day, rows in special),
    )


def _weekly(row: dict[str, Any]) -> Weekly:
    weekdays = frozenset(one - 1 for one in row["weekdays"])
    return Weekly(weekdays, _hours(row), _day(row["from_day"]), _day(row["until_day"]))


def _special(day: str, rows: list[dict[str, Any]]) -> Special:
    hours = tuple(_hours(row) for row in rows if row["opens"])
    return Special(date.fromisoformat(day), hours, rows[0]["reason"])


def _hours(row: dict[str, Any]) -> Hours:
    services = row["service_ids"]
    opens, closes = time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"])
    return Hours(opens, closes, None if services is None else tuple(services))


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def rows(schedule: Schedule) -> dict[str, str]:
    """The two lists of rows in which a schedule is kept, as JSON."""
    rules = [
        {"n": n, "weekdays": [one + 1 for one in sorted(rule.weekdays)]}
        | _hours_row(rule.hours)
        | {"from_day": _text(rule.from_day), "until_day": _text(rule.until_day)}
        for n, rule in enumerate(schedule.weekly)
    ]
    return {"rules": json.dumps(rules), "days": json.dumps(list(_day_rows(schedule)))}


def _day_rows(schedule: Schedule) -> Iterator[dict[str, Any]]:
    """A row for each of the hours of a day, or one without any."""
    shut = {"opens": None, "closes": None, "service_ids": None}
    for one in schedule.days:
        for n, row in enumerate([_hours_row(hours) for hours in one.hours] or [shut]):
            yield {"day": one.day.isoformat(), "n": n, "reason": one.reason} | row


def _hours_row(hours: Hours) -> dict[str, Any]:
    opens, closes = hours.opens.isoformat(), hours.closes.isoformat()
    return {"opens": opens, "closes": closes, "service_ids": hours.services}


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def shown(schedule: Schedule) -> dict[str, Any]:
    """The part of a schedule's document that somebody wrote."""
    return {
        "weekly": [
            {"days": [WEEKDAYS[one] for one in sorted(rule.weekdays)]}
            | _hours_shown(rule.hours)
            | _given({"from": _text(rule.from_day), "until": _text(rule.until_day)})
            for rule in schedule.weekly
        ],
        "days": [
            {"date": one.day.isoformat(), "hours": [_hours_shown(hours) for hours in one.hours]}
            | _given({"reason": one.reason})
            for one in schedule.days
        ],
    }


def _hours_shown(hours: Hours) -> dict[str, Any]:
    opens, _, closes = str(hours).partition("-")
    return {"opens": opens, "closes": closes} | _given({"services": hours.services})


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
