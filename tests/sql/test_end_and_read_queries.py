"""appointment_end and what reads appointments, of sql/queries/appointment.sql"""

import json
from typing import Any

import pytest

from tests.sql.desk import ALL, HOUR, NOON, STATUSES, Desk, verdicts

FULFILL = {"action": "fulfill", "status": "fulfilled"}
PAGE: dict[str, Any] = {
    "after_slot_id": 0,
    "after_id": 0,
    "statuses": STATUSES,
    "from_at": "-infinity",
    "to_at": "infinity",
    "limit": 100,
    "expand": False,
    "most_bytes": 1000,
    "most_looks": 1000,
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
BOUNDS = {"most_bytes": 1000, "most_looks": 1000}


def after(row: Any) -> dict[str, int]:
    """Where the next page of a provider's list begins."""
    return {"after_slot_id": row.last_slot_id, "after_id": row.last_id}


def ids(row: Any) -> list[int]:
    return [one["id"] for one in json.loads(row.body)]


def test_appointment_end_frees_the_place_of_what_is_cancelled(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    one = desk.appointment(ada, slot_id)
    [row] = desk.end(one, who=ada, reason="Ill")
    assert (row.verdict, row.version) == ("ended", 2)
    assert json.loads(row.body) == {"message": "Done", "appointment_id": one, "slot": slot_id}
    assert desk.one("SELECT booked FROM slot WHERE id = %s", slot_id) == 0
    assert verdicts(desk.book((ada, slot_id))) == ["booked"]


def test_appointment_end_keeps_the_place_of_what_took_place(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    one = desk.appointment(ada, slot_id)
    [row] = desk.end(one, who=ada, staff_of=ALL, expand=True, **FULFILL)
    assert json.loads(row.body)["slot"]["remaining"] == 0
    assert verdicts(desk.book((ada, slot_id))) == ["slot_taken"]


def test_appointment_end_again_succeeds_and_changes_nothing(desk: Desk, ada: int) -> None:
    one = desk.appointment(ada, desk.slot())
    first, second = desk.end(one, who=ada)[0], desk.end(one, who=ada)[0]
    assert first == second
    assert verdicts(desk.end(one, who=ada, staff_of=ALL, **FULFILL)) == ["not_active"]


def test_appointment_end_judges_each_item_by_itself(desk: Desk, ada: int, ben: int) -> None:
    hers, his = (desk.appointment(who, desk.slot()) for who in (ada, ben))
    rows = desk.end(hers, his, 0, hers, who=ada)
    assert verdicts(rows) == ["ended", "not_found", "not_found", "again"]


def test_appointment_end_leaves_some_endings_to_staff(desk: Desk, ada: int) -> None:
    one = desk.appointment(ada, desk.slot())
    assert verdicts(desk.end(one, who=ada, **FULFILL)) == ["forbidden"]
    assert verdicts(desk.end(one, who=0, staff_of=ALL, **FULFILL)) == ["ended"]


def test_appointment_end_heeds_version_and_notice(desk: Desk, ada: int) -> None:
    one = desk.appointment(ada, desk.slot())
    assert verdicts(desk.end(one, who=ada, version=7)) == ["stale"]
    assert verdicts(desk.end(one, who=ada, notice="36500 days")) == ["too_late"]
    assert verdicts(desk.end(one, who=ada, notice="36500 days", staff_of=ALL)) == ["ended"]


def test_appointment_get_shows_it_to_its_owner_and_staff(desk: Desk, ada: int, ben: int) -> None:
    provider_id = desk.provider()
    one = desk.appointment(ada, desk.slot(provider_id=provider_id))

    def seen(actor_id: int, staff_of: int, *, expand: bool = False) -> list[Any]:
        return desk.run(
            "appointment_get",
            appointment_id=one,
            actor_id=actor_id,
            staff_of=staff_of,
            expand=expand,
        )

    assert json.loads(seen(ada, 0)[0].body)["id"] == one
    assert seen(ben, 0) == seen(ben, provider_id + 1) == []
    assert seen(ben, provider_id) == seen(ben, ALL) == seen(ada, 0)
    assert json.loads(seen(ada, 0, expand=True)[0].body)["slot"]["provider_id"] == provider_id


def test_appointment_list_shows_ones_own_by_page_status_and_time(
    desk: Desk, ada: int, ben: int
) -> None:
    provider_id = desk.provider()
    slots = [*desk.slots(3, provider_id=provider_id), desk.slot(start=NOON + 9 * HOUR)]
    first, second, third, other = (desk.appointment(ada, slot_id) for slot_id in slots)
    desk.appointment(ben, desk.slot())
    desk.end(second, who=ada)

    def listed(**filters: Any) -> Any:
        own = OWN | {"account_ids": ada} | filters
        nobody = OWN | {"account_ids": ben, "limits": 1}
        both = {name: [nobody[name], own[name]] for name in own}
        return desk.run("appointment_list", **both, **BOUNDS)[1]

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
    page = {name: [value] for name, value in (OWN | {"account_ids": ada}).items()} | BOUNDS
    [row] = desk.run("appointment_list", **page)
    assert (ids(row), row.last_id, row.more) == ([short, long], long, True), "a letter of two bytes"
    [row] = desk.run("appointment_list", **page | {"most_bytes": 1})
    assert (ids(row), row.more) == ([short], True), "never less than one"
    [row] = desk.run("appointment_list", **page | {"after_ids": [long], "most_bytes": 1})
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
        asked = OWN | {"account_ids": ada} | filters
        page = {name: [value] for name, value in asked.items()} | BOUNDS
        found, page["most_looks"] = list[int](), most_looks
        for number in range(1, 9):
            [row] = desk.run("appointment_list", **page)
            found += ids(row)
            if not row.more:
                return found, number
            page["after_ids"] = [row.last_id]
        raise AssertionError("there is no end to it")

    assert walk() == (made, pages)
    assert walk(statuses="cancelled") == ([made[0], made[-1]], pages)
    assert walk(statuses="noshow") == ([], pages)
    assert walk(provider_ids=provider_id) == ([made[-1]], pages)
    assert walk(froms=NOON + 3 * HOUR) == ([made[3]], pages)
    assert walk(limits=2)[0] == made


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
    query = PAGE | {"provider_id": provider_id, "most_bytes": 5}
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
        page = PAGE | {"provider_id": provider_id, "limit": limit, "most_looks": most_looks}
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


def test_appointment_list_provider_begins_at_from_whatever_was_the_page_before(
    desk: Desk, ada: int
) -> None:
    provider_id = desk.provider()
    early, late = desk.slots(2, provider_id=provider_id)
    one, two = desk.appointment(ada, early), desk.appointment(ada, late)
    query = PAGE | {"provider_id": provider_id, "from_at": NOON + HOUR}
    for slot_id, appointment_id in ((0, 0), (early, two + 1), (late, one)):
        end = {"after_slot_id": slot_id, "after_id": appointment_id}
        [row] = desk.run("appointment_list_provider", **query | end)
        assert ids(row) == [two]


def test_appointment_history_tells_every_change_in_order(desk: Desk, ada: int, ben: int) -> None:
    home, target = desk.slots(2)
    one = desk.appointment(ada, home)
    desk.move((one, home, target), who=ada)
    desk.end(one, who=ben, staff_of=ALL, reason="Closed")
    seen = {"appointment_id": one, "actor_id": ada, "staff_of": 0, "after_id": 0, "limit": 3}
    changes = json.loads(desk.run("appointment_history", **seen)[0].body)
    told = [(c["action"], c["from_slot"], c["to_slot"], c["to_status"]) for c in changes]
    assert told == [
        ("book", None, home, "booked"),
        ("reschedule", home, target, "booked"),
        ("cancel", target, None, "cancelled"),
    ]
    assert changes[2]["reason"] == "Closed"
    her, his = (desk.one("SELECT username FROM account WHERE id = %s", who) for who in (ada, ben))
    assert [change["actor"] for change in changes] == [her, her, "staff"]
    changes = json.loads(desk.run("appointment_history", **seen | {"staff_of": ALL})[0].body)
    assert [change["actor"] for change in changes] == [her, her, his]
    assert desk.run("appointment_history", **seen | {"actor_id": ben}) == []
    assert desk.run("appointment_history", **seen | {"actor_id": ben, "staff_of": ALL}) != []


def test_appointment_history_keeps_what_staff_remark_among_them(desk: Desk, ada: int) -> None:
    staff = desk.account()
    one = desk.appointment(ada, desk.slot())
    desk.end(one, who=staff, staff_of=ALL, action="fulfill", status="fulfilled", reason="Rude")
    seen = {"appointment_id": one, "actor_id": ada, "after_id": 0, "limit": 3}
    for staff_of, reason in ((0, ""), (ALL, "Rude")):
        rows = desk.run("appointment_history", **seen, staff_of=staff_of)
        assert json.loads(rows[0].body)[1]["reason"] == reason


def test_appointment_history_never_goes_back(desk: Desk, ada: int) -> None:
    slots = desk.slots(2)
    one = desk.appointment(ada, slots[0])
    desk.cursor.execute(
        "UPDATE appointment_history SET at = now() + interval '1 hour' WHERE appointment_id = %s",
        [one],
    )
    desk.move((one, *slots), who=ada)
    desk.end(one, who=ada)
    told = "SELECT array_agg(at ORDER BY id) FROM appointment_history WHERE appointment_id = %s"
    at = desk.one(told, one)
    assert at == sorted(at)


def test_appointment_history_tells_when_the_change_was_made(desk: Desk, ada: int) -> None:
    one = desk.appointment(ada, desk.slot())
    desk.end(one, who=ada)
    told = "SELECT count(*) FROM appointment_history WHERE appointment_id = %s AND at > now()"
    assert desk.one(told, one) == 2, "not when its transaction began"


def test_appointment_end_notes_a_no_show_only_once_the_slot_has_begun(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    one = desk.appointment(ada, slot_id)
    noshow = {"who": ada, "staff_of": ALL, "action": "noshow", "status": "noshow"}
    assert verdicts(desk.end(one, **noshow)) == ["too_early"]
    desk.cursor.execute(
        "UPDATE slot SET starts_at = now(), ends_at = now() + interval '1 h' WHERE id = %s",
        [slot_id],
    )
    assert verdicts(desk.end(one, **noshow)) == ["ended"]
