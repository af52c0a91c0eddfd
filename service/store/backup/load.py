"""Loads a backup, all or nothing: its schema, its rows, the migrations since, and a last look."""

from collections.abc import Callable
from contextlib import closing
from typing import Any, NamedTuple

import psycopg2
from psycopg2 import sql

from service.store.backup.archive import Archive, BackupError
from service.store.backup.catalog import DROPS, FILLED, HINDRANCES, NO_LIMIT, SESSION, tables
from service.store.postgres import APPLICATION_NAME
from service.store.queries import load_queries
from service.store.schema import search, usernames
from service.store.schema.migrate import (
    LOCK,
    Migration,
    MigrationError,
    applied_version,
    migrate_within,
    migrations,
)

SERVERS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND application_name = %s AND pid <> pg_backend_pid()
"""
ANY_ROW = sql.SQL("SELECT EXISTS (SELECT FROM {})")
ROWS = sql.SQL("COPY {} ({}) FROM STDIN")
ANALYZE = sql.SQL("ANALYZE {}")
SET_SEQUENCE = "SELECT setval(to_regclass(quote_ident(%s)), %s, %s)"


class Loaded(NamedTuple):
    """What loading came to: tables the schema does not have, and promises that do not hold."""

    left_out: list[str]
    broken: list[tuple[str, int]]


def load(
    database_url: str,
    archive: Archive,
    *,
    replace: bool = False,
    keep_broken: bool = False,
    told: Callable[[int], None] = lambda rows: None,
) -> Loaded:
    """Put a backup in place of an empty database, or with `replace` of any that nobody serves from.

    `told` hears of rows as they come in. Raises MigrationError where the schemas don't fit,
    BackupError, psycopg2.Error; then nothing has changed.
    """
    known = migrations()
    then = _schema_of(archive, known)
    link = psycopg2.connect(database_url, application_name="booking restore")
    try:
        with closing(link) as connection, connection, connection.cursor() as cursor:
            connection.set_client_encoding("UTF8")
            cursor.execute(SESSION)
            cursor.execute(NO_LIMIT)
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            before = _replaceable(cursor, known, replace)
            _run_all(cursor, DROPS)
            migrate_within(cursor, then)
            left_out = _fill(cursor, archive, told)
            migrate_within(cursor, known)
            usernames.fill(connection)
            search.fill(connection)
            return Loaded(left_out, _settled(cursor, before, keep_broken))
    except psycopg2.errors.LockNotAvailable as error:
        raise BackupError("Somebody is using this database: end that first.") from error
    except psycopg2.errors.InsufficientPrivilege as error:
        raise BackupError(
            "This role may not make the schema: restore as the role that owns the database."
        ) from error


def _schema_of(archive: Archive, known: list[Migration]) -> list[Migration]:
    """The migrations that make the tables of a backup. Raises MigrationError."""
    if archive.about.version > known[-1].version:
        raise MigrationError(
            f"The backup has schema {archive.about.version}, which is newer than this code. "
            "Restore it with the version of the service that made it, or a newer one."
        )
    then = known[: archive.about.version]
    for theirs, ours in zip(archive.about.migrations, then, strict=True):
        if not ours.made(theirs.checksum):
            raise MigrationError(
                f"Migration {ours.version:04} is not the one that the backup was made with: "
                "bring its file back."
            )
    return then


def _replaceable(cursor: Any, known: list[Migration], replace: bool) -> set[str]:
    """The tables that are there, if they may go. Raises BackupError, MigrationError."""
    cursor.execute(SERVERS, [APPLICATION_NAME])
    [sessions] = cursor.fetchone()
    if sessions:
        raise BackupError(
            f"A server works on this database ({sessions} of its sessions are there): "
            "stop every server first."
        )
    found = tables(cursor)
    version = applied_version(cursor)
    if found and not version:
        raise BackupError("The database has tables that are not the service's: take another one.")
    if version > known[-1].version:
        raise MigrationError(
            f"The database has schema {version}, which is newer than this code: take another one, "
            "or run the version of the service that made it."
        )
    for table in found:
        if table.name in FILLED:
            continue
        cursor.execute(ANY_ROW.format(sql.Identifier(table.name)))
        if cursor.fetchone() == (True,) and not replace:
            raise BackupError(
                "The database is not empty: take an empty one, or say --replace to lose what is "
                "in it."
            )
    return {table.name for table in found}


def _run_all(cursor: Any, statements: str) -> None:
    cursor.execute(statements)
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)


def _fill(cursor: Any, archive: Archive, told: Callable[[int], None]) -> list[str]:
    """Load the rows into their tables, which a migration may have filled; which had no table."""
    cursor.execute(HINDRANCES)
    hindrances = cursor.fetchall()
    for off, _ in hindrances:
        cursor.execute(off)
    there = {table.name for table in tables(cursor)}
    every = sql.SQL(", ").join(map(sql.Identifier, sorted(there)))
    cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(every))
    left_out = []
    for name, columns, rows in archive.tables(told):
        if name not in there:
            left_out.append(name)
            continue
        chosen = sql.SQL(", ").join(map(sql.Identifier, columns))
        cursor.copy_expert(ROWS.format(sql.Identifier(name), chosen), rows, 65536)
        if cursor.rowcount != archive.total.rows[name]:
            raise BackupError(f"{cursor.rowcount} rows of {name} arrived: nothing was restored.")
    for name, (last, called) in archive.total.sequences.items():
        cursor.execute(SET_SEQUENCE, [name, last, called])
    for _, on in hindrances:
        cursor.execute(on)
    return left_out


def _settled(cursor: Any, before: set[str], keep_broken: bool) -> list[tuple[str, int]]:
    """Count the tables for the planner and look whether every promise holds; those that don't."""
    after = {table.name for table in tables(cursor)}
    if lost := sorted(before - after):
        raise BackupError(
            f"The database has tables that are not the service's ({', '.join(lost)}): "
            "move them elsewhere first."
        )
    for name in sorted(after):
        cursor.execute(ANALYZE.format(sql.Identifier(name)))
    queries = load_queries()
    cursor.execute(queries["event_renew"].text)  # from here on the same ids are other events
    cursor.execute(queries["invariants_broken"].text)
    broken: list[tuple[str, int]] = cursor.fetchall()
    if broken and not keep_broken:
        what, number = broken[0]
        raise BackupError(
            f"In this backup promises do not hold, such as: {what} ({number}). Nothing was "
            "restored; say --keep-broken to restore it all the same."
        )
    return broken
