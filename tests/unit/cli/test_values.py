"""cli/values.py: days, hours and lengths as people write them."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest

from service.cli.values import clock, day, days, span


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mon", {0}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("mon-sun", {0, 1, 2, 3, 4, 5, 6}),
        ("sat-mon", {5, 6, 0}),
        ("tue-tue", {1}),
        ("mon,wed,sat", {0, 2, 5}),
        ("Mon, WED-Thu", {0, 2, 3}),
        ("mon,mon", {0}),
    ],
)
def test_days_of_the_week(text: str, meant: set[int]) -> None:
    assert days(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("09:00", time(9)),
        ("9:05", time(9, 5)),
        ("00:00", time(0)),
        ("23:59", time(23, 59)),
    ],
)
def test_a_time_of_day(text: str, meant: time) -> None:
    assert clock(text) == meant


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("30m", 30), ("1h", 60), ("1h30m", 90), ("90m", 90), ("0h15m", 15), ("24h", 1440)],
)
def test_a_length_of_time(text: str, minutes: int) -> None:
    assert span(text) == timedelta(minutes=minutes)


def test_a_day() -> None:
    assert day("2027-01-31") == date(2027, 1, 31)
    assert day("2028-02-29") == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("read", "text", "like"),
    [
        *[(days, text, "mon-fri") for text in ("", "monday", "mon-", "-fri", "mon,", "1-5", "mo")],
        *[(clock, text, "09:00") for text in ("", "9", "24:00", "09:60", "9:5", "09:00:00", "9am")],
        *[(clock, text, "09:00") for text in ("-1:00", "09:00\n")],
        *[(span, text, "30m") for text in ("", "30", "m", "0m", "0h0m", "-5m", "1.5h", "30m1h")],
        *[(span, text, "30m") for text in ("1d", "30 m", "99999m", "30M", "30m\n")],
        *[(day, text, "2027-01-31") for text in ("", "today", "31.1.2027", "2027-02-29", "27-1-1")],
    ],
)
def test_anything_else_is_refused_with_an_example(
    read: Callable[[str], Any], text: str, like: str
) -> None:
    with pytest.raises(ArgumentTypeError) as refused:
        read(text)
    assert like in str(refused.value)
    assert repr(text) in str(refused.value)
