"""booking/calendar/hours/windows.py: hours on a wall clock as instants, and no two at once."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.booking.calendar.hours.windows import (
    Hours,
    Opening,
    Schedule,
    Special,
    Weekly,
    check,
    openings,
)
from service.errors import InvalidFields
from tests.unit.booking.hours.walk import EVERY_DAY, always, opened, starts

NEW_YORK, LORD_HOWE = "America/New_York", "Australia/Lord_Howe"
CASABLANCA, APIA = "Africa/Casablanca", "Pacific/Apia"
MONDAY = date(2027, 1, 4)


def hours(text: str) -> Hours:
    """The hours of 09:00-17:00."""
    opens, _, closes = text.partition("-")
    return Hours(time.fromisoformat(opens), time.fromisoformat(closes.replace("24:", "00:")))


def walls(zone: str, day: str, text: str, minutes: int, step: int) -> str:
    """The readings at which something may start, of another day with that day's name before."""
    there, asked = ZoneInfo(zone), date.fromisoformat(day)
    found = [at.astimezone(there) for at in opened(hours(text), zone, asked, minutes, step)]
    return " ".join(f"{one:%H:%M}" if one.date() == asked else f"{one:%a %H:%M}" for one in found)


@pytest.mark.parametrize(
    ("zone", "day", "text", "minutes", "step", "expected"),
    [
        (NEW_YORK, "2027-03-14", "00:00-06:00", 60, 60, "00:00 01:00 03:00 04:00 05:00"),
        (NEW_YORK, "2027-03-14", "00:00-06:00", 45, 45,
         "00:00 00:45 01:30 03:00 03:45 04:30 05:15"),
        (NEW_YORK, "2027-03-14", "02:30-06:00", 30, 30, "03:00 03:30 04:00 04:30 05:00 05:30"),
        (NEW_YORK, "2027-03-14", "00:00-02:30", 30, 30, "00:00 00:30 01:00 01:30"),
        (NEW_YORK, "2027-11-07", "00:00-06:00", 60, 60, "00:00 01:00 02:00 03:00 04:00 05:00"),
        (NEW_YORK, "2027-11-07", "00:30-01:30", 30, 30, "00:30 01:00"),
        (NEW_YORK, "2027-11-06", "22:00-06:00", 60, 60,
         "22:00 23:00 Sun 00:00 Sun 01:00 Sun 02:00 Sun 03:00 Sun 04:00 Sun 05:00"),
        (LORD_HOWE, "2027-04-04", "00:00-06:00", 60, 60, "00:00 01:00 02:00 03:00 04:00 05:00"),
        (LORD_HOWE, "2027-10-03", "00:00-06:00", 60, 60, "00:00 01:00 03:00 04:00 05:00"),
        (CASABLANCA, "2026-02-15", "00:00-06:00", 60, 60, "00:00 01:00 02:00 03:00 04:00 05:00"),
        (CASABLANCA, "2026-03-22", "00:00-06:00", 60, 60, "00:00 01:00 03:00 04:00 05:00"),
        ("Africa/Cairo", "2027-04-30", "00:00-03:00", 60, 60, "01:00 02:00"),
        ("Africa/Cairo", "2027-04-29", "20:00-24:00", 60, 60, "20:00 21:00 22:00 23:00"),
        ("Asia/Beirut", "2027-03-28", "00:00-03:00", 60, 60, "01:00 02:00"),
        ("Asia/Beirut", "2027-03-27", "22:00-24:00", 60, 60, "22:00 23:00"),
        ("Europe/Dublin", "2027-10-31", "00:00-04:00", 60, 60, "00:00 01:00 02:00 03:00"),
        (APIA, "2011-12-29", "20:00-24:00", 60, 60, "20:00 21:00 22:00 23:00"),
        (APIA, "2011-12-30", "00:00-24:00", 60, 60, ""),
        (APIA, "2011-12-30", "22:00-06:00", 60, 60, ""),
        (APIA, "2011-12-31", "00:00-03:00", 60, 60, "00:00 01:00 02:00"),
        ("UTC", "2027-01-04", "22:00-24:00", 60, 60, "22:00 23:00"),
        ("UTC", "2027-01-04", "22:00-00:00", 60, 60, "22:00 23:00"),
        ("UTC", "2027-01-04", "22:00-02:00", 60, 60, "22:00 23:00 Tue 00:00 Tue 01:00"),
        ("UTC", "2027-01-04", "09:00-09:00", 480, 480, "09:00 17:00 Tue 01:00"),
        ("UTC", "2027-01-04", "09:00-10:00", 90, 30, ""),
        ("UTC", "2027-01-04", "09:00-12:00", 30, 240, "09:00"),
        ("UTC", "2027-01-04", "09:10-10:10", 20, 25, "09:10 09:35"),
    ],
)  # fmt: skip
def test_starts_lie_on_the_wall(
    zone: str, day: str, text: str, minutes: int, step: int, expected: str
) -> None:
    assert walls(zone, day, text, minutes, step) == expected


def test_an_hour_before_the_gap_lasts_until_after_it() -> None:
    _, second, *_ = opened(hours("00:00-06:00"), NEW_YORK, date(2027, 3, 14), 60, 60)
    ends = (second + timedelta(hours=1)).astimezone(ZoneInfo(NEW_YORK))
    assert f"{ends:%H:%M}" == "03:00"


def test_business_hours_of_a_changing_day_have_its_later_offset() -> None:
    found = opened(hours("09:00-17:00"), NEW_YORK, date(2027, 3, 14), 60, 60)
    assert found[0] == datetime(2027, 3, 14, 13, tzinfo=UTC)
    assert len(found) == 8


def test_what_comes_twice_is_offered_the_first_time() -> None:
    first, second, third, *_ = opened(hours("00:00-06:00"), NEW_YORK, date(2027, 11, 7), 60, 60)
    assert (first.hour, second.hour, third.hour) == (4, 5, 7)
    found = opened(hours("00:30-01:30"), NEW_YORK, date(2027, 11, 7), 30, 30)
    assert found == [datetime(2027, 11, 7, 4, 30, tzinfo=UTC), datetime(2027, 11, 7, 5, tzinfo=UTC)]


def test_a_night_with_the_hour_that_comes_twice_has_nine_real_hours() -> None:
    first, second = openings(
        always(hours("22:00-06:00")), ZoneInfo(NEW_YORK), date(2027, 11, 6), date(2027, 11, 6)
    )
    assert first.ends_at - first.starts_at == timedelta(hours=9)
    assert second == Opening(
        first.day,
        datetime(2027, 11, 7, 7, tzinfo=UTC),
        first.ends_at,
        first.ends_at,
        datetime(2027, 11, 7, 3, tzinfo=UTC),
        None,
    )


def test_between_the_changes_of_ramadan_nine_is_nine_in_utc() -> None:
    found = opened(hours("09:00-10:00"), CASABLANCA, date(2026, 3, 1), 60, 60)
    assert found == [datetime(2026, 3, 1, 9, tzinfo=UTC)]


@pytest.mark.parametrize(("zone", "minute"), [("Asia/Kathmandu", 15), ("America/St_Johns", 30)])
def test_starts_are_on_the_quarter_hours_of_the_provider(zone: str, minute: int) -> None:
    found = opened(hours("09:00-12:00"), zone, MONDAY, 60, 60)
    assert [at.minute for at in found] == [minute] * 3


def test_a_start_at_midnight_belongs_to_the_next_day() -> None:
    two_days = openings(
        always(hours("00:00-24:00")), ZoneInfo("UTC"), MONDAY, MONDAY + timedelta(1)
    )
    first, second = two_days
    assert first.ends_at == second.starts_at == datetime(2027, 1, 5, tzinfo=UTC)
    assert starts(iter([first]), 60, 60)[-1] == datetime(2027, 1, 4, 23, tzinfo=UTC)


def test_a_day_of_its_own_replaces_the_weekly_hours() -> None:
    shut, short = Special(MONDAY), Special(MONDAY + timedelta(1), (hours("10:00-11:00"),))
    schedule = always(hours("09:00-17:00"))._replace(days=(shut, short))
    found = list(openings(schedule, ZoneInfo("UTC"), MONDAY, MONDAY + timedelta(2)))
    assert [(one.day.day, one.starts_at.hour) for one in found] == [(5, 10), (6, 9)]


def test_weekly_hours_are_those_of_their_weekdays_and_of_the_days_between_from_and_until() -> None:
    rule = Weekly(frozenset({0, 2}), hours("09:00-10:00"), date(2027, 1, 6), date(2027, 1, 13))
    found = openings(Schedule((rule,)), ZoneInfo("UTC"), date(2027, 1, 1), date(2027, 1, 31))
    assert [one.day.day for one in found] == [6, 11, 13]


def test_openings_say_for_which_services_they_are() -> None:
    some = hours("09:00-10:00")._replace(services=(3, 4))
    [one] = openings(always(some), ZoneInfo("UTC"), MONDAY, MONDAY)
    assert one.services == (3, 4)


def weekly(text: str, *weekdays: int, **days: date) -> Weekly:
    return Weekly(frozenset(weekdays) or EVERY_DAY, hours(text), **days)


NEW_YEAR, EVE = date(2028, 1, 1), date(2027, 12, 31)


@pytest.mark.parametrize(
    ("schedule", "named", "said"),
    [
        (Schedule((weekly("09:00-13:00", 0, 1), weekly("12:00-18:00", 1, 2))),
         "weekly.1", r"12:00-18:00 on \S+ overlaps 09:00-13:00 on \S+ of weekly.0"),
        (Schedule((weekly("22:00-06:00", 0), weekly("05:00-12:00", 1))),
         "weekly.1", r"05:00-12:00 on \S+ overlaps 22:00-06:00 on \S+ of weekly.0"),
        (Schedule((weekly("05:00-12:00", 0), weekly("22:00-06:00", 6))),
         "weekly.0", "of weekly.1"),
        (Schedule((weekly("09:00-09:00"), weekly("09:00-10:00", 4))), "weekly.0", "of weekly.1"),
        (Schedule((weekly("09:00-12:00", until_day=NEW_YEAR),
                   weekly("11:00-13:00", from_day=NEW_YEAR))), "weekly.1", "on 2028-01-01"),
        (Schedule((weekly("22:00-06:00", until_day=EVE),
                   weekly("05:00-12:00", from_day=NEW_YEAR))), "weekly.1", "on 2027-12-31"),
        (Schedule((), (Special(EVE, (hours("09:00-12:00"), hours("11:00-13:00"))),)),
         "days.0.hours.1", "of days.0.hours.0"),
        (Schedule((weekly("05:00-12:00"),), (Special(EVE, (hours("22:00-06:00"),)),)),
         "weekly.0", "on 2028-01-01 overlaps 22:00-06:00 on 2027-12-31 of days.0.hours.0"),
        (Schedule((weekly("22:00-06:00"),), (Special(EVE, (hours("04:00-09:00"),)),)),
         "days.0.hours.0", "of weekly.0"),
    ],
)  # fmt: skip
def test_two_windows_at_one_time_are_refused_and_both_are_named(
    schedule: Schedule, named: str, said: str
) -> None:
    with pytest.raises(InvalidFields) as refused:
        check(schedule)
    [message] = refused.value.errors[named]
    assert re.search(said, message), message


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule(),
        Schedule((weekly("09:00-13:00"), weekly("13:00-18:00"))),
        Schedule((weekly("22:00-06:00"), weekly("06:00-22:00"))),
        Schedule((weekly("09:00-12:00", until_day=EVE), weekly("11:00-13:00", from_day=NEW_YEAR))),
        Schedule((weekly("22:00-06:00"),), (Special(EVE, (hours("06:00-09:00"),)),)),
        Schedule(
            (weekly("22:00-06:00"),), (Special(EVE), Special(NEW_YEAR, (hours("00:00-24:00"),)))
        ),
    ],
)
def test_windows_that_only_touch_or_never_meet_are_fine(schedule: Schedule) -> None:
    check(schedule)


def test_a_day_that_stands_twice_is_refused() -> None:
    with pytest.raises(InvalidFields) as refused:
        check(Schedule((), (Special(EVE), Special(EVE, (hours("09:00-12:00"),)))))
    assert refused.value.errors == {"days.1.date": ["days.0 is about the same day."]}


def test_what_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InvalidFields) as refused:
        check(Schedule((weekly("09:00-12:00", from_day=NEW_YEAR, until_day=EVE),)))
    assert refused.value.errors == {"weekly.0.until": ["Must not be before from."]}
