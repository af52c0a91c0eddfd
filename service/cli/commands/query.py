"""`query`: the queries of sql/queries, listed, shown, tried or explained."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg2

from service.cli.arguments.parser import nearest
from service.cli.commands.screen import counted, table
from service.cli.commands.servers import FAILED, addressed, asked_wrongly, exit_code
from service.settings import Settings
from service.store import trial
from service.store.embedded import Embedded
from service.store.queries import WAITING, Query, load_queries
from service.store.refusals import sentence

NULL = "NULL"


def query(
    settings: Settings, *, name: str | None, parameters: Sequence[tuple[str, str]], explain: bool
) -> int:
    """List all queries, show one that lacks its parameters, or try it; 1 if PostgreSQL refuses."""
    queries = load_queries()
    if name is None:
        print(table(("query", "brings", "parameters"), listed(queries.values())))
        return 0
    if name not in queries:
        asked_wrongly(f"There is no query {name!r}{nearest(name, queries) or '.'}")
    wanted = queries[name]
    if wanted.casts and not parameters:
        print(shown(wanted))
        return 0
    values = read(wanted, dict(parameters))

    def run() -> int:
        with addressed(settings, Embedded.attach_or_start, redis=False) as (at, _):
            try:
                print(answer(at, wanted, values, explain))
            except psycopg2.Error as error:
                if error.pgcode is None:  # the connection, not the query
                    raise
                print(f"PostgreSQL refuses: {sentence(error)}.", file=sys.stderr)
                return FAILED
        return 0

    return exit_code(run)


def answer(settings: Settings, query: Query, values: dict[str, str | None], explain: bool) -> str:
    """The rows of a query in a table, or its plans, and whether something was undone."""
    undone = "it writes, so all of it was rolled back" if query.writes else ""
    if explain:
        plans = trial.explained(settings, query, values)
        return "\n\n".join(filter(None, [*plans, undone]))
    heads, rows = trial.tried(settings, query, values)
    cells = [[written(cell) for cell in row] for row in rows]
    if query.shape != "many" and cells:  # one row, which may be long, is read from top to bottom
        shown = "\n".join(f"{head}: {cell}" for head, cell in zip(heads, cells[0], strict=True))
    else:
        shown = table(heads, cells)
    count = "; ".join(filter(None, [counted(len(rows), "row"), undone]))
    return f"{shown}\n{count}".lstrip()


def listed(queries: Iterable[Query]) -> list[tuple[str, str, str]]:
    """All queries for a table, but the twins that only wait."""
    return [(one.name, one.shape, takes(one)) for one in queries if not one.name.endswith(WAITING)]


def takes(query: Query) -> str:
    """The parameters of a query as they are given: slot_id=bigint."""
    return " ".join(f"{name}={cast.removeprefix('::')}" for name, cast in query.casts.items())


def shown(query: Query) -> str:
    """A query to read, and how it is given what it takes."""
    return f"{query.source}\n\nrun.py query {query.name} {takes(query)}"


def read(query: Query, given: dict[str, str]) -> dict[str, str | None]:
    """The parameters as PostgreSQL reads them. Leaves where one is missing, or there is no such."""
    for name in given:
        if name not in query.casts:
            hint = nearest(name, query.casts) or f": it takes {takes(query) or 'none'}."
            asked_wrongly(f"{query.name} has no parameter {name!r}{hint}")
    if missing := [name for name in query.casts if name not in given]:
        asked_wrongly(f"{query.name} needs {', '.join(missing)} too: {takes(query)}.")
    return {name: literal(query.casts[name], value) for name, value in given.items()}


def literal(cast: str, value: str) -> str | None:
    """A value as PostgreSQL reads it: NULL is none, and a list may come without its braces."""
    if value == NULL:
        return None
    return f"{{{value}}}" if cast.endswith("[]") and not value.startswith("{") else value


def written(cell: Any) -> Any:
    """A value in a table: documents as JSON, nothing for NULL."""
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return "" if cell is None else cell
