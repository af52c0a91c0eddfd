"""Mutants: what can be made of a source, an obvious one is killed, an equivalent one is told."""

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import ROOT
from tests.prove.mutants import in_python, in_sql
from tests.prove.mutants.bench import Bench
from tests.prove.mutants.campaign import PARTS, chosen, tried
from tests.prove.mutants.change import Mutant, mutants_of
from tests.prove.mutants.table import told

SLOTS = "sql/queries/calendar/slot.sql"
SOURCE = b'''
def pick(a, b, *, most=3):
    """Not this one."""
    if a < most and not b:
        return f"key:{a}:{b}"
    keep(a, b)
    return "done"
'''
QUERY = """
-- name: slot_some :many
SELECT slot.id, slot.version
  FROM slot
 WHERE slot.id > %(after_id)s::bigint  -- a comment > 1
   AND coalesce(slot.booked, 0) < %(most)s::integer
 ORDER BY slot.id
"""


def spoiled(source: bytes, change: tuple[int, int, str, str]) -> str:
    start, end, new, _ = change
    return (source[:start] + new.encode() + source[end:]).decode()


def test_of_python_it_makes_other_programs() -> None:
    made = {change.kind: spoiled(SOURCE, change) for change in in_python.changes(SOURCE)}
    assert set(made) >= {
        "comparison", "and/or", "condition dropped", "not dropped", "bound", "key's part dropped",
        "arguments swapped", "statement dropped", "nothing returned", "constant",
    }  # fmt: skip
    for text in made.values():
        ast.parse(text)
        assert "Not this one." in text


def test_of_sql_it_makes_other_queries() -> None:
    source = QUERY.encode()
    made = [(change.kind, spoiled(source, change)) for _, change in in_sql.changes(QUERY)]
    texts = [" ".join(text.split()) for _, text in made]
    assert {kind for kind, _ in made} >= {
        "column", "comparison", "bound", "and/or", "condition dropped", "order", "coalesce dropped",
    }  # fmt: skip
    assert any("AND slot.booked < %(most)s" in text for text in texts)
    assert any("WHERE coalesce(slot.booked, 0)" in text for text in texts)
    assert all("-- a comment > 1" in text for text in texts if "a comment" in text)


def test_one_seed_chooses_the_same_from_every_part() -> None:
    some, again = (
        [(part, one.name) for part, one in itertools.islice(chosen(7, "slot*"), 40)]
        for _ in range(2)
    )
    assert some == again
    assert {part for part, _ in itertools.islice(chosen(7, "*"), 40)} == set(PARTS)
    assert len({name for _, name in some}) == 40


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, 0)
    bench.start()
    yield bench
    bench.stop()


def mutant(path: str, new: str, query: str = "") -> Mutant:
    source = (ROOT / path).read_bytes()
    return next(
        one
        for one in mutants_of(ROOT, path)
        if one.query == query and new in " ".join(" ".join(one.diff(source)).split())
    )


@pytest.mark.timeout(180)
def test_an_obvious_one_is_killed_and_an_equivalent_one_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "prove", lambda: "")  # a proof has tests of its own
    path = "service/booking/idempotency.py"
    tests = ["tests/api/calendar/test_slot_get.py", "tests/unit/booking/test_answer.py"]
    known = bench.run(files=tests, trace=True)["tests"]
    names = [name for name, told in known.items() if not told.get("failed")]
    obvious = mutant(SLOTS, "+ WHERE slot.id <> %(slot_id)s::bigint", "slot_get")
    equal = mutant(path, "+SOME = 1001")
    both = obvious, equal
    rows = [{"name": one.name, "part": "some", **tried(bench, one, names)} for one in both]
    assert [row["fate"] for row in rows] == ["killed", "survived"]
    assert rows[0]["by"].startswith("tests/api/calendar/test_slot_get.py::")
    table = told(rows)
    assert "Survivors: 1" in table
    assert "    +SOME = 1001" in table
    assert "slot_get" not in table
    assert (bench.copy / path).read_bytes() == (ROOT / path).read_bytes()


def test_what_is_no_sql_is_no_mutant(bench: Bench) -> None:
    good = mutant(SLOTS, "+ WHERE slot.id <> %(slot_id)s::bigint", "slot_get")
    assert bench.understood(good)
    assert not bench.understood(good._replace(change=good.change._replace(new="= =")))
    assert not bench.understood(good._replace(change=good.change._replace(new="=")))
