"""run.py psql: PostgreSQL's own shell, on the database of the settings."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from service.cli.commands import psql
from tests.command.conftest import Booking
from tests.live import ROOT, unconfigured

SECRET = "s3cret"
SLEEP = "SELECT pg_sleep(30)"


@pytest.fixture
def environment(booking: Booking) -> dict[str, str]:
    """With a password in the URL, which these servers don't ask for."""
    url = booking.environment["DATABASE_URL"].replace("@", f":{SECRET}@", 1)
    return unconfigured() | {"DATABASE_URL": url}


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "run.py"), "psql", "--", *arguments]


def run(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*arguments),
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_asks_the_database_of_the_settings(environment: dict[str, str]) -> None:
    said = run(environment, "-Atc", "SELECT current_user, count(*) FROM provider")
    assert (said.returncode, said.stdout) == (0, "booking|2\n"), said.stderr
    assert said.stderr.startswith("database: scratch_")


def test_what_psql_refuses_is_a_failure(environment: dict[str, str]) -> None:
    said = run(environment, "-c", "SELECT nothing_like_it()")
    assert (said.returncode, "does not exist" in said.stderr) == (1, True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc shows the command line")
def test_the_password_is_handed_over_where_no_other_user_sees_it(
    environment: dict[str, str],
) -> None:
    shown = run(environment, "-c", r"\! tr '\0' ' ' < /proc/$PPID/cmdline; echo; echo $PGPASSWORD")
    assert shown.returncode == 0
    line, password = shown.stdout.splitlines()
    assert "dbname=scratch_" in line
    assert SECRET not in line
    assert password == SECRET


def test_ctrl_c_cancels_the_statement_and_is_psql_s_affair(
    environment: dict[str, str], booking: Booking, rows: Any
) -> None:
    process = subprocess.Popen(
        command("-c", SLEEP),
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    until = time.monotonic() + 30
    while not sleeping(rows) and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, "canceling statement" in said) == (1, True), said
    assert "Traceback" not in said


def sleeping(rows: Any) -> bool:
    """Whether psql is at it."""
    rows.execute("SELECT FROM pg_stat_activity WHERE query = %s AND state = 'active'", [SLEEP])
    return bool(rows.fetchall())


def test_without_a_psql_the_address_is_told_and_no_password(
    booking: Booking, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psql, "found", lambda: "")
    said = booking("psql", DATABASE_URL=environment["DATABASE_URL"])
    assert (said.code, "dbname=scratch_" in said.err, SECRET in said.err) == (1, True, False)
