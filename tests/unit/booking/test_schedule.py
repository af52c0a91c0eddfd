"""booking/calendar/schedule.py: weekly rules, across every change of the clocks."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.booking.calendar.schedule import Interval, Rule, intervals

EVERY_DAY = frozenset(range(7))
BERLIN = "Europe/Berlin"
MONDAY = date(2027, 1, 4)
SPRING = date(2027, 3, 28)  # 02:00 is 03:00
AUTUMN = date(2027, 10, 31)  # 03:00 is 02:00 once more


def _rule(opens: str, closes: str, minutes: int, zone: str = BERLIN) -> Rule:
    every = timedelta(minutes=minutes)
    return Rule(EVERY_DAY, time.fromisoformat(opens), time.fromisoformat(closes), every, zone)


def _walls(rule: Rule, day: date) -> list[str]:
    """The wall-clock times at which the day's intervals begin."""
    zone = ZoneInfo(rule.zone)
    return [f"{one.starts_at.astimezone(zone):%H:%M}" for one in intervals(rule, day, day)]


def test_a_day_of_slots() -> None:
    assert list(intervals(_rule("09:00", "10:00", 30), MONDAY, MONDAY)) == [
        Interval(datetime(2027, 1, 4, 8, 0, tzinfo=UTC), datetime(2027, 1, 4, 8, 30, tzinfo=UTC)),
        Interval(datetime(2027, 1, 4, 8, 30, tzinfo=UTC), datetime(2027, 1, 4, 9, 0, tzinfo=UTC)),
    ]


def test_what_does_not_fit_before_closing_is_left_out() -> None:
    assert _walls(_rule("09:00", "10:10", 25), MONDAY) == ["09:00", "09:25"]
    assert _walls(_rule("09:00", "09:20", 25), MONDAY) == []
    assert _walls(_rule("09:00", "09:25", 25), MONDAY) == ["09:00"]


def test_only_the_days_of_the_rule() -> None:
    rule = _rule("09:00", "10:00", 60)._replace(days=frozenset({0, 4}))
    found = [one.starts_at.date() for one in intervals(rule, MONDAY, MONDAY + timedelta(days=13))]
    assert found == [date(2027, 1, day) for day in (4, 8, 11, 15)]


def test_the_last_day_is_included_and_an_empty_range_is_empty() -> None:
    rule = _rule("09:00", "10:00", 60)
    assert len(list(intervals(rule, MONDAY, MONDAY + timedelta(days=1)))) == 2
    assert list(intervals(rule, MONDAY, MONDAY - timedelta(days=1))) == []


def test_the_wall_clock_stays_when_the_clocks_change() -> None:
    rule = _rule("09:00", "10:00", 60)
    found = list(intervals(rule, SPRING - timedelta(days=1), SPRING))
    assert [one.starts_at.hour for one in found] == [8, 7]
    found = list(intervals(rule, AUTUMN - timedelta(days=1), AUTUMN))
    assert [one.starts_at.hour for one in found] == [7, 8]


def test_what_summer_time_skips_is_left_out() -> None:
    assert _walls(_rule("01:00", "04:00", 30), SPRING) == ["01:00", "01:30", "03:00", "03:30"]
    assert _walls(_rule("02:00", "03:00", 15), SPRING) == []
    assert _walls(_rule("02:15", "04:15", 30), SPRING) == ["03:15", "03:45"]


def test_a_slot_over_the_gap_keeps_its_length() -> None:
    (first, *rest) = intervals(_rule("01:30", "06:00", 90), SPRING, SPRING)
    assert first.ends_at - first.starts_at == timedelta(minutes=90)
    assert first.ends_at == datetime(2027, 3, 28, 2, 0, tzinfo=UTC)  # 04:00 on the wall
    assert [one.starts_at.hour for one in rest] == [2]  # 04:30 on the wall


def test_what_is_repeated_is_opened_once_the_first_time_round() -> None:
    rule = _rule("01:00", "04:00", 30)
    assert _walls(rule, AUTUMN) == ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"]
    hours = [one.starts_at.hour for one in intervals(rule, AUTUMN, AUTUMN)]
    assert hours == [23, 23, 0, 0, 2, 2]


@pytest.mark.parametrize(("day", "count"), [(MONDAY, 48), (SPRING, 46), (AUTUMN, 48)])
def test_a_day_round_the_clock(day: date, count: int) -> None:
    assert len(_walls(_rule("00:00", "00:00", 30), day)) == count


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    rule = _rule("22:00", "02:00", 60)._replace(days=frozenset({0}))
    found = list(intervals(rule, MONDAY, MONDAY + timedelta(days=1)))
    assert [one.starts_at.hour for one in found] == [21, 22, 23, 0]
    assert found[-1].ends_at == datetime(2027, 1, 5, 1, 0, tzinfo=UTC)


def test_nights_in_which_the_clocks_change() -> None:
    rule = _rule("23:00", "05:00", 60)
    walls = ["23:00", "00:00", "01:00", "02:00", "03:00", "04:00"]
    assert _walls(rule, AUTUMN - timedelta(days=1)) == walls
    assert _walls(rule, SPRING - timedelta(days=1)) == [wall for wall in walls if wall != "02:00"]


@pytest.mark.parametrize(
    ("zone", "day", "walls"),
    [
        ("Australia/Lord_Howe", date(2027, 10, 3), ["01:30", "02:30", "03:00"]),  # by half an hour
        ("Pacific/Apia", date(2011, 12, 30), []),  # the day that Samoa skipped
        ("Asia/Kathmandu", MONDAY, ["01:30", "02:00", "02:30", "03:00"]),
    ],
)
def test_odd_zones(zone: str, day: date, walls: list[str]) -> None:
    assert _walls(_rule("01:30", "03:30", 30, zone), day) == walls


@settings(derandomize=True, database=None, deadline=None)
@given(
    opens=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    closes=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    minutes=st.integers(5, 600),
    zone=st.sampled_from(
        [BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll"]
    ),
    first=st.sampled_from([SPRING, AUTUMN, date(2027, 4, 4), date(2027, 11, 7), MONDAY]),
)
def test_intervals_come_in_order_never_overlap_and_are_as_long_as_asked(
    opens: time, closes: time, minutes: int, zone: str, first: date
) -> None:
    rule = Rule(EVERY_DAY, opens, closes, timedelta(minutes=minutes), zone)
    found = list(intervals(rule, first - timedelta(days=2), first + timedelta(days=2)))
    for one in found:
        assert one.ends_at - one.starts_at == rule.every
        assert one.starts_at.tzinfo is UTC
    for one, following in itertools.pairwise(found):
        assert one.ends_at <= following.starts_at
