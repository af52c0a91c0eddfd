"""store/queries.py: what the loader makes of a query file, and what it refuses."""

from pathlib import Path

import pytest

from service.store.queries import QueryError, load_queries, parse

GET = """-- name: slot_get :maybe
-- One slot; the why-line.
SELECT id
  FROM slot
 WHERE id = %(slot_id)s::bigint;
"""


def test_a_query_can_be_sent_as_it_is_or_prepared() -> None:
    (query,) = parse("slot", GET)
    assert (query.name, query.shape, query.writes) == ("slot_get", "maybe", False)
    assert query.text == "/* slot_get */ SELECT id\n  FROM slot\n WHERE id = %(slot_id)s::bigint"
    assert query.casts == {"slot_id": "::bigint"}
    assert query.prepare == (
        "PREPARE slot_get AS /* slot_get */ SELECT id\n  FROM slot\n WHERE id = $1::bigint"
    )
    assert query.execute == "EXECUTE slot_get (%(slot_id)s::bigint)"


def test_parameters_are_numbered_in_each_statement() -> None:
    (query,) = parse(
        "slot",
        "-- name: slot_change :one\n"
        "SELECT %(b)s::text[], %(a)s::bigint;\n"
        "UPDATE slot SET a = %(a)s::bigint, b = %(a)s::bigint RETURNING a;\n",
    )
    assert query.writes
    assert query.casts.keys() == {"a", "b"}
    first, second = query.prepare.split("; ")
    assert first == "PREPARE slot_change_0 AS /* slot_change */ SELECT $1::text[], $2::bigint"
    assert second.endswith("UPDATE slot SET a = $1::bigint, b = $1::bigint RETURNING a")
    assert query.execute == (
        "EXECUTE slot_change_0 (%(b)s::text[], %(a)s::bigint); "
        "EXECUTE slot_change_1 (%(a)s::bigint)"
    )


def test_without_parameters_there_are_no_brackets() -> None:
    (query,) = parse("slot", "-- name: slot_count :value\nSELECT count(*) FROM slot;\n")
    assert query.execute == "EXECUTE slot_count"


def test_a_file_holds_many() -> None:
    source = "-- All about slots.\n\n" + GET + "\n\n" + GET.replace("slot_get", "slot_find")
    assert [query.name for query in parse("slot", source)] == ["slot_get", "slot_find"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (GET.replace("slot_get", "get_slot"), "slot.sql: get_slot should begin with slot_."),
        (GET.replace("slot_get", "slots_get"), "slot.sql: slots_get should begin with slot_."),
        (GET.replace(":maybe", ":some"), "slot.sql: slot_get has an unknown shape :some."),
        ("-- name: slot_get :one\n-- Nothing.\n ;\n", "slot.sql: slot_get is empty."),
        (
            GET.replace("::bigint", ""),
            "slot_get: give slot_id one and the same cast everywhere.",
        ),
        (
            GET.replace(";", " OR id = %(slot_id)s::integer;", 2),
            "slot_get: give slot_id one and the same cast everywhere.",
        ),
    ],
)
def test_what_breaks_the_rules_is_refused_at_the_start(source: str, message: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse("slot", source)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "header",
    ["-- name: slot_find", "-- name: slot_Find :one", "-- name:slot_find :one", "--name: x :one"],
)
def test_a_header_that_is_not_quite_one_is_refused(header: str) -> None:
    with pytest.raises(QueryError):
        parse("slot", f"{GET}\n{header}\nSELECT 1;\n")


def test_a_name_stands_for_one_query(tmp_path: Path) -> None:
    (tmp_path / "slot.sql").write_text(GET + GET)
    with pytest.raises(QueryError) as refused:
        load_queries(tmp_path)
    assert str(refused.value) == "slot.sql: slot_get is defined twice."


def test_files_are_read_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "slot.sql").write_text(GET)
    (tmp_path / "provider.sql").write_text(GET.replace("slot_get", "provider_get"))
    (tmp_path / "notes.txt").write_text("-- name: nothing")
    assert list(load_queries(tmp_path)) == ["provider_get", "slot_get"]


def test_ours_are_all_loaded() -> None:
    queries = load_queries()
    assert {"appointment_book", "appointment_move", "slot_list"} <= set(queries)
    for name, query in queries.items():
        assert query.text.startswith(f"/* {name} */ ")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(QueryError, match=r"slot\.sql has no query"):
        parse("slot", "-- nothing here\n")
