"""Every command says which database it talks to, and none but `serve` makes one."""

from pathlib import Path

import pytest

from service.cli import env_file
from service.cli.arguments.command import Databases
from service.cli.arguments.parser import COMMANDS
from tests.command.conftest import Booking

EMBEDDED = {"DATABASE_URL": "", "REDIS_URL": ""}
SECRET = "not to be shown"
EXAMPLES = [
    command.lines()[0].removeprefix("python3 run.py ")
    for command in COMMANDS
    if command.action and command.databases in (Databases.POSTGRES, Databases.KEPT)
]


def test_the_database_is_named_on_standard_error_without_the_password(booking: Booking) -> None:
    url = booking.environment["DATABASE_URL"].replace("@", ":secret@", 1)
    said = booking("provider list --json", DATABASE_URL=url)
    assert said.code == 0
    assert said.about.startswith("database: scratch_")
    assert said.about.endswith(" as booking\n")
    assert "secret" not in said.about


@pytest.mark.parametrize("line", EXAMPLES)
def test_no_command_makes_an_embedded_database(booking: Booking, tmp_path: Path, line: str) -> None:
    data = tmp_path / "data"
    said = booking(f"{line} --data-dir {data}", **EMBEDDED)
    assert (said.code, said.out, said.about) == (2, "", "")
    assert len(said.err.splitlines()) == 1
    assert str(data) in said.err
    assert not data.exists()


def test_a_wrong_password_of_a_file_is_not_asked_for_before_the_database_is_known(
    booking: Booking, tmp_path: Path
) -> None:
    said = booking(f"user password ada --data-dir {tmp_path}", BOOKING_PASSWORD="", **EMBEDDED)
    assert "There is no embedded PostgreSQL or Redis" in said.err


def test_tokens_are_not_ended_in_a_redis_that_nobody_named(
    booking: Booking, tmp_path: Path
) -> None:
    said = booking(f"user disable ada --data-dir {tmp_path}", REDIS_URL="")
    assert (said.code, "There is no embedded Redis in" in said.err) == (2, True)


def test_the_settings_of_the_unit_are_named_and_never_guessed(
    booking: Booking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = tmp_path / "booking.env"
    unit.write_text(f"DATABASE_URL={booking.environment['DATABASE_URL']}\n")
    monkeypatch.setattr(env_file, "UNIT", unit)
    said = booking(f"user list --data-dir {tmp_path}", **EMBEDDED)
    assert (said.code, f"--env-file {unit}" in said.err) == (2, True)
    assert "--env-file" not in booking("user list").err


def test_settings_come_from_the_file_that_is_named(booking: Booking, tmp_path: Path) -> None:
    file = tmp_path / "my $HOME.env"
    file.write_text(
        f"# of the unit\nDATABASE_URL='{booking.environment['DATABASE_URL']}'\n"
        f'REDIS_URL="{booking.environment["REDIS_URL"]}"\n'
    )
    said = booking(f"provider list --env-file '{file}'", **EMBEDDED)
    assert (said.code, said.about.startswith("database: scratch_")) == (0, True)
    assert "Dr Okafor" in said.out
    file.write_text(f"DATABASE_URL={SECRET}")
    broken = booking(f"provider list --env-file '{file}'", **EMBEDDED)
    assert (broken.code, SECRET in broken.err) == (2, False)
    file.write_text(SECRET)
    broken = booking(f"provider list --env-file '{file}'")
    assert (broken.code, len(broken.err.splitlines())) == (2, 1)
    assert SECRET not in broken.err
