"""store/queries.py: what the loader makes of a query file, and what it refuses."""

from pathlib import Path

import pytest

from service.store.queries import QUERIES, QueryError, file_of, load_queries, parse, query_files

GET = """-- name: slot_get :maybe
-- One slot; the why-line.
SELECT id
  FROM slot
 WHERE id = %(slot_id)s::bigint;
"""


def test_a_query_can_be_sent_as_it_is_or_prepared() -> None:
    (query,) = parse("slot.sql", GET)
    assert (query.name, query.shape, query.writes) == ("slot_get", "maybe", False)
    assert query.text == "/* slot_get */ SELECT id\n  FROM slot\n WHERE id = %(slot_id)s::bigint"
    assert query.casts == {"slot_id": "::bigint"}
    assert query.prepare == (
        "PREPARE slot_get AS /* slot_get */ SELECT id\n  FROM slot\n WHERE id = $1::bigint"
    )
    assert query.execute == "EXECUTE slot_get (%(slot_id)s::bigint)"


def test_parameters_are_numbered_in_each_statement() -> None:
    (query,) = parse(
        "slot.sql",
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
    (query,) = parse("slot.sql", "-- name: slot_count :value\nSELECT count(*) FROM slot;\n")
    assert query.execute == "EXECUTE slot_count"


def test_a_file_holds_many() -> None:
    source = "-- All about slots.\n\n" + GET + "\n\n" + GET.replace("slot_get", "slot_find")
    assert [query.name for query in parse("slot.sql", source)] == ["slot_get", "slot_find"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
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
        parse("slot.sql", source)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "header",
    ["-- name: slot_find", "-- name: slot_Find :one", "-- name:slot_find :one", "--name: x :one"],
)
def test_a_header_that_is_not_quite_one_is_refused(header: str) -> None:
    with pytest.raises(QueryError):
        parse("slot.sql", f"{GET}\n{header}\nSELECT 1;\n")


def test_a_name_stands_for_one_query(tmp_path: Path) -> None:
    (tmp_path / "slot.sql").write_text(GET + GET)
    with pytest.raises(QueryError) as refused:
        load_queries(tmp_path)
    assert str(refused.value) == "slot.sql: slot_get is defined twice."


def test_files_are_read_in_a_folder_and_those_below(tmp_path: Path) -> None:
    (tmp_path / "slot.sql").write_text(GET)
    (tmp_path / "calendar").mkdir()
    (tmp_path / "calendar" / "provider.sql").write_text(GET.replace("slot_get", "provider_get"))
    (tmp_path / "notes.txt").write_text("-- name: nothing")
    assert list(load_queries(tmp_path)) == ["provider_get", "slot_get"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("slot_get", "calendar/slot.sql"),
        ("slot_lists", "calendar/slot.sql"),
        ("slot_list", "calendar/slot_list.sql"),
        ("slot_list_provider", "calendar/slot_list.sql"),
        ("appointment_list", "lists/appointment_list.sql"),
        ("appointment_list_time", "lists/appointment_list_time.sql"),
        ("appointment_book_waiting", "appointment/book.sql"),
        ("schema_version", "schema.sql"),
    ],
)
def test_a_query_is_found_by_its_name(name: str, file: str) -> None:
    assert file_of(name, query_files()) == QUERIES / file


@pytest.mark.parametrize("name", ["get_slot", "slots_get", "calendar_get", "appointment_get_all"])
def test_a_query_in_no_file_or_another_one_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "calendar").mkdir()
    (tmp_path / "appointment").mkdir()
    (tmp_path / "appointment" / "get.sql").write_text(GET.replace("slot_get", "appointment_get"))
    (tmp_path / "calendar" / "slot.sql").write_text(GET.replace("slot_get", name))
    with pytest.raises(QueryError) as refused:
        load_queries(tmp_path)
    told = f"calendar/slot.sql: {name} should begin with the noun of its file."
    assert str(refused.value) == told


def test_ours_are_all_loaded() -> None:
    queries = load_queries()
    assert {"appointment_book", "appointment_move", "slot_list"} <= set(queries)
    for name, query in queries.items():
        assert query.text.startswith(f"/* {name} */ ")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(QueryError, match=r"slot\.sql has no query"):
        parse("slot.sql", "-- nothing here\n")
