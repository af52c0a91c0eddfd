"""store/arrays.py: PostgreSQL reads the very list that was written, and each item's own values."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.store.arrays import columns, literal, written
from tests.sql.desk import Desk

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
AWKWARD = ["", " ", "NULL", "null", "a,b", "{}", '"', "\\", '\\"', "'", "ä\n\t", "%s", "%(a)s"]
OFF_BY_TWO = timezone(timedelta(hours=2))


class Item(NamedTuple):
    number: int
    text: str


def back(desk: Desk, kind: str, values: list[Any]) -> Any:
    return desk.one(f"SELECT %s::{kind}[]", literal(values))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("bigint", []),
        ("bigint", [1, -(2**63), 2**63 - 1]),
        ("bigint", [1, None]),
        ("boolean", [True, False, None]),
        ("boolean", [True, False]),
        ("text", []),
        ("text", AWKWARD),
        ("text", [*AWKWARD, None]),
        ("timestamptz", [datetime(2027, 1, 4, 10, 0, 0, 1, UTC), None]),
        ("timestamptz", [datetime(1, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=OFF_BY_TWO)]),
    ],
)
def test_a_list_comes_back_as_it_was(desk: Desk, kind: str, values: list[Any]) -> None:
    assert back(desk, kind, values) == values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(TEXTS | st.none()))
def test_any_text_comes_back_as_it_was(desk: Desk, values: list[str | None]) -> None:
    assert back(desk, "text", values) == values


def test_a_point_in_time_may_stand_beside_infinity(desk: Desk) -> None:
    noon = datetime(2027, 1, 4, 12, tzinfo=UTC)
    array = literal([noon, "-infinity", "infinity"])
    assert desk.one("SELECT (%s::timestamptz[])[1]", array) == noon
    assert desk.one("SELECT isfinite((%s::timestamptz[])[2])", array) is False


@pytest.mark.parametrize("value", [1.5, b"bytes", [1], {}, object()])
def test_nothing_else_is_guessed_at(value: Any) -> None:
    with pytest.raises(TypeError):
        literal([value])


@pytest.mark.parametrize("count", [1, 3])
def test_a_set_is_sent_as_a_list_for_each_field_in_the_order_of_its_items(
    desk: Desk, count: int
) -> None:
    items = [Item(n, f"No {n}") for n in range(count)]
    desk.cursor.execute(
        "SELECT * FROM unnest(%(number)s::bigint[], %(text)s::text[]) AS item (number, text)",
        written(columns(items)),
    )
    assert [Item(*row) for row in desk.cursor.fetchall()] == items
