"""Writes a backup: every row as of one instant, while the database is in use."""

import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from service.store.backup.archive import FORMAT, About, BackupError, Schema, Total, Writer
from service.store.backup.catalog import NO_LIMIT, SEQUENCES, SESSION, tables
from service.store.schema.migrate import LOCK

PATIENCE = 60.0  # seconds for a migration that is running
# No snapshot is taken before this lock is held, so none is older than the tables.
STEADY = "LOCK TABLE schema_migration IN ACCESS SHARE MODE"
# A migration waits for this one, before it locks a table that bookings need.
HELD = "SELECT pg_try_advisory_xact_lock_shared(%s)"
MIGRATIONS = "SELECT version, checksum FROM schema_migration ORDER BY version"
ROWS = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT")
SEQUENCE = sql.SQL("SELECT last_value, is_called FROM {}")


class Dumped(NamedTuple):
    """What a backup came to."""

    rows: int
    tables: int
    version: int


def dump(database_url: str, out: BinaryIO) -> Dumped:
    """Write the rows of all tables, as of one instant; bookings go on meanwhile.

    Raises BackupError when there is nothing or it may not be read, psycopg2.Error, OSError.
    """
    link = psycopg2.connect(database_url, application_name="booking backup")
    with closing(link) as connection:
        connection.set_client_encoding("UTF8")
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        try:
            with connection.cursor() as cursor:
                _steady(connection, cursor)
                return _write(connection, cursor, out)
        except psycopg2.errors.UndefinedTable as error:
            raise BackupError("There is nothing to back up: the database has no schema.") from error
        except psycopg2.errors.InsufficientPrivilege as error:
            raise BackupError(
                "This role may not read everything: back up as the role that owns the database."
            ) from error


def _steady(connection: Any, cursor: Any) -> None:
    """Begin the transaction when no migration runs, and keep others waiting."""
    until = time.monotonic() + PATIENCE
    while True:
        cursor.execute(SESSION)
        cursor.execute(STEADY)
        cursor.execute(HELD, [LOCK])
        if cursor.fetchone() == (True,):
            cursor.execute(NO_LIMIT)
            return
        connection.rollback()
        if time.monotonic() > until:
            raise BackupError("A migration is running: try again when it is done.")
        time.sleep(0.2)


def _write(connection: Any, cursor: Any, out: BinaryIO) -> Dumped:
    cursor.execute(MIGRATIONS)
    done = [Schema(*row) for row in cursor.fetchall()]
    server = connection.get_parameter_status("server_version")
    writer = Writer(out, About(FORMAT, datetime.now(UTC).isoformat("T", "seconds"), server, done))
    rows = {}
    for table in tables(cursor):
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        writer.table(table.name, table.columns)
        cursor.copy_expert(ROWS.format(columns, sql.Identifier(table.name)), writer)
        writer.table_ends()
        rows[table.name] = cursor.rowcount
    writer.finish(Total(rows, _sequences(cursor)))
    return Dumped(sum(rows.values()), len(rows), done[-1].version)


def _sequences(cursor: Any) -> dict[str, tuple[int, bool]]:
    """Where each stands now, which is never before the rows of our snapshot."""
    cursor.execute(SEQUENCES)
    found = {}
    for (name,) in cursor.fetchall():
        cursor.execute(SEQUENCE.format(sql.Identifier(name)))
        found[name] = cursor.fetchone()
    return found
