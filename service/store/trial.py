"""A named query tried by hand: run as a server runs it, and undone."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import psycopg2

from service.settings import Settings
from service.store.postgres import dsn
from service.store.queries import Query

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS) "


class Rows(NamedTuple):
    """What a query brought: the names of its columns and its rows."""

    heads: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def tried(settings: Settings, query: Query, values: Mapping[str, str | None]) -> Rows:
    """What the query brings. Each value is a text, read as its cast says. Raises psycopg2.Error."""
    with _undone(settings, query) as cursor:
        cursor.execute("; ".join(_statements(settings, query)), values)
        if cursor.description is None:
            return Rows((), [])
        return Rows(tuple(one.name for one in cursor.description), cursor.fetchall())


def explained(settings: Settings, query: Query, values: Mapping[str, str | None]) -> list[str]:
    """How PostgreSQL carries out each statement of the query, in text. Raises psycopg2.Error."""
    plans = []
    with _undone(settings, query) as cursor:
        for statement in _statements(settings, query):
            cursor.execute(EXPLAIN + statement, values)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return plans


@contextlib.contextmanager
def _undone(settings: Settings, query: Query) -> Iterator[Any]:
    """A cursor in a transaction that is rolled back; one that may write only if the query does."""
    connection = psycopg2.connect(dsn(settings))
    with contextlib.closing(connection), connection.cursor() as cursor:
        connection.set_session(readonly=not query.writes)
        if settings.prepare:
            cursor.execute(query.prepare)
        yield cursor
        connection.rollback()


def _statements(settings: Settings, query: Query) -> list[str]:
    """The statements of the query as they are sent: prepared ones have one plan for all values."""
    return query.execute.split("; ") if settings.prepare else list(query.statements)
