"""Every command explains itself, and what its help shows works when it is pasted."""

import inspect
import shlex
from typing import Any

import pytest

from service.cli.arguments.command import Command
from service.cli.arguments.parser import COMMANDS, build_parser
from service.cli.main import action
from service.settings import Settings
from tests.command.conftest import Booking

ELSEWHERE = {"load", "test", "prove"}  # tools with a parser of their own
RUNNING = {"serve", "doctor", "reset"}  # need real servers: see test_processes.py, test_reset.py
FILES = {"backup", "restore", "upgrade"}  # need files: see test_restore.py, test_upgrade.py
PROGRAMS = {"psql", "check"}  # become programs: see test_psql.py, test_check.py
OURS = [command for command in COMMANDS if command.words not in ELSEWHERE]
SETTINGS = {entry.name for entry in Settings.entries()}


# The one that examples name.
WEBHOOK = """
WITH owner AS (
    INSERT INTO account (username, email, password_hash, role) VALUES ('told', '', '', 'admin')
    RETURNING id
)
INSERT INTO webhook (id, owner_id, url, position) OVERRIDING SYSTEM VALUE
SELECT 7, owner.id, 'https://webhooks.invalid/', 0 FROM owner
"""


def test_every_example_works(booking: Booking, rows: Any) -> None:
    """In their order: an account that is made is changed later."""
    rows.execute(WEBHOOK)
    lines = [
        line.removeprefix("python3 run.py ").split(" > ")[0]
        for command in OURS
        if command.words not in RUNNING | FILES | PROGRAMS
        for line in command.lines()
    ]
    assert booking("slots publish --provider 1 --days mon-sun --from 9:00 --to 12:00 --every 1h "
                   "--start 2028-01-03 --until 2028-01-09").code == 0  # fmt: skip
    said = {line: booking(line) for line in lines}
    assert {line: one for line, one in said.items() if one.code or one.err} == {}
    assert len(lines) > 20


@pytest.mark.parametrize("command", OURS, ids=lambda one: one.words)
def test_every_command_has_help_within_80_columns(booking: Booking, command: Command) -> None:
    said = booking(f"{command.words} --help", COLUMNS="200")
    assert (said.code, said.err) == (0, "")
    shown = " ".join(said.out.replace("\\\n", "").split())
    assert " ".join(command.about.split()) in shown
    for line in command.lines():
        assert line in shown
    assert max(len(line) for line in said.out.splitlines()) < 80


def test_the_help_of_everything_fits_and_names_every_command(booking: Booking) -> None:
    shown = booking("--help").out
    assert max(len(line) for line in shown.splitlines()) < 80
    for command in COMMANDS:
        assert f"python3 run.py {command.words}" in shown
    assert booking("help").out == shown
    assert booking("user --help").out == booking("help user").out


@pytest.mark.parametrize("command", OURS, ids=lambda one: one.words)
def test_every_action_takes_what_its_command_gives(command: Command) -> None:
    line = command.lines()[-1].removeprefix("python3 run.py ").split(" > ")[0]
    given = vars(build_parser().parse_args(shlex.split(line)))
    takes = set(inspect.signature(action(command)).parameters) - {"settings"}
    assert takes == given.keys() - SETTINGS - {"command", "env_file"}
