"""Conditions that have a name in the schema: in a plan they are as good as written out."""

import pytest

from service.store.queries import WAITING
from tests.sql.desk import QUERIES, Desk
from tests.sql.samples import samples

NAMED = (
    "is_open",
    "is_coming",
    "is_hold",
    "is_staff",
    "has_run_out",
    "leaves",
    "slot_status",
    "status_now",
    "taken",
    "idempotency_verdict",
    "idempotency_set_verdict",
)
OPEN = "SELECT id FROM appointment WHERE {} AND is_open(status)"


def plan(desk: Desk, statement: str, parameters: object = None) -> str:
    desk.cursor.execute(f"EXPLAIN (VERBOSE) {statement}", parameters)
    return "\n".join(line for (line,) in desk.cursor.fetchall())


@pytest.mark.parametrize("name", QUERIES)
def test_they_are_no_calls_in_any_query(name: str, desk: Desk) -> None:
    parameters = samples(desk)[name.removesuffix(WAITING)]
    desk.cursor.execute(QUERIES[name].prepare)
    plans = [plan(desk, one, parameters) for one in QUERIES[name].execute.split("; ")]
    assert [one for one in NAMED if f"{one}(" in "".join(plans)] == []


def test_those_that_are_open_are_found_by_the_place_they_hold(desk: Desk) -> None:
    """Through a partial index, whose condition follows from theirs."""
    desk.cursor.execute("SET LOCAL enable_seqscan = off")
    assert "appointment_one_per_place" in plan(desk, OPEN.format("slot_id = 1"))
    assert "appointment_account" in plan(desk, OPEN.format("account_id = 1"))
