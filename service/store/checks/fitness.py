"""Whether PostgreSQL can be served from: what it is, what our role may do, whose sessions we get.

Nothing is changed: EXPLAIN looks up all that a query names, and our rights to it, and runs nothing.
"""

import secrets
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2

from service.errors import Unavailable
from service.settings import Settings, SettingsError
from service.store.postgres import dsn
from service.store.queries import load_queries
from service.store.refusals import sentence, unfit

OLDEST = 150000  # the oldest that is still mended, and tried
ABOUT = """
SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
       getdatabaseencoding(), current_database()
"""
MARK = "booking.mark"  # a setting of no meaning, which only the session knows that made it
STANDBY = "PostgreSQL is a standby, which takes no writes: name the primary in DATABASE_URL."
TURNS = 3  # of a pool that hands sessions out in turn
SHARED = (
    "Sessions are shared, as by PgBouncer in transaction mode, and prepared statements get lost: "
    "set PREPARE=off"
)


def check(settings: Settings) -> None:
    """Raise SettingsError with one sentence unless all queries can be run, Unavailable for a
    standby, which may be promoted any moment. Raises psycopg2.Error."""
    for fault in faults(settings):
        raise SettingsError(f"{fault}.")
    with closing(psycopg2.connect(dsn(settings))) as connection:
        if _ask(connection, "SELECT pg_is_in_recovery()"):
            raise Unavailable(STANDBY)


def trouble(settings: Settings) -> str:
    """The first fault, or why it can't be told; empty where there is none."""
    try:
        return next(faults(settings), "")
    except psycopg2.Error as error:
        return sentence(error)


def faults(settings: Settings) -> Iterator[str]:
    """What serving would fail for, and what to do about it; the schema has to be current."""
    with closing(psycopg2.connect(dsn(settings))) as connection:
        connection.autocommit = True
        yield from _refused(connection)
        if settings.prepare and _is_shared(connection, settings):
            yield SHARED


def unusable(connection: Any) -> Iterator[str]:
    """What no schema could be made for, and what to do about it."""
    with connection.cursor() as cursor:
        cursor.execute(ABOUT)
        number, version, encoding, database = cursor.fetchone()
    if number < OLDEST:
        yield f"PostgreSQL {version} is too old: use {OLDEST // 10000} or newer"
    if encoding != "UTF8":
        yield (
            f"The database {database} has the encoding {encoding}, which can't keep every name: "
            "make one with ENCODING 'UTF8', as deploy/README.md says"
        )


def _refused(connection: Any) -> Iterator[str]:
    """The first query that PostgreSQL would not run for us."""
    for query in load_queries().values():
        nothing = dict.fromkeys(query.casts)
        try:
            with connection.cursor() as cursor:
                for statement in query.statements:
                    cursor.execute(f"EXPLAIN {statement}", nothing)
        except psycopg2.Error as error:
            if not unfit(error):
                raise
            mend = "see deploy/README.md for what the role needs, and run.py migrate --status"
            yield f"PostgreSQL does not run {query.name} ({sentence(error)}): {mend}"
            return


def _is_shared(connection: Any, settings: Settings) -> bool:
    """Whether what is set in one session is found in another, or is not found again in its own.

    Prepared statements go the same way.
    """
    mark = secrets.token_hex(8)
    with closing(psycopg2.connect(dsn(settings))) as other:
        _ask(connection, "SELECT set_config(%s, %s, false)", MARK, mark)
        found = _ask(other, "SELECT current_setting(%s, true)", MARK)  # which stays in its session
        if found == mark:
            return True
        return any(
            _ask(connection, "SELECT current_setting(%s, true)", MARK) != mark for _ in range(TURNS)
        )


def _ask(connection: Any, text: str, *parameters: str) -> Any:
    """The one value of a query."""
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        [(value,)] = cursor.fetchall()
        return value
