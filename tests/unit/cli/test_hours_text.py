"""cli/commands/calendar/hours_text.py: hours as people write them."""

from datetime import date, time

import pytest

from service.booking.calendar.hours.windows import Hours, Schedule, Special, Weekly
from service.cli.commands.calendar.hours_text import BadLine, read, write

WEEK = frozenset(range(5))
MORNING, LATE = Hours(time(9), time(13)), Hours(time(18), time(0))
TEXT = """\
mon-fri 09:00-13:00, 18:00-24:00
sat 22:00-02:00 for 3+4 from 2027-01-01 until 2027-06-30
mon,wed 14:00-16:00 until 2027-06-30
2027-12-24 closed Christmas Eve
2027-12-31 09:00-13:00, 18:00-24:00 for 3 a short day"""
SCHEDULE = Schedule(
    (
        Weekly(WEEK, MORNING),
        Weekly(WEEK, LATE),
        Weekly(
            frozenset({5}), Hours(time(22), time(2), (3, 4)), date(2027, 1, 1), date(2027, 6, 30)
        ),
        Weekly(frozenset({0, 2}), Hours(time(14), time(16)), None, date(2027, 6, 30)),
    ),
    (
        Special(date(2027, 12, 24), (), "Christmas Eve"),
        Special(date(2027, 12, 31), (MORNING, LATE._replace(services=(3,))), "a short day"),
    ),
)


def test_lines_are_hours() -> None:
    assert read(TEXT) == SCHEDULE


def test_hours_are_written_as_they_are_read() -> None:
    assert write(SCHEDULE) == TEXT


def test_comments_blanks_and_capitals_mean_nothing() -> None:
    assert read("# all\n\n Mon-Fri   9:00-13:00,18:00-24:00  # late\n") == Schedule(
        SCHEDULE.weekly[:2]
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mon-fri", "line 1: it is not like"),
        ("mon-fri 09:00-17:00\nxyz 09:00-17:00", "line 2: 'xyz' is not like mon-fri"),
        ("mon 09:00-25:00", "'25:00' is not a time like 09:00"),
        ("mon 24:00-03:00", "'24:00' is not a time like 09:00"),
        ("2027-13-24 closed", "'2027-13-24' is not a day like"),
        ("2027-12-24", "it is not like"),
        ("mon 09:00-12:00 from soon", "'soon' is not a day like"),
        ("mon 09:00-12:00 noon", "it is not like"),
    ],
)
def test_what_is_no_line_of_hours_is_told(text: str, said: str) -> None:
    with pytest.raises(BadLine, match=said):
        read(text)
