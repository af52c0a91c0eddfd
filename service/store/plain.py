"""Named queries without the pool, for what runs before or beside it."""

from typing import Any

from psycopg2.extras import NamedTupleCursor

from service.store.queries import load_queries


class Plain:
    """Runs named queries on a connection of psycopg2's own."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._queries = connection, load_queries()

    def run(self, name: str, /, **parameters: Any) -> list[Any]:
        with self._connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
            cursor.execute(self._queries[name].text, parameters)
            return list(cursor.fetchall())
