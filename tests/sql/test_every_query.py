"""Every named query: that it has tests, that both its forms agree, and that it uses indexes."""

import ast
import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from service.booking.calendar.provider import Provider
from service.booking.calendar.schedule import Interval
from service.booking.people.operator import Listed
from service.settings import Settings
from service.store.embedded import Embedded
from service.store.queries import WAITING
from tests.live import connected, scratch_database
from tests.sql.conftest import opened
from tests.sql.desk import QUERIES, Desk
from tests.sql.samples import samples
from tests.sql.samples_calendar import Parameters

NUMBERED = {
    "provider",
    "service",
    "slot",
    "appointment",
    "appointment_history",
    "calendar_link",
    "calendar_source",
    "closure",
    "series",
    "waiting",
    "outbox",
    "webhook",
    "delivery",
    "attempt",
}
TABLES = NUMBERED | {"account", "schedule_rule", "schedule_day", "opening", "waiting_line", "event"}
# These read whole tables, or one row of any kind, and nobody waits for them.
WHOLE = {"calendar_source_stale", "invariants_broken", "slot_count", "schema_version"}
# Where nothing has been counted ever, to read all of these seems as good as to look one row up;
# autovacuum comes round within a minute.
PARTIAL = {"appointment_one_per_place", "slot_no_overlap"}
# A few hundred rows, as after a first day: where there are only one or two, all ways of finding
# them cost the same.
CROWD = """
WITH people AS (
    INSERT INTO account (username, email, password_hash)
    SELECT 'crowd' || n, '', '-' FROM generate_series(1, 400) AS n
    RETURNING id
), clinics AS (
    INSERT INTO provider (name, time_zone) SELECT 'Crowd', 'UTC' FROM generate_series(1, 20)
    RETURNING id
), slots AS (
    INSERT INTO slot (provider_id, starts_at, ends_at)
    SELECT clinics.id, day, day + interval '1 hour'
    FROM clinics, generate_series(timestamptz '2040-01-01', '2040-01-20', '1 day') AS day
    RETURNING id
), appointments AS (
    INSERT INTO appointment (slot_id, place, account_id)
    SELECT slots.id, 1, (SELECT min(people.id) FROM people) FROM slots
    RETURNING id, account_id, slot_id, status
)
INSERT INTO appointment_history (appointment_id, actor_id, action, to_slot_id, to_status)
SELECT id, account_id, 'book', slot_id, status FROM appointments
"""
# What these tests insert and undo counts for autovacuum, which would have counted one table as
# empty and the others not. Its next round makes such plans anew.
UNCOUNTED = """
DO $$
DECLARE
    one regclass;
BEGIN
    FOR one IN
        SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', one);
    END LOOP;
END $$
"""


def names_of_tests() -> Iterator[str]:
    """The name of every test of this folder and those in it."""
    for path in Path(__file__).parent.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def test_each_has_tests_named_after_it() -> None:
    by_query: dict[str, list[str]] = {name: [] for name in QUERIES if not name.endswith(WAITING)}
    for test in names_of_tests():
        fitting = [name for name in by_query if test.startswith(f"test_{name}_")]
        if fitting:
            by_query[max(fitting, key=len)].append(test)
    assert [name for name, tests in by_query.items() if not tests] == []


class Ground(NamedTuple):
    """The calendar of the samples in a transaction that is never committed, made once for all
    queries: each is undone by itself."""

    desk: Desk
    parameters: dict[str, Parameters]

    def of(self, name: str) -> Parameters:
        return self.parameters[name.removesuffix(WAITING)]

    @contextlib.contextmanager
    def undone(self) -> Iterator[Any]:
        """A cursor; what it does is undone."""
        self.desk.cursor.execute("SAVEPOINT before")
        try:
            yield self.desk.cursor
        finally:
            self.desk.cursor.execute("ROLLBACK TO SAVEPOINT before")


@contextlib.contextmanager
def ground_in(settings: Settings) -> Iterator[Ground]:
    for desk in opened(settings):
        desk.cursor.execute("SET idle_in_transaction_session_timeout = 0")
        yield Ground(desk, samples(desk))


@pytest.fixture(scope="module")
def ground(settings: Settings) -> Iterator[Ground]:
    with ground_in(settings) as ground:
        yield ground


@pytest.mark.parametrize("name", QUERIES)
def test_each_gives_the_same_rows_sent_as_it_is_and_prepared(name: str, ground: Ground) -> None:
    query = QUERIES[name]
    ground.desk.cursor.execute(query.prepare)
    texts = (query.text, query.execute)
    plain, prepared = (rows(ground, text, ground.of(name)) for text in texts)
    assert plain == prepared
    assert plain or name == "invariants_broken"


@pytest.mark.parametrize(("name", "kind"), [
    ("account_list", Listed), ("provider_list", Provider), ("slot_occupied", Interval),
])  # fmt: skip
def test_rows_that_are_taken_whole_have_the_columns_of_what_they_become(
    name: str, kind: type[Any], ground: Ground
) -> None:
    [row, *_] = ground.desk.run(name, **ground.of(name))
    assert row._fields == kind._fields


def rows(ground: Ground, text: str, parameters: Parameters) -> list[Any]:
    """The rows of a statement, which is undone; both forms give out the same ids."""
    with ground.undone() as cursor:
        cursor.execute("ALTER TABLE account ALTER id SET DEFAULT 1000000000")  # else of the clock
        for table in NUMBERED:
            cursor.execute(f"ALTER SEQUENCE {table}_id_seq RESTART WITH 1000000000")
        cursor.execute(text, parameters)
        return list(cursor.fetchall()) if cursor.description else [cursor.rowcount]


@pytest.fixture(scope="module")
def databases(servers: Embedded, settings: Settings) -> Iterator[dict[str, Settings]]:
    """Databases of their own, which nobody has counted yet: one empty, one with little in it."""
    with contextlib.ExitStack() as stack:
        found = {}
        for size in ("empty", "small"):
            urls = servers.admin_url or "", settings.database_url
            url = stack.enter_context(scratch_database(*urls, migrated=True))
            found[size] = dataclasses.replace(settings, database_url=url)
            with connected(url) as connection, connection.cursor() as cursor:
                cursor.execute(UNCOUNTED)
        with connected(url) as connection, connection.cursor() as cursor:
            cursor.execute(CROWD)
        yield found


@pytest.fixture(scope="module", params=["new", "counted"])
def counted(request: pytest.FixtureRequest) -> bool:
    """Whether the rows have been counted when the plans are made."""
    return bool(request.param == "counted")


@pytest.fixture(scope="module", params=["empty", "small"])
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def early(size: str, counted: bool, databases: dict[str, Settings]) -> Iterator[Ground]:
    """The ground in a young database."""
    with ground_in(databases[size]) as ground:
        if counted:
            ground.desk.cursor.execute("SET lock_timeout = '20s'")  # autovacuum may be at it
            ground.desk.cursor.execute("ANALYZE")
        yield ground


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - WHOLE))
def test_each_finds_its_rows_by_an_index(
    name: str, size: str, counted: bool, early: Ground
) -> None:
    """As prepared by the service: with one plan for all parameters, made while tables are small,
    before or after their rows have been counted."""
    unguided: list[Any] = []
    with early.undone() as cursor:
        cursor.execute(QUERIES[name].prepare)
        for statement in QUERIES[name].execute.split("; "):
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", early.of(name))
            [(plans,)] = cursor.fetchall()
            unguided += [node for node in scans(plans[0]["Plan"]) if not guided(node)]
            cursor.execute(statement, early.of(name))  # what it notes, the next one reads
    if size == "empty" and not counted:
        unguided = [node for node in unguided if node.get("Index Name") not in PARTIAL]
    assert unguided == [], json.dumps(unguided, indent=1)


def scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan that reads one of our tables."""
    if node.get("Relation Name") in TABLES and "Scan" in node["Node Type"]:
        yield node
    if node.get("Function Name", "").startswith("free_"):
        yield node  # its plan can't be seen: it should have become a part of this one
    for child in node.get("Plans", []):
        yield from scans(child)


def guided(node: dict[str, Any]) -> bool:
    """Whether the scan goes straight to its rows instead of reading everything."""
    if node["Node Type"] == "Bitmap Heap Scan":
        return all(guided(one) for one in node["Plans"] if one["Parent Relationship"] == "Outer")
    # There are few providers, and who reads all of them at once for a whole set does right. When
    # there are many, the planner hears of it and makes a new plan.
    return "Index Cond" in node or node["Relation Name"] == "provider"
