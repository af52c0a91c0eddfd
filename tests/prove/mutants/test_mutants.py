"""Mutants: what can be made of a source, an obvious one is killed, an equivalent one is told."""

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import ROOT
from service.store.queries import parse
from tests.prove.mutants import in_python, in_sql
from tests.prove.mutants.bench import Bench
from tests.prove.mutants.campaign import PARTS, about, chosen, tried
from tests.prove.mutants.change import Mutant, functions, mutants_of
from tests.prove.mutants.equivalent import equivalents
from tests.prove.mutants.lookers import Lookers
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
   AND slot.name <> 'a slot.name or 1'
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
    assert all("'a slot.name or 1'" in text for text in texts if "'a " in text)


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
def test_an_obvious_one_is_killed_and_an_equivalent_one_is_told(bench: Bench) -> None:
    path = "service/booking/idempotency.py"
    tests = ["tests/api/calendar/test_slot_get.py", "tests/unit/booking/test_answer.py"]
    known = bench.run(files=tests, trace=True)["tests"]
    names = [name for name, told in known.items() if not told.get("failed")]
    obvious = mutant(SLOTS, "+ WHERE slot.id <> %(slot_id)s::bigint", "slot_get")
    equal = mutant(path, "+SOME = 1001")
    both = obvious, equal
    rows = [{"part": "some", **about(one), **tried(bench, one, names)} for one in both]
    assert [row["fate"] for row in rows] == ["killed", "survived"]
    assert rows[0]["by"].startswith("tests/api/calendar/test_slot_get.py::")
    table = told(rows)
    assert "Survivors: 1" in table
    assert "    +SOME = 1001" in table
    assert "slot_get" not in table
    assert (bench.copy / path).read_bytes() == (ROOT / path).read_bytes()


def test_what_fails_for_want_of_time_is_told_from_what_is_wrong(bench: Bench) -> None:
    slow, wrong = bench.copy / "tests/unit/test_slow.py", bench.copy / "tests/unit/test_wrong.py"
    slow.write_text("def test_slow(): raise TimeoutError('after 5 seconds')\n")
    wrong.write_text("def test_wrong(): assert 1 > 2\n")
    found = [bench.run(files=[f"tests/unit/{one.name}"]) for one in (slow, wrong)]
    assert [one["failed"].split("::")[-1] for one in found] == ["test_slow", "test_wrong"]
    assert [one["late"] for one in found] == [True, False]


def test_tests_that_must_run_alone_are_asked_apart_from_the_others(tmp_path: Path) -> None:
    lookers = Lookers(tmp_path / "lookers.json", ROOT)
    one = mutant("service/access/passwords.py", "+GRACE = 4")
    together, alone = "tests/unit/values/test_names.py", "tests/races/test_pair_locks.py"
    for name in (together, alone):
        lookers.note(name, {f"{name}::test_it": {"seconds": 1, "ran": [[one.path, "Hasher.hash"]]}})
    assert lookers.of(one) == [f"{together}::test_it"]
    assert set(lookers.all_of(one)) == {f"{together}::test_it", f"{alone}::test_it"}


def test_a_table_without_functions_is_looked_at_with_its_folder(tmp_path: Path) -> None:
    lookers = Lookers(tmp_path / "lookers.json", ROOT)
    name = "tests/unit/values/test_names.py"
    ran = [["service/handlers/ops.py", "Healthz.get"]]
    lookers.note(name, {f"{name}::test_it": {"seconds": 1, "ran": ran}})
    assert lookers.of(mutant("service/handlers/routes.py", "+CALLS: list[Call] = (["))
    assert not lookers.of(mutant("service/booking/calendar/slot.py", "+LOOKS = 2001"))


def test_a_function_is_named_as_python_names_it() -> None:
    source = b"class A:\n    @one\n    def b(self):\n        def c(): pass\n@cache\ndef d(): pass\n"
    assert list(functions(ast.parse(source))) == [(2, 4, "A.b"), (4, 4, "A.b.<locals>.c")]


def test_each_that_is_called_equivalent_can_be_made_and_says_why() -> None:
    known = equivalents()
    places = {place for place, _, _ in known}
    paths = {one for one in places if "/" in one}
    paths |= {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("sql/queries/**/*.sql")
        if places & {one.name for one in parse(path.name, path.read_text())}
    }
    made = {
        one.words
        for path in paths
        for one in mutants_of(ROOT, path)
        if one.query in places or one.path in places
    }
    assert set(known) <= made
    assert all(known.values())


def test_what_is_no_sql_is_no_mutant(bench: Bench) -> None:
    good = mutant(SLOTS, "+ WHERE slot.id <> %(slot_id)s::bigint", "slot_get")
    assert bench.understood(good)
    assert not bench.understood(good._replace(change=good.change._replace(new="= =")))
    assert not bench.understood(good._replace(change=good.change._replace(new="=")))
