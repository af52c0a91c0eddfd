"""A database that can't be served from is told in a sentence: at start, and while it is served."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from service.app import opened
from service.errors import Unavailable
from service.settings import Settings, SettingsError
from service.store import readiness
from service.store.checks import fitness
from service.store.embedded import Embedded
from service.store.schema.migrate import MigrationError, migrate
from tests.live import ROOT, connected, unconfigured


@contextmanager
def _database(servers: Embedded, settings: Settings, options: str) -> Iterator[str]:
    """A database made with options of its own; dropped afterwards."""
    with connected(servers.admin_url or "") as admin, admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE unfit OWNER booking TEMPLATE template0 {options}")
        try:
            yield urlunsplit(urlsplit(settings.database_url)._replace(path="/unfit"))
        finally:
            cursor.execute("DROP DATABASE unfit WITH (FORCE)")


def _ask(url: str, text: str) -> list[Any]:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        return list(cursor.fetchall()) if cursor.description else []


def _said(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *command],
        env=unconfigured() | {"UNSAFE_DATABASE": "on", "PORT": "0"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_an_encoding_that_can_not_keep_every_name_is_refused(
    servers: Embedded, settings: Settings, encoding: str
) -> None:
    options = f"ENCODING '{encoding}' LOCALE 'C' LOCALE_PROVIDER libc"
    with _database(servers, settings, options) as url:
        with pytest.raises(MigrationError, match=f"has the encoding {encoding}"):
            migrate(url)
        assert _ask(url, "SELECT to_regclass('schema_migration')") == [(None,)]
        told = _said("doctor", DATABASE_URL=url, REDIS_URL=settings.redis_url)
        assert f"The database unfit has the encoding {encoding}" in told.stdout


LACKING = {
    "no right to a table": ("REVOKE SELECT ON slot FROM booking", "denied for table slot"),
    "no right to change": ("REVOKE INSERT ON idempotency FROM booking", "for table idempotency"),
    "no right to a function": (
        "REVOKE EXECUTE ON FUNCTION idempotency_lock FROM PUBLIC, booking",
        "denied for function idempotency_lock",
    ),
    "a function dropped": ("DROP FUNCTION free_places CASCADE", "function free_places"),
    "a table dropped": ("DROP TABLE idempotency CASCADE", "idempotency"),
}


@pytest.mark.parametrize("lacking", LACKING)
def test_what_the_role_lacks_is_said_before_anything_is_served(
    scratch: Settings, lacking: str
) -> None:
    fitness.check(scratch)
    statement, said = LACKING[lacking]
    _ask(scratch.database_url, statement)
    with pytest.raises(SettingsError, match="PostgreSQL does not run") as refused:
        fitness.check(scratch)
    assert said in str(refused.value)


def test_serve_and_doctor_say_it(scratch: Settings) -> None:
    statement, said = LACKING["no right to a table"]
    _ask(scratch.database_url, statement)
    with pytest.raises(SettingsError) as refused:
        fitness.check(scratch)
    environment = {"DATABASE_URL": scratch.database_url, "REDIS_URL": scratch.redis_url}
    started = _said("serve", **environment)
    assert (started.returncode, started.stderr) == (2, f"{refused.value}\n")
    assert said in " ".join(_said("doctor", **environment).stdout.split())


async def test_a_right_taken_away_later_is_a_503_and_not_ready_until_it_is_back(
    scratch: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readiness, "TRIED_EVERY", 0.0)
    async with opened(scratch) as deps:
        await deps.db.run("provider_get", provider_id=1)
        await deps.readiness.check()
        _ask(scratch.database_url, "REVOKE SELECT ON provider FROM booking")
        with pytest.raises(Unavailable):
            await deps.db.run("provider_get", provider_id=1)
        assert caplog.records[-1].fields["error"] == "permission denied for table provider"  # type: ignore[attr-defined]
        with pytest.raises(Unavailable, match="the log says why"):
            await deps.readiness.check()
        _ask(scratch.database_url, "GRANT SELECT ON provider TO booking")
        await deps.readiness.check()
        await deps.db.run("provider_get", provider_id=1)


async def test_what_was_prepared_before_a_change_of_the_schema_is_prepared_anew(
    scratch: Settings,
) -> None:
    async with opened(scratch) as deps:

        async def read() -> None:
            await asyncio.gather(
                *(deps.db.run("account_password_hash", account_id=1) for _ in range(4))
            )

        await read()
        assert deps.postgres.pool.idle > 1
        change = "ALTER TABLE account ALTER COLUMN password_hash TYPE varchar(254)"
        _ask(scratch.database_url, change)  # "cached plan must not change result type"
        await read()
        assert 1 <= deps.postgres.retries <= 4


async def test_a_function_made_anew_is_found(scratch: Settings) -> None:
    async with opened(scratch) as deps:
        await deps.db.run("provider_zone_offsets", time_zone="UTC", instants=[])
        [(text,)] = _ask(scratch.database_url, "SELECT pg_get_functiondef('clock_offset'::regproc)")
        _ask(scratch.database_url, "DROP FUNCTION clock_offset")
        with pytest.raises(Unavailable):
            await deps.db.run("provider_zone_offsets", time_zone="UTC", instants=[])
        _ask(scratch.database_url, text)
        assert await deps.db.run("provider_zone_offsets", time_zone="UTC", instants=[]) is None


@pytest.mark.parametrize("command", ["serve", "migrate", "doctor"])
@pytest.mark.parametrize(
    ("path", "said"),
    [("nowhere", 'database "nowhere" does not exist'), ("%zz", "DATABASE_URL can't be read")],
)
def test_an_address_that_leads_nowhere_is_a_sentence_without_the_password(
    settings: Settings, command: str, path: str, said: str
) -> None:
    given = urlsplit(settings.database_url)
    url = urlunsplit(given._replace(netloc="booking:secret%2Fword@", path=f"/{path}"))
    ended = _said(command, DATABASE_URL=url, REDIS_URL=settings.redis_url)
    assert ended.returncode in (1, 2)
    out = " ".join((ended.stdout + ended.stderr).split())
    assert said in out
    assert "Traceback" not in out
    assert "secret" not in out


async def test_a_server_that_takes_no_more_connections_is_a_503(
    servers: Embedded, settings: Settings
) -> None:
    with connected(servers.admin_url or "") as admin, admin.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS crowded")
        cursor.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
        given = urlsplit(settings.database_url)
        url = urlunsplit(given._replace(netloc="crowded@"))
        try:
            async with opened(replace(settings, database_url=url)) as deps:
                with pytest.raises(Unavailable):
                    await deps.db.run("provider_get", provider_id=1)
            started = _said("serve", DATABASE_URL=url, REDIS_URL=settings.redis_url)
            assert started.returncode == 1
            assert 'too many connections for role "crowded".\n' in started.stderr
        finally:
            cursor.execute("DROP ROLE crowded")
