"""run.py query: the queries of sql/queries listed, shown, tried and explained; nothing stays."""

from typing import Any

import pytest

from service.store.queries import WAITING, load_queries
from tests.command.conftest import Booking

CREATE = "query provider_create name=Nobody time_zone=UTC clock=UTC kind=room per_day=NULL"
BOOK = (
    "query appointment_book account_id=0 slot_id=0 notes=a expand=false max_open=0 "
    """no_overlap=false key='""' fingerprint='""'"""
)


def _providers(rows: Any) -> int:
    rows.execute("SELECT count(*) FROM provider")
    return int(rows.fetchone()[0])


def test_all_queries_are_listed_with_what_they_take(booking: Booking) -> None:
    lines = booking("query").out.splitlines()
    names = [line.split()[0] for line in lines[1:]]
    assert names == [name for name in load_queries() if not name.endswith(WAITING)]
    assert "slot_get maybe slot_id=bigint" in [" ".join(line.split()) for line in lines]


def test_without_its_parameters_a_query_is_shown_with_its_comment(booking: Booking) -> None:
    said = booking("query slot_create")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("-- All or nothing;")
    assert "FROM provider" in said.out
    assert said.out.endswith("per_person=integer[] service_id=bigint[]\n")


@pytest.mark.parametrize("prepare", ["on", "off"])
def test_rows_come_as_a_table_and_values_in_the_types_of_the_casts(
    booking: Booking, prepare: str
) -> None:
    said = booking("query provider_list after_id=0 limit=1", PREPARE=prepare)
    assert said.code == 0, said
    head, row, count = said.out.splitlines()
    assert head.split()[:2] == ["id", "name"]
    assert row.split()[:3] == ["1", "Dr", "Okafor"]
    assert count == "1 row"


@pytest.mark.parametrize("prepare", ["on", "off"])
def test_what_a_query_writes_is_undone_and_that_is_said(
    booking: Booking, rows: Any, prepare: str
) -> None:
    before = _providers(rows)
    said = booking(CREATE, PREPARE=prepare)
    assert said.code == 0, said
    assert "name: Nobody" in said.out
    assert said.out.endswith("1 row; it writes, so all of it was rolled back\n")
    assert _providers(rows) == before


@pytest.mark.parametrize("prepare", ["on", "off"])
def test_explaining_runs_each_statement_and_undoes_it(
    booking: Booking, rows: Any, prepare: str
) -> None:
    before = _providers(rows)
    said = booking(f"{CREATE} --explain", PREPARE=prepare)
    assert said.code == 0, said
    assert "Insert on provider" in said.out
    assert "Buffers:" in said.out
    assert "rolled back" in said.out
    assert _providers(rows) == before
    several = booking(f"{BOOK} --explain", PREPARE=prepare)
    assert several.out.count("Execution Time") == 4, several


@pytest.mark.parametrize("line", ["slot_get --explain slot_id=1", "--explain slot_get slot_id=1"])
def test_an_option_may_stand_anywhere(booking: Booking, line: str) -> None:
    said = booking(f"query {line}")
    assert (said.code, "Execution Time" in said.out) == (0, True), said
    assert booking("query slot_get --explain slot_id").code == 2
    assert "Unknown: b" in booking("user disable a --data-dir x b").err


def test_a_query_of_several_statements_brings_the_rows_of_its_last(booking: Booking) -> None:
    said = booking(BOOK)
    assert said.code == 0, said
    assert "verdict" in said.out.splitlines()[0]
    assert "1 row;" in said.out


@pytest.mark.parametrize(
    ("line", "code", "word"),
    [
        ("query slot_gt", 2, "Did you mean slot_get?"),
        ("query nothing_like_any", 2, "There is no query 'nothing_like_any'."),
        ("query slot_get slot=1", 2, "Did you mean slot_id?"),
        ("query slot_get slot_id", 2, "is not a parameter like slot_id=5"),
        ("query provider_create name=X", 2, "needs time_zone, clock, kind, per_day too"),
        ("query slot_get slot_id=x", 1, 'invalid input syntax for type bigint: "x"'),
        (CREATE.replace("Nobody", "NULL"), 1, "null value in column"),
    ],
)
def test_what_is_wrong_is_one_sentence(booking: Booking, line: str, code: int, word: str) -> None:
    said = booking(line)
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1), said
    assert word in said.err
