"""What sql/ keeps to, and that no statement is put together anywhere else."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from service.booking.appointment import book, book_time, end, hold, move_time, read, reschedule
from service.booking.calendar import schedule, slot, times
from service.store.queries import WAITING, Query, load_queries, query_files
from service.store.refusals import REFUSALS
from service.store.schema.migrate import TABLE, migrations
from tests.contract.source import WEB, Module, modules, schema, strings, within

QUERIES = load_queries()
SCHEMA = schema()
STATEMENT = re.compile(
    r"\b(SELECT\b.*\bFROM|SELECT pg_|INSERT INTO|UPDATE\b.*\bSET|DELETE FROM"
    r"|(CREATE|ALTER|DROP) [A-Z]+|PREPARE|EXECUTE|SET [a-z_]+ =)\b",
    re.DOTALL,
)
COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
# Each of these sends the loader's own text, or makes it out of a query file.
LOADERS = {"service.store.queries"}

# What they are asked about, one by one.
ITEMS = {
    "appointment_book": book.BookItem,
    "appointment_book_time": book_time.TimeItem,
    "appointment_end": end.EndItem,
    "appointment_hold": hold.HoldItem,
    "appointment_hold_confirm": hold.ConfirmItem,
    "appointment_list": read.ListItem,
    "appointment_move": reschedule.MoveItem,
    "appointment_move_time": move_time.MoveTimeItem,
    "slot_create": slot.NewSlot,
    "slot_list_provider": slot.ListItem,
    "slot_publish": schedule.Interval,
    "time_list": times.TimesItem,
    "time_service": times.ServiceItem,
}

every_query = pytest.mark.parametrize("query", QUERIES.values(), ids=lambda query: query.name)


def last_statement(query: Query) -> str:
    return query.text.split(";\n")[-1]


def outermost(text: str) -> str:
    """A statement without whatever stands in brackets."""
    while (shorter := re.sub(r"\([^()]*\)", " ", text)) != text:
        text = shorter
    return text


def test_files_of_queries_are_small_and_so_are_their_folders() -> None:
    folders = Counter(path.parent for path in query_files())
    assert max(folders.values()) <= 10
    assert max(len(path.read_text().splitlines()) for path in query_files()) <= 400


@every_query
def test_a_query_names_the_columns_it_gives(query: Query) -> None:
    assert not re.search(r"\bSELECT\s+\*", COMMENT.sub("", query.text))
    assert "*" not in outermost(last_statement(query)).replace("/*", "").replace("*/", "")


@every_query
def test_rows_come_in_a_chosen_order_and_number(query: Query) -> None:
    """What gives a row per item of a set that was sent needs no limit: the set is one."""
    text = last_statement(query)
    if query.shape == "many":
        assert "ORDER BY" in outermost(text)
        assert "LIMIT" in outermost(text) or "unnest(" in text
    if "string_agg(" in text and "unnest(" not in text:
        assert "ORDER BY" in text
        assert "LIMIT" in text


@pytest.mark.parametrize("name", ITEMS)
def test_every_field_of_an_item_is_a_parameter_of_its_query(name: str) -> None:
    arrays = {field for field, cast in QUERIES[name].casts.items() if cast.endswith("[]")}
    assert set(ITEMS[name]._fields) <= arrays


def test_who_locks_rows_says_in_what_order() -> None:
    for query in QUERIES.values():
        for statement in query.text.split(";\n"):
            if "FOR NO KEY UPDATE" in statement and "ANY (" in statement:
                assert re.search(r"ORDER BY [\w., ]+\s+FOR NO KEY UPDATE", statement), query.name


def test_every_constraint_and_index_has_a_name_that_was_chosen(database: Any) -> None:
    written = set(re.findall(r"(?:CONSTRAINT|INDEX)(?: TRIGGER)? (\w+)", SCHEMA + TABLE))
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
            " UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
        )
        found = {name for (name,) in cursor.fetchall()}
    assert found - written == set()
    assert REFUSALS.keys() <= found


def test_no_migration_adds_a_column_and_its_default_at_once() -> None:
    """Minor releases such as 15.20 refuse that where a function takes a row of the table."""
    at_once = re.compile(r"ALTER TABLE (\w+)[^;]*ADD COLUMN[^,;]*\bDEFAULT\b")
    taken = set(re.findall(r"\b(\w+) \1[,)]", SCHEMA))  # as in f(slot slot, provider provider)
    found = [
        (one.name, table)
        for one in migrations()
        for table in at_once.findall(COMMENT.sub("", one.text))
    ]
    assert {"slot", "provider"} <= taken
    assert [(name, table) for name, table in found if table in taken] == []


def test_statements_stand_in_the_storage_only() -> None:
    elsewhere = [
        f"{module}:{line}"
        for module in modules()
        if not within(module.name, "service.store")
        for text, line in strings(module)
        if STATEMENT.search(text)
    ]
    assert elsewhere == []


def test_no_statement_is_put_together_from_parts() -> None:
    built = [
        f"{module}: {ast.unparse(node)}"
        for module in modules()
        if module.name not in LOADERS
        for node in ast.walk(module.tree)
        if _is_built(node) and STATEMENT.search(ast.unparse(node))
    ]
    assert built == []


def _is_built(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod | ast.Add)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        text = isinstance(node.func.value, ast.Constant) and isinstance(node.func.value.value, str)
        return text and node.func.attr in ("format", "format_map", "join", "replace")
    return isinstance(node, ast.JoinedStr)


def test_what_speaks_http_names_no_query() -> None:
    named = [
        f"{module}:{line} {text}"
        for module in modules()
        if any(within(module.name, one) for one in WEB)
        for text, line in strings(module)
        if text in QUERIES
    ]
    assert named == []


def test_every_query_is_asked_for_with_what_it_takes() -> None:
    asked = {name: given for module in modules() for name, given in _asked(module)}
    named = {name for name in QUERIES if not name.endswith(WAITING)}
    assert asked.keys() == named - {"event_renew", "invariants_broken"}  # for tests, and restoring
    wrong = [name for name, given in asked.items() if given and given != QUERIES[name].casts.keys()]
    assert wrong == []


def _asked(module: Module) -> Iterator[tuple[str, frozenset[str]]]:
    """The queries that a module runs, with their parameters where all are written out."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") != "run":
            continue
        if node.args and isinstance(node.args[0], ast.Constant) and _runs(ast.unparse(node.func)):
            names = [keyword.arg for keyword in node.keywords]  # None stands for **them
            whole = frozenset(name for name in names if name)
            yield str(node.args[0].value), frozenset() if None in names else whole


def _runs(called: str) -> bool:
    """Whether a call is one to PostgreSQL, or to an open transaction."""
    return any(word in called for word in ("db", "transaction", "queries"))
