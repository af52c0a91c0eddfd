"""sql/schema.sql is what the migrations come to, and migrating is safe whatever it finds."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from service.app import opened
from service.errors import Unavailable
from service.settings import Settings
from service.store.embedded import Embedded
from service.store.schema.migrate import Migration, MigrationError, migrate, migrations, status
from tests.contract.source import schema
from tests.live import connected, scratch_database

NOT_OURS = "NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')"
# What the catalogues say of a database, extensions' own things and the list of migrations apart.
CATALOGUES = {
    "columns": """
        SELECT c.relname, c.relkind, c.reloptions, a.attnum, a.attname,
               format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
               pg_get_expr(d.adbin, d.adrelid)
          FROM pg_class AS c
          JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'c', 'v', 'S')""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "functions": f"""
        SELECT proname, pg_get_functiondef(oid)
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND oid {NOT_OURS}""",
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "extensions": "SELECT extname, extversion FROM pg_extension",
}


@pytest.fixture
def empty(servers: Embedded, settings: Settings) -> Iterator[str]:
    with scratch_database(servers.admin_url or "", settings.database_url) as url:
        yield url


@pytest.fixture
def another(servers: Embedded, settings: Settings) -> Iterator[str]:
    with scratch_database(servers.admin_url or "", settings.database_url) as url:
        yield url


def ask(url: str, text: str) -> list[Any]:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        return list(cursor.fetchall()) if cursor.description else []


def described(url: str, catalogue: str) -> list[Any]:
    rows = ask(url, CATALOGUES[catalogue])
    return sorted((row for row in rows if "schema_migration" not in str(row[0])), key=str)


def versions(url: str) -> list[int]:
    return [one for (one,) in ask(url, "SELECT version FROM schema_migration ORDER BY version")]


ALL = [one.version for one in migrations()]


def test_the_schema_is_what_all_migrations_come_to(empty: str, another: str) -> None:
    ask(empty, schema())
    migrate(another)
    for catalogue in CATALOGUES:
        assert described(empty, catalogue) == described(another, catalogue), catalogue
    assert len(described(empty, "columns")) > 50
    assert len(described(empty, "functions")) > 5


def test_a_second_time_there_is_nothing_to_do(empty: str) -> None:
    assert [one.version for one in migrate(empty)] == ALL
    assert migrate(empty) == []
    assert versions(empty) == ALL


def test_only_what_is_missing_is_applied(empty: str) -> None:
    migrate(empty, migrations()[:2])
    assert versions(empty) == ALL[:2]
    assert [one.version for one in migrate(empty)] == ALL[2:]


def test_a_migration_that_was_changed_is_refused(empty: str) -> None:
    migrate(empty)
    first, *others = migrations()
    changed = first._replace(text=first.text + "\n-- later\n")
    with pytest.raises(MigrationError, match="0001 was changed"):
        migrate(empty, [changed, *others])


def test_a_text_that_a_migration_had_before_counts_where_it_is_named(empty: str) -> None:
    before = migrations()
    migrate(empty, before)
    first, *others = before
    now = first._replace(text=f"{first.text}\n-- was: {first.checksum}\n")
    assert migrate(empty, [now, *others]) == []
    assert {one.state for one in status(empty, [now, *others])} == {"applied"}


def test_a_newer_schema_is_refused(empty: str) -> None:
    migrate(empty)
    older = [one for one in migrations() if one.version < migrations()[-1].serves]
    with pytest.raises(MigrationError, match="newer than this code"):
        migrate(empty, older)
    assert versions(empty) == ALL


def test_a_migration_that_fails_leaves_nothing_of_itself(empty: str) -> None:
    first = migrations()[0]
    bad = Migration(2, "go_wrong", "CREATE TABLE half (id bigint); SELECT 1 / 0;")
    with pytest.raises(psycopg2.Error):
        migrate(empty, [first, bad])
    assert versions(empty) == [1]
    assert ask(empty, "SELECT to_regclass('half')") == [(None,)]
    assert len(migrate(empty)) == len(ALL) - 1


@pytest.mark.parametrize(
    "names",
    [
        ["0001_one.sql", "0003_three.sql"],
        ["0002_two.sql"],
        ["0001_one.sql", "0001_uno.sql"],
        ["0001_one.sql", "2_two.sql"],
        ["0001-one.sql"],
        ["0001_One.sql"],
    ],
    ids=" ".join,
)
def test_numbers_with_a_gap_and_odd_names_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="should be number"):
        migrations(tmp_path)


def test_two_at_once_are_as_good_as_one(empty: str) -> None:
    applied: list[list[Migration]] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        applied.append(migrate(empty))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.version for some in applied for one in some) == ALL
    assert versions(empty) == ALL


async def test_a_process_is_not_ready_on_an_older_schema(empty: str, settings: Settings) -> None:
    migrate(empty, migrations()[:-1])
    async with opened(replace(settings, database_url=empty)) as deps:
        with pytest.raises(Unavailable):
            await deps.readiness.check()
        migrate(empty)
        await deps.readiness.check()
