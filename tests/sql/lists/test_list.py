"""sql/queries/lists: appointments"""

import json
from typing import Any

import pytest

from tests.sql.desk import HOUR, NOON, STATUSES, Desk

PAGE: dict[str, Any] = {
    "after_slot_id": 0,
    "after_id": 0,
    "statuses": STATUSES,
    "from_at": "-infinity",
    "to_at": "infinity",
    "limit": 100,
    "expand": False,
    "outside_hours": False,
    "most_bytes": 1000,
    "most_looks": 1000,
}
OWN: dict[str, Any] = {
    "provider_ids": "",
    "status": "",
    "from_at": "-infinity",
    "to_at": "infinity",
    "after_id": 0,
    "limit": 100,
    "expand": False,
    "known": "",
}
BOUNDS = {"most_bytes": 1000, "most_looks": 1000}


def after(row: Any) -> dict[str, int]:
    """Where the next page of a provider's list begins."""
    return {"after_slot_id": row.last_slot_id, "after_id": row.last_id}


def ids(row: Any) -> list[int]:
    return [one["id"] for one in json.loads(row.body)]


def test_appointment_list_shows_ones_own_by_page_status_and_time(
    desk: Desk, ada: int, ben: int
) -> None:
    provider_id = desk.provider()
    slots = [*desk.slots(3, provider_id=provider_id), desk.slot(start=NOON + 9 * HOUR)]
    first, second, third, other = (desk.appointment(ada, slot_id) for slot_id in slots)
    desk.appointment(ben, desk.slot())
    desk.end(second, who=ada)

    def listed(**filters: Any) -> Any:
        own = OWN | {"account_id": ada} | filters
        nobody = OWN | {"account_id": ben, "limit": 1}
        both = {name: [nobody[name], own[name]] for name in own}
        return desk.run("appointment_list", **both, **BOUNDS)[1]

    assert ids(listed()) == [first, second, third, other]
    assert list(json.loads(listed().body)[0]) == ["id", "slot", "notes", "status"]
    assert ids(listed(status="cancelled")) == [second]
    assert ids(listed(provider_ids=str(provider_id))) == [first, second, third]
    assert ids(listed(from_at=NOON + HOUR, to_at=NOON + 3 * HOUR)) == [second, third]
    page = listed(limit=2)
    assert (ids(page), page.last_id, page.more) == ([first, second], second, True)
    page = listed(limit=2, after_id=second)
    assert (ids(page), page.more) == ([third, other], False)
    assert listed(after_id=other).body == "[]"
    assert (listed(known=page.tag).body is None, listed(known="0").body is None) == (False, False)
    assert listed(limit=2, after_id=second, known=page.tag)[1:] == (None, *page[2:])


def test_appointment_list_ends_a_page_early_where_its_notes_are_long(desk: Desk, ada: int) -> None:
    short, long, after = (
        desk.appointment(ada, slot_id, notes=notes)
        for slot_id, notes in zip(desk.slots(3), ("a", "é" * 500, "b"), strict=True)
    )
    page = {name: [value] for name, value in (OWN | {"account_id": ada}).items()} | BOUNDS
    [row] = desk.run("appointment_list", **page)
    assert (ids(row), row.last_id, row.more) == ([short, long], long, True), "a letter of two bytes"
    [row] = desk.run("appointment_list", **page | {"most_bytes": 1})
    assert (ids(row), row.more) == ([short], True), "never less than one"
    [row] = desk.run("appointment_list", **page | {"after_id": [long], "most_bytes": 1})
    assert (ids(row), row.more) == ([after], False)


@pytest.mark.parametrize(("most_looks", "pages"), [(1, 6), (2, 3), (3, 2), (4, 2), (5, 2), (6, 1)])
def test_appointment_list_goes_on_behind_what_was_looked_at(
    desk: Desk, ada: int, most_looks: int, pages: int
) -> None:
    provider_id = desk.provider()
    slots = [*desk.slots(4), *desk.slots(1, provider_id=provider_id)]
    made = [desk.appointment(ada, slot_id) for slot_id in slots]
    desk.end(made[0], made[-1], who=ada)

    def walk(**filters: Any) -> tuple[list[int], int]:
        asked = OWN | {"account_id": ada} | filters
        page = {name: [value] for name, value in asked.items()} | BOUNDS
        found, page["most_looks"] = list[int](), most_looks
        for number in range(1, 9):
            [row] = desk.run("appointment_list", **page)
            found += ids(row)
            if not row.more:
                return found, number
            page["after_id"] = [row.last_id]
        raise AssertionError("there is no end to it")

    assert walk() == (made, pages)
    assert walk(status="cancelled") == ([made[0], made[-1]], pages)
    assert walk(status="noshow") == ([], pages)
    assert walk(provider_ids=str(provider_id)) == ([made[-1]], pages)
    assert walk(from_at=NOON + 3 * HOUR) == ([made[3]], pages)
    assert walk(limit=2)[0] == made


def test_appointment_list_provider_shows_everybodys_with_names(
    desk: Desk, ada: int, ben: int
) -> None:
    provider_id = desk.provider()
    slots = desk.slots(3, provider_id=provider_id)
    first, second = desk.appointment(ada, slots[0]), desk.appointment(ben, slots[1])
    desk.appointment(ada, desk.slot())
    query = PAGE | {"provider_ids": [provider_id]}
    [row] = desk.run("appointment_list_provider", **query)
    assert ids(row) == [first, second]
    names = [one["user"] for one in json.loads(row.body)]
    assert names == [desk.one("SELECT username FROM account WHERE id = %s", w) for w in (ada, ben)]
    [row] = desk.run("appointment_list_provider", **query | {"limit": 1})
    assert (ids(row), row.more) == ([first], True)
    assert (row.last_slot_id, row.last_id) == (slots[0], first)
    [row] = desk.run("appointment_list_provider", **query | after(row))
    assert (ids(row), row.more) == ([second], False)
    desk.end(first, who=ada)
    [row] = desk.run("appointment_list_provider", **query)
    assert ids(row) == [first, second], "the cancelled ones too"
    [row] = desk.run("appointment_list_provider", **query | {"statuses": ["cancelled"]})
    assert ids(row) == [first]
    [row] = desk.run("appointment_list_provider", **query | {"statuses": ["booked"]})
    assert ids(row) == [second]


def test_appointment_list_provider_ends_a_page_early_where_its_notes_are_long(
    desk: Desk, ada: int
) -> None:
    provider_id = desk.provider()
    slot_ids = desk.slots(3, provider_id=provider_id)
    one, two, three = (desk.appointment(ada, slot_id, notes="long") for slot_id in slot_ids)
    query = PAGE | {"provider_ids": [provider_id], "most_bytes": 5}
    [row] = desk.run("appointment_list_provider", **query)
    assert (ids(row), row.last_id, row.more) == ([one, two], two, True)
    [row] = desk.run("appointment_list_provider", **query | after(row))
    assert (ids(row), row.more) == ([three], False)


@pytest.mark.parametrize("most_looks", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_appointment_list_provider_meets_each_once_by_time_however_little_is_looked_at(
    desk: Desk, ada: int, ben: int, limit: int, most_looks: int
) -> None:
    provider_id = desk.provider()
    late, crowded, *_ = reversed(desk.slots(5, provider_id=provider_id, capacity=4))
    desk.slots(1, provider_id=provider_id, start=NOON - HOUR)
    last = desk.appointment(ada, late)
    gone = [desk.appointment(ada, crowded) for _ in range(3)]
    desk.end(*gone[:2], who=ada)
    live = [desk.appointment(who, crowded) for who in (ada, ben, ben)]
    [gone_again, *rest] = live
    desk.end(gone_again, who=ada)

    def walk(*statuses: str, **filters: Any) -> list[int]:
        page = PAGE | {"provider_ids": [provider_id], "limit": limit, "most_looks": most_looks}
        page |= {"statuses": list(statuses)} if statuses else {}
        found: list[int] = []
        for _ in range(30):
            [row] = desk.run("appointment_list_provider", **page | filters)
            found += ids(row)
            if not row.more:
                return found
            page |= after(row)
        raise AssertionError("there is no end to it")

    assert walk() == [*gone, gone_again, *rest, last]
    assert walk("cancelled") == [*gone[:2], gone_again]
    assert walk("booked") == [gone[2], *rest, last]
    assert walk("noshow") == []
    assert walk(from_at=NOON + 4 * HOUR) == [last]
    assert walk("booked", to_at=NOON + 4 * HOUR) == [gone[2], *rest]


@pytest.mark.parametrize("most_looks", [1, 3, 100])
def test_appointment_list_provider_has_only_live_and_coming_ones_outside_of_hours(
    desk: Desk, ada: int, most_looks: int
) -> None:
    provider_id = desk.provider()
    slots = desk.slots(6, provider_id=provider_id)
    booked = [desk.appointment(ada, slot_id) for slot_id in slots]
    published, held, gone, begun, *outside = booked
    desk.end(gone, who=ada)
    desk.cursor.execute(
        "UPDATE slot SET blocks_from = starts_at, blocks_until = ends_at WHERE id = ANY (%s)",
        (slots[1:],),
    )
    desk.cursor.execute(
        "UPDATE slot SET starts_at = '2024-06-01', ends_at = '2024-06-02',"
        " blocks_from = '2024-06-01', blocks_until = '2024-06-02' WHERE id = %s",
        (slots[3],),
    )
    desk.cursor.execute(
        "UPDATE provider SET opened_until = '2035-06-30' WHERE id = %s", (provider_id,)
    )
    desk.cursor.execute(
        "INSERT INTO opening (provider_id, day, starts_at, stops_at, ends_at, anchor_at)"
        " SELECT provider_id, '2035-06-01', starts_at, ends_at, ends_at, starts_at"
        " FROM slot WHERE id = %s",
        (slots[1],),
    )
    page = PAGE | {"provider_ids": [provider_id], "outside_hours": True, "most_looks": most_looks}
    found: list[int] = []
    more = True
    while more:
        [row] = desk.run("appointment_list_provider", **page)
        found, more = found + ids(row), row.more
        page |= after(row)
    assert found == outside
    assert {published, held, gone, begun}.isdisjoint(found)


def test_appointment_list_provider_begins_at_from_whatever_was_the_page_before(
    desk: Desk, ada: int
) -> None:
    provider_id = desk.provider()
    early, late = desk.slots(2, provider_id=provider_id)
    one, two = desk.appointment(ada, early), desk.appointment(ada, late)
    query = PAGE | {"provider_ids": [provider_id], "from_at": NOON + HOUR}
    for slot_id, appointment_id in ((0, 0), (early, two + 1), (late, one)):
        end = {"after_slot_id": slot_id, "after_id": appointment_id}
        [row] = desk.run("appointment_list_provider", **query | end)
        assert ids(row) == [two]
