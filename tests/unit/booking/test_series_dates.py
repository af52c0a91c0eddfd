"""booking/appointment/sets/dates.py: which dates, and when on each."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from service.booking.appointment.sets.dates import Rule, beginnings, dates

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2027, 1, 4)


@pytest.mark.parametrize(("rule", "wanted"), [
    (Rule(most=3), ["2027-01-04", "2027-01-11", "2027-01-18"]),
    (Rule(every=2, most=3), ["2027-01-04", "2027-01-18", "2027-02-01"]),
    (Rule(every=2, days=frozenset({0, 4}), most=4),
     ["2027-01-04", "2027-01-08", "2027-01-18", "2027-01-22"]),
    (Rule(every=3, unit="day", until=date(2027, 1, 10)),
     ["2027-01-04", "2027-01-07", "2027-01-10"]),
    (Rule(unit="month", most=3), ["2027-01-04", "2027-02-04", "2027-03-04"]),
    (Rule(until=MONDAY), ["2027-01-04"]),
])  # fmt: skip
def test_a_rule_has_dates(rule: Rule, wanted: list[str]) -> None:
    assert dates(MONDAY, rule) == list(map(date.fromisoformat, wanted))


def test_days_before_the_first_are_none_of_it() -> None:
    friday = date(2027, 1, 8)
    rule = Rule(days=frozenset({0, 4}), most=3)
    assert dates(friday, rule) == [friday, date(2027, 1, 11), date(2027, 1, 15)]


def test_a_month_without_the_day_has_no_date() -> None:
    rule = Rule(unit="month", until=date(2027, 8, 1))
    assert [one.month for one in dates(date(2027, 1, 31), rule)] == [1, 3, 5, 7]
    leap = dates(date(2028, 2, 29), Rule(every=12, unit="month", most=2))
    assert leap == [date(2028, 2, 29), date(2032, 2, 29)]


def test_no_rule_goes_on_for_ever() -> None:
    assert len(dates(MONDAY, Rule(unit="day", until=date(9998, 1, 1)))) == 53
    assert dates(date(9998, 12, 31), Rule(unit="day", most=9)) == [date(9998, 12, 31)]
    assert len(dates(date(9998, 12, 30), Rule(unit="month", most=9))) == 1
    assert len(dates(date(9998, 12, 30), Rule(most=9))) == 1


def test_each_begins_when_the_clock_shows_the_same() -> None:
    first = datetime(2027, 3, 7, 7, 30, tzinfo=UTC)  # 02:30, a week before it is skipped
    begins = beginnings(first, NEW_YORK, Rule(most=3))
    assert begins == [
        (date(2027, 3, 7), first),
        (date(2027, 3, 14), None),
        (date(2027, 3, 21), datetime(2027, 3, 21, 6, 30, tzinfo=UTC)),
    ]


def test_of_two_that_show_the_same_it_is_the_first_but_for_the_first_date() -> None:
    later = datetime(2027, 11, 7, 6, 30, tzinfo=UTC)  # the second 01:30 of that day
    assert beginnings(later, NEW_YORK, Rule(most=2))[0] == (date(2027, 11, 7), later)
    before = datetime(2027, 10, 31, 5, 30, tzinfo=UTC)
    assert beginnings(before, NEW_YORK, Rule(most=2))[1] == (
        date(2027, 11, 7), datetime(2027, 11, 7, 5, 30, tzinfo=UTC),
    )  # fmt: skip
