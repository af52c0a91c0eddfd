"""`run.py schedule` and `run.py closure`."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.command.conftest import Booking

WEEK = "mon-fri 09:00-13:00, 14:00-18:00"


CLEAN = """
DELETE FROM closure;
DELETE FROM schedule_rule;
DELETE FROM schedule_day;
DELETE FROM opening;
UPDATE provider SET opened_until = NULL, calendar_version = 1;
"""


@pytest.fixture(autouse=True)
def nothing_written(rows: Any) -> None:
    """Nobody has hours, nothing is closed."""
    rows.execute(CLEAN)


def year() -> int:
    return datetime.now(UTC).year + 1


def test_hours_are_shown_as_they_were_set(booking: Booking, tmp_path: Path) -> None:
    assert booking("schedule show 1").out.splitlines()[1:] == ["# no hours yet"]
    lines = f"{WEEK}\n{year()}-12-24 closed Christmas\n"
    (tmp_path / "hours.txt").write_text(lines)
    said = booking(f"schedule set 1 {tmp_path / 'hours.txt'}")
    assert (said.code, said.err) == (0, "")
    head, *hours, way, until = said.out.splitlines()
    assert head == "Dr Okafor (provider 1), on the clock of Europe/Berlin"
    assert (hours, way) == (lines.splitlines(), "no appointment is in the way")
    assert re.fullmatch(r"open until \d{4}-\d\d-\d\d", until)
    shown = booking("schedule show 1").out
    assert shown.splitlines()[2:] == lines.splitlines()
    assert booking("schedule set 1", stdin=shown).code == 0
    assert booking("schedule show 1").out == shown
    document = json.loads(booking("schedule show 1 --json").out)
    assert (document["provider"], len(document["weekly"]), document["version"]) == (1, 2, 3)


def test_a_dry_run_writes_nothing(booking: Booking) -> None:
    said = booking(f"schedule set 1 --line '{WEEK}' --dry-run")
    assert said.out.splitlines()[-1] == "dry run: nothing was written"
    assert "# no hours yet" in booking("schedule show 1").out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("schedule set 1 --line 'mon nine'", "line 1: it is not like mon-fri 09:00-17:00, or "
         "2027-12-24 closed Christmas.\n"),
        ("schedule set 1 hours.txt --line 'mon 9:00-17:00'", "Give FILE or --line.\n"),
        ("schedule set 1 /no/such/file", "/no/such/file can't be read: "),
        ("schedule set 1 --line 'mon 9:00-12:00, 11:00-13:00'", "weekly.1: 11:00-13:00 on "),
        ("closure add --from 2027-12-24 --to 2027-12-23", "--to must not be before --from.\n"),
        ("closure add --reason Fair", "Give --from, or --holidays with --year.\n"),
        ("closure add --holidays DE", "Give --holidays with --year.\n"),
        ("closure add --holidays XX --year 2030", "No holidays of XX are known: "),
        ("closure add --holidays DE --year 2020", "No holidays of DE in 2020 are to come.\n"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_told(booking: Booking, line: str, said: str) -> None:
    done = booking(line)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(said), done.err


@pytest.mark.parametrize(
    "line", ["schedule show 99", "schedule set 99 --line 'mon 9:00-12:00'",
             "closure add --provider 99 --from 2037-12-24", "closure remove 99"]
)  # fmt: skip
def test_what_is_not_there_is_told(booking: Booking, line: str) -> None:
    done = booking(line)
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"There is no (provider|closure) 99\.\n", done.err)


def test_days_are_closed_and_opened_again(booking: Booking) -> None:
    line = f"closure add --provider 1 --from {year()}-08-02 --to {year()}-08-15 --reason Holiday"
    assert booking(f"{line} --dry-run").out.splitlines()[-1] == "dry run: nothing was closed"
    assert booking("closure list").out == "Nothing is closed.\n"
    shown, done = booking(line).out.splitlines()
    assert (shown, done) == (
        f"{year()}-08-02 to {year()}-08-15 provider 1 Holiday",
        "1 closure added",
    )
    assert booking(line).out == "1 closure there already, left alone\n"
    [one] = json.loads(booking("closure list --json").out)
    assert (one["from"], one["reason"]) == (f"{year()}-08-02", "Holiday")
    assert str(one["id"]) in booking("closure list --provider 1").out
    assert booking(f"closure remove {one['id']}").code == 0
    assert booking("closure list").out == "Nothing is closed.\n"


def test_public_holidays_are_closed_once_for_everybody(booking: Booking) -> None:
    line = f"closure add --holidays de-by --year {year()} --language de"
    first = booking(line)
    assert (first.code, first.err) == (0, "")
    assert f"{year()}-12-25 everybody Erster Weihnachtstag" in first.out.splitlines()
    assert f"{year()}-01-06 everybody Heilige Drei Könige" in first.out.splitlines()
    listed = json.loads(booking("closure list --json").out)
    assert len(listed) > 10
    assert {one["provider"] for one in listed} == {None}
    assert booking(line).out == f"{len(listed)} closures there already, left alone\n"
    assert json.loads(booking("closure list --json").out) == listed


def test_appointments_in_the_way_are_shown_and_stay(booking: Booking, rows: Any) -> None:
    day = datetime.now(UTC).date() + timedelta(days=30)
    publish = "slots publish --provider 1 --days mon-sun --from 9:00 --to 10:00 --every 1h"
    assert booking(f"{publish} --start {day} --until {day} --yes").code == 0
    assert booking("user create --username ada --email ada@example.org --role customer").code == 0
    taken = (
        "INSERT INTO appointment (slot_id, place, account_id)"
        " SELECT slot.id, 1, account.id FROM slot, account;"
        " UPDATE slot SET booked = 1"
    )
    rows.execute(taken)
    said = booking(f"closure add --from {day}")
    assert said.code == 0
    assert "1 appointment in the way, which stay as they are:" in said.out
    assert said.out.splitlines()[-1] == "1 closure added"
    rows.execute("SELECT status FROM appointment")
    assert rows.fetchall() == [("booked",)]
