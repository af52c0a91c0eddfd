"""Wall clocks once more: what opens when, where clocks change."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from tests.prove.checker.times.model.wall import Hours, instant, midnight, rule_of

NEW_YORK, CAIRO = ZoneInfo("America/New_York"), ZoneInfo("Africa/Cairo")
SPRING, AUTUMN = date(2027, 3, 14), date(2027, 11, 7)


def hours(opens: str, closes: str) -> Hours:
    return Hours((rule_of([[1, 2, 3, 4, 5, 6, 7], opens, closes, None, None, None]),))


def starts(one: Hours, day: date, step: int = 60) -> list[str]:
    """The readings of a day's starts."""
    begins = midnight(day, NEW_YORK)
    found = one.starts(1, step, NEW_YORK, range(begins, begins + 26 * 3600))
    shown = [datetime.fromtimestamp(at, NEW_YORK) for at in found]
    return [f"{at:%H:%M}" for at in shown if at.date() == day]


@pytest.mark.parametrize(
    ("day", "step", "right"),
    [
        (SPRING, 60, ["00:00", "01:00", "03:00", "04:00", "05:00"]),
        (SPRING, 45, ["00:00", "00:45", "01:30", "03:00", "03:45", "04:30", "05:15"]),
        (AUTUMN, 60, ["00:00", "01:00", "02:00", "03:00", "04:00", "05:00"]),
    ],
)
def test_what_is_skipped_is_left_out_and_what_comes_twice_comes_once(
    day: date, step: int, right: list[str]
) -> None:
    assert starts(hours("00:00", "06:00"), day, step) == right


def test_a_window_ends_where_its_last_reading_is_skipped() -> None:
    half_past_two, three = (datetime.combine(SPRING, time(*at)) for at in ((2, 30), (3,)))
    assert instant(half_past_two, NEW_YORK) == instant(three, NEW_YORK)


def test_a_day_without_a_midnight_begins_at_one() -> None:
    assert datetime.fromtimestamp(midnight(date(2027, 4, 30), CAIRO), CAIRO).hour == 1


@pytest.mark.parametrize(
    ("at", "day"),
    [("2027-05-03T01:59", None), ("2027-05-03T02:00", 2), ("2027-05-03T09:59", 2),
     ("2027-05-03T10:00", None)],
)  # fmt: skip
def test_a_night_is_of_the_day_on_which_it_begins(at: str, day: int | None) -> None:
    night = hours("22:00", "06:00")  # of New York, four hours behind
    second = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp())
    found = night.window(second, NEW_YORK, 1)
    assert (found and found.day) == (day and date(2027, 5, day))
