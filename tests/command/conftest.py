"""Fixtures: `booking` runs a command as run.py does, on a calendar with two providers."""

import contextlib
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from unittest import mock

import psycopg2
import pytest

from service.cli import main as command_line
from service.settings import Settings
from service.store.embedded import Embedded
from tests.live import scratch_database

ABOUT = re.compile(r"(database: .*\n)?((?:.*\n?)*)")
PROVIDERS = [("Dr Okafor", "Europe/Berlin"), ("Town Office", "UTC")]


class Said(NamedTuple):
    """What became of a command; `about` is its line on standard error that names the database."""

    code: int
    out: str
    err: str
    about: str


class Booking:
    """Runs commands in this process, each in a thread, since it brings a loop of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def __call__(self, line: str, stdin: str = "", **environment: str) -> Said:
        argv = shlex.split(line)
        with ThreadPoolExecutor(1) as threads:
            return threads.submit(self._run, argv, stdin, environment).result()

    def _run(self, argv: list[str], stdin: str, environment: dict[str, str]) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment | environment),
            mock.patch.object(sys, "stdin", io.StringIO(stdin)),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                code = command_line.main(argv)
            except SystemExit as ended:
                code = int(ended.code or 0)
        about, rest = ABOUT.fullmatch(err.getvalue()).groups()  # type: ignore[union-attr]
        return Said(code, out.getvalue(), rest, about or "")


@pytest.fixture(scope="module")
def booking(servers: Embedded, settings: Settings) -> Iterator[Booking]:
    urls = servers.admin_url or "", settings.database_url
    with scratch_database(*urls, migrated=True) as url:
        booking = Booking(
            {
                "DATABASE_URL": url,
                "REDIS_URL": f"{settings.redis_url}?db=1",
                "REDIS_TIMEOUT": "2",
                "BCRYPT_ROUNDS": "4",
                "BOOKING_PASSWORD": "correct horse",
            }
        )
        assert booking("migrate").code == 0
        for name, zone in PROVIDERS:
            assert booking(f"provider create --name '{name}' --zone {zone}").code == 0
        yield booking


@pytest.fixture
def rows(booking: Booking) -> Iterator[psycopg2.extensions.cursor]:
    """Looks behind the commands."""
    connection = psycopg2.connect(booking.environment["DATABASE_URL"])
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        yield cursor
