"""sql/queries/appointment/list.sql"""

import json
from typing import Any

from tests.sql.desk import HOUR, NOON, STATUSES, Desk

PAGE: dict[str, Any] = {
    "after_id": 0,
    "statuses": STATUSES,
    "from_at": "-infinity",
    "to_at": "infinity",
    "limit": 100,
    "expand": False,
    "most_bytes": 1000,
}
OWN: dict[str, Any] = {
    "provider_ids": 0,
    "statuses": "",
    "froms": "-infinity",
    "tos": "infinity",
    "after_ids": 0,
    "limits": 100,
    "expands": False,
    "knowns": "",
}


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

    def listed(most_bytes: int = 1000, **filters: Any) -> Any:
        own = OWN | {"account_ids": ada} | filters
        nobody = OWN | {"account_ids": ben, "limits": 1}
        both = {name: [nobody[name], own[name]] for name in own}
        return desk.run("appointment_list", **both, most_bytes=most_bytes)[1]

    assert ids(listed()) == [first, second, third, other]
    assert list(json.loads(listed().body)[0]) == ["id", "slot", "notes", "status"]
    assert ids(listed(statuses="cancelled")) == [second]
    assert ids(listed(provider_ids=provider_id)) == [first, second, third]
    assert ids(listed(froms=NOON + HOUR, tos=NOON + 3 * HOUR)) == [second, third]
    page = listed(limits=2)
    assert (ids(page), page.last_id, page.more) == ([first, second], second, True)
    page = listed(limits=2, after_ids=second)
    assert (ids(page), page.more) == ([third, other], False)
    assert listed(after_ids=other).body == "[]"
    assert (listed(knowns=page.tag).body is None, listed(knowns="0").body is None) == (False, False)
    assert listed(limits=2, after_ids=second, knowns=page.tag)[1:] == (None, *page[2:])


def test_appointment_list_ends_a_page_early_where_its_notes_are_long(desk: Desk, ada: int) -> None:
    short, long, after = (
        desk.appointment(ada, slot_id, notes=notes)
        for slot_id, notes in zip(desk.slots(3), ("a", "é" * 500, "b"), strict=True)
    )
    page = {name: [value] for name, value in (OWN | {"account_ids": ada}).items()}
    [row] = desk.run("appointment_list", **page, most_bytes=1000)
    assert (ids(row), row.last_id, row.more) == ([short, long], long, True), "a letter of two bytes"
    [row] = desk.run("appointment_list", **page, most_bytes=1)
    assert (ids(row), row.more) == ([short], True), "never less than one"
    [row] = desk.run("appointment_list", **page | {"after_ids": [long]}, most_bytes=1)
    assert (ids(row), row.more) == ([after], False)


def test_appointment_list_provider_shows_everybodys_with_names(
    desk: Desk, ada: int, ben: int
) -> None:
    provider_id = desk.provider()
    slots = desk.slots(3, provider_id=provider_id)
    first, second = desk.appointment(ada, slots[0]), desk.appointment(ben, slots[1])
    desk.appointment(ada, desk.slot())
    query = PAGE | {"provider_id": provider_id}
    [row] = desk.run("appointment_list_provider", **query)
    assert ids(row) == [first, second]
    names = [one["user"] for one in json.loads(row.body)]
    assert names == [desk.one("SELECT username FROM account WHERE id = %s", w) for w in (ada, ben)]
    [row] = desk.run("appointment_list_provider", **query | {"limit": 1})
    assert (ids(row), row.last_id, row.more) == ([first], first, True)
    [row] = desk.run("appointment_list_provider", **query | {"after_id": first})
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
    query = PAGE | {"provider_id": provider_id, "most_bytes": 5}
    [row] = desk.run("appointment_list_provider", **query)
    assert (ids(row), row.last_id, row.more) == ([one, two], two, True)
    [row] = desk.run("appointment_list_provider", **query | {"after_id": two})
    assert (ids(row), row.more) == ([three], False)
