"""run.py times ..."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.command.conftest import Booking

TODAY = datetime.now(UTC).date()
DAY = TODAY + timedelta(days=3)
ON = f"--from {DAY} --to {DAY}"


def _made(booking: Booking, line: str) -> int:
    said = booking(line)
    assert said.code == 0, said
    return int(said.out.split()[-1])


@pytest.fixture(scope="module")
def providers(booking: Booking) -> list[int]:
    """Two with hours, from 09:00 to 11:00 and from 10:00 to 12:00 in Tokyo."""
    made = [_made(booking, f"provider create --name {name} --zone Asia/Tokyo") for name in "AB"]
    for provider_id, hours in zip(made, ("09:00-11:00", "10:00-12:00"), strict=True):
        assert booking(f"schedule set {provider_id} --line 'mon-sun {hours}'").code == 0
    return made


@pytest.fixture(scope="module")
def service(booking: Booking, providers: list[int]) -> int:
    one, other = providers
    line = f"service create --name Visit --minutes 60 --provider {one} --provider {other}"
    return _made(booking, line)


def _json(booking: Booking, line: str) -> list[Any]:
    said = booking(f"{line} --json")
    assert said.code == 0, said
    return list(json.loads(said.out))


def test_the_times_of_a_provider_are_a_table(
    booking: Booking, service: int, providers: list[int]
) -> None:
    said = booking(f"times --service {service} --provider {providers[0]} {ON}")
    assert said[:3] == (
        0,
        "on the clock of Asia/Tokyo\n"
        "day         time         provider  places left\n"
        f"{DAY}  09:00-10:00  A                   1\n"
        f"{DAY}  10:00-11:00  A                   1\n",
        "",
    )


def test_without_a_provider_each_start_comes_once(booking: Booking, service: int) -> None:
    shown = booking(f"times --service {service} {ON}").out
    assert shown.splitlines()[2:] == [
        f"{DAY}  09:00-10:00  any of 1            1",
        f"{DAY}  10:00-11:00  any of 2            2",
        f"{DAY}  11:00-12:00  any of 1            1",
    ]
    found = _json(booking, f"times --service {service} {ON}")
    assert [one["providers"] for one in found] == [1, 2, 1]


def test_a_week_from_today_is_shown_and_says_when_there_is_more(
    booking: Booking, service: int, providers: list[int]
) -> None:
    line = f"times --service {service} --provider {providers[1]}"
    days = {one["date"] for one in _json(booking, f"{line} --limit 100")}
    assert 6 <= len(days) <= 7
    shown = booking(f"{line} --limit 3 --from {DAY} --to {DAY + timedelta(days=9)}").out
    assert len(shown.splitlines()) == 6
    assert f"There are more: --limit 6, or --from {DAY + timedelta(days=1)}." in shown


def test_where_nothing_is_free_it_says_so(booking: Booking, service: int) -> None:
    far = f"{TODAY + timedelta(days=400)}"
    assert booking(f"times --service {service} --from {far} --to {far}").out == (
        "There is no such time.\n"
    )
    assert _json(booking, f"times --service {service} --from {far} --to {far}") == []


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        ("--service 999", 1, "There is no service 999."),
        ("--service 1 --limit 0", 2, "--limit must be at least 1."),
        ("--service 1 --size 0", 2, "--size must be at least 1 and at most 1000."),
        ("--service 1 --from 2028-01-02 --to 2028-01-01", 2, "--to must not be before --from."),
        ("--service 1 --from 1960-01-01", 2, "--from and --to must be in the years 1970 to 9998."),
        (f"--service 1 --from {DAY} --to {DAY + timedelta(days=8)}", 2,
         "At most 7 days at once without provider."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(
    booking: Booking, service: int, flags: str, code: int, said: str
) -> None:
    refused = booking(f"times {flags.replace('--service 1 ', f'--service {service} ')}")
    assert (refused.code, refused.out, refused.err) == (code, "", f"{said}\n")
