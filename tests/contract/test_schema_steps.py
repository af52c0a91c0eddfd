"""Old code on a new schema: for the time of a rolling restart both are there."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extras import NamedTupleCursor

from service.app import opened
from service.errors import Unavailable
from service.settings import Settings
from service.store.embedded import Embedded
from service.store.schema.migrate import Migration, MigrationError, migrate, migrations
from tests.live import ROOT, connected, scratch_database
from tests.sql.desk import QUERIES, Desk
from tests.sql.samples import samples

NOW = migrations()[-1].version
BEFORE_MARKS = 5  # migrations from before the rule
EXPAND = f"""
-- serves: {NOW}
CREATE TABLE waitlist (id bigint CONSTRAINT waitlist_pkey PRIMARY KEY);
ALTER TABLE provider ADD COLUMN room text;
ALTER TABLE account ADD COLUMN locale text NOT NULL DEFAULT 'en';
CREATE INDEX appointment_notes ON appointment (notes);
"""
CONTRACT = {
    "a column renamed": "ALTER TABLE slot RENAME COLUMN closed TO shut",
    "a column without a default": "ALTER TABLE provider ADD COLUMN room text NOT NULL",
    "a function of rows left behind": "ALTER TABLE slot ADD COLUMN room text",
    "a column dropped": "ALTER TABLE appointment DROP COLUMN notes CASCADE",
}


@pytest.fixture
def empty(servers: Embedded, settings: Settings) -> Iterator[str]:
    with scratch_database(servers.admin_url or "", settings.database_url) as url:
        yield url


def next_step(text: str) -> list[Migration]:
    """All migrations, and one that a later version may bring."""
    return [*migrations(), Migration(NOW + 1, "later", text)]


def run_every_query(url: str) -> None:
    """Every query of this code; raises what PostgreSQL says of the first that does not work."""
    connection = psycopg2.connect(url, cursor_factory=NamedTupleCursor)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'")
        for name, parameters in samples(Desk(cursor)).items():
            cursor.execute("SAVEPOINT before")
            cursor.execute(QUERIES[name].text, parameters)
            cursor.execute("ROLLBACK TO SAVEPOINT before")


async def test_this_code_works_with_a_schema_that_only_has_more(
    empty: str, settings: Settings
) -> None:
    migrate(empty, next_step(EXPAND))
    run_every_query(empty)
    assert migrate(empty) == [], "it starts"
    async with opened(replace(settings, database_url=empty)) as deps:
        await deps.readiness.check()


@pytest.mark.parametrize("change", CONTRACT.values(), ids=CONTRACT)
def test_a_schema_that_lacks_something_is_noticed(empty: str, change: str) -> None:
    migrate(empty, next_step(change))
    with pytest.raises(psycopg2.Error):
        run_every_query(empty)


async def test_a_schema_that_does_not_serve_this_code_is_refused(
    empty: str, settings: Settings
) -> None:
    later = Migration(NOW + 2, "contract", f"-- serves: {NOW + 1}\nSELECT 1")
    migrate(empty, [*next_step(EXPAND), later])
    with pytest.raises(MigrationError, match="newer than this code"):
        migrate(empty)
    async with opened(replace(settings, database_url=empty)) as deps:
        with pytest.raises(Unavailable):
            await deps.readiness.check()


def test_every_migration_says_whom_it_serves() -> None:
    silent = [one.name for one in migrations() if "-- serves: " not in one.text]
    assert silent == [one.name for one in migrations()[:BEFORE_MARKS]]


def test_two_processes_that_start_at_once_migrate_once(empty: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "run.py"), "migrate"]
    environment = {"DATABASE_URL": empty, "PATH": "/usr/bin:/bin", "UNSAFE_DATABASE": "on"}
    both: list[Any] = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for one in both:
        _, said = one.communicate(timeout=60)
        assert one.returncode == 0, said.decode()
    with connected(empty) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version FROM schema_migration ORDER BY version")
        assert [version for (version,) in cursor.fetchall()] == [
            one.version for one in migrations()
        ]
