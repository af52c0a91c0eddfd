"""The server refuses to start on a database that may lose bookings, or with too mighty a role."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from service.settings import Settings, SettingsError
from service.store.checks import safety
from service.store.embedded import Embedded
from service.store.schema import migrate
from tests.live import ROOT, connected, scratch_database, served

RIGHTS = ("SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS")
ALL_THE_SAME = "or set UNSAFE_DATABASE=on to serve all the same."


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """PostgreSQL as it should be; each test puts back what it spoils."""
    embedded = Embedded.start(tmp_path_factory.mktemp("durable"), redis=False)
    yield embedded
    embedded.stop()


@pytest.fixture
def settings(durable: Embedded) -> Settings:
    return Settings(database_url=durable.database_url or "")


@pytest.fixture
def admin(durable: Embedded) -> Iterator[Any]:
    with connected(durable.admin_url or "") as connection, connection.cursor() as cursor:
        yield cursor


def _spoil(admin: Any, setting: str, value: str) -> None:
    admin.execute(f"ALTER SYSTEM SET {setting} = {value}")
    admin.execute("SELECT pg_reload_conf()")
    for _ in range(500):
        admin.execute(f"SHOW {setting}")
        if admin.fetchone() == (value,):
            return
        time.sleep(0.01)
    raise AssertionError(f"{setting} did not become {value}")


def _served_by(settings: Settings, **more: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"DATABASE_URL": settings.database_url, "PORT": "0"} | more
    command = [sys.executable, str(ROOT / "run.py"), "serve"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_our_own_embedded_server_and_role_will_do(settings: Settings) -> None:
    safety.check(settings)


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_forgets_is_refused(settings: Settings, admin: Any, setting: str) -> None:
    _spoil(admin, setting, "off")
    try:
        with pytest.raises(SettingsError, match=f"PostgreSQL has {setting} off, .*: turn it on"):
            safety.check(settings)
        safety.check(replace(settings, unsafe_database=True))
    finally:
        _spoil(admin, setting, "on")
    safety.check(settings)


def test_a_session_that_commits_before_it_is_on_disk_is_refused(settings: Settings) -> None:
    safety.check(
        replace(
            settings, database_url=f"{settings.database_url}&options=-csynchronous_commit%3Doff"
        )
    )  # ours come last
    with closing(psycopg2.connect(settings.database_url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")  # as behind a pooler that drops options
        (fault,) = safety.faults(connection)
        assert "synchronous_commit off" in fault


@pytest.mark.parametrize("right", RIGHTS)
def test_a_role_that_may_do_more_is_refused(settings: Settings, admin: Any, right: str) -> None:
    admin.execute(f"ALTER ROLE booking {right}")
    try:
        with pytest.raises(SettingsError, match=f"role booking may do more .*{right}"):
            safety.check(settings)
        safety.check(replace(settings, unsafe_database=True))
    finally:
        admin.execute(f"ALTER ROLE booking NO{right}")
    safety.check(settings)


@pytest.mark.parametrize("role", safety.FAR_REACHING)
def test_so_is_one_that_was_given_such_a_role(settings: Settings, admin: Any, role: str) -> None:
    admin.execute(f"CREATE ROLE between; GRANT {role} TO between; GRANT between TO booking")
    try:
        with pytest.raises(SettingsError, match=role):
            safety.check(settings)
    finally:
        admin.execute("DROP ROLE between")


def test_the_process_says_why_in_one_sentence_and_exits_with_2(
    durable: Embedded, settings: Settings
) -> None:
    mighty = replace(settings, database_url=durable.admin_url or "")
    done = _served_by(mighty, REDIS_URL="redis://127.0.0.1:1")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "The role postgres may do more than it has to (SUPERUSER, CREATEROLE, CREATEDB, "
        "REPLICATION, BYPASSRLS, pg_execute_server_program, pg_read_all_data, "
        "pg_read_server_files, pg_write_all_data, pg_write_server_files): take that away, "
        f"{ALL_THE_SAME}\n"
    )


def test_a_role_that_may_not_change_the_schema_serves_once_another_has(
    durable: Embedded, settings: Settings, servers: Embedded, tmp_path: Path
) -> None:
    with scratch_database(durable.admin_url or "", settings.database_url) as owners:
        clerk = owners.replace("//booking@", "//clerk@")
        with connected(owners) as connection, connected(durable.admin_url or "") as above:
            above.cursor().execute("DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN")
            with pytest.raises(migrate.MigrationError, match=r"let run\.py migrate do it"):
                migrate.migrate(clerk)
            migrate.migrate(owners)
            connection.cursor().execute(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk"
            )
        told = {"DATABASE_URL": clerk, "REDIS_URL": f"{servers.redis_url}?db=7"}
        with served(tmp_path, told | {"UNSAFE_DATABASE": "off"}) as live:
            assert live.port
        with connected(owners) as connection:
            connection.cursor().execute("DROP OWNED BY booking CASCADE")
    with connected(durable.admin_url or "") as above:
        above.cursor().execute("DROP ROLE clerk")
