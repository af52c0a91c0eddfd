"""sql/queries/calendar/slot_change.sql"""

import json

import pytest

from tests.sql.desk import ALL, NINE, Desk, verdicts


def test_slot_change_closes_opens_resizes_and_raises_the_version(desk: Desk) -> None:
    slot_id = desk.slot()
    closed = desk.change(slot_id, closed=True)
    assert (closed.verdict, closed.version) == ("changed", 2)
    assert json.loads(closed.body)["status"] == "busy-unavailable"
    resized = desk.change(slot_id, capacity=7)
    assert (json.loads(resized.body)["capacity"], resized.version) == (7, 3)
    assert json.loads(resized.body)["status"] == "busy-unavailable"
    assert json.loads(desk.change(slot_id, closed=False).body)["status"] == "free"


def test_slot_change_refuses_strangers_stale_versions_and_what_is_in_use(desk: Desk) -> None:
    slot_id = desk.slot(capacity=3)
    who = desk.account()
    first = desk.appointment(who, slot_id)
    desk.appointment(who, slot_id)
    owner = desk.one("SELECT provider_id FROM slot WHERE id = %s", slot_id)
    assert desk.change(slot_id, staff_of=0, closed=True).verdict == "forbidden"
    assert desk.change(slot_id, staff_of=owner + 1, closed=True).verdict == "forbidden"
    assert desk.change(slot_id, staff_of=owner, version=1, closed=True).verdict == "stale"
    assert desk.change(slot_id, deleted=True).verdict == "slot_in_use"
    assert desk.change(slot_id, capacity=1).verdict == "slot_in_use"
    assert desk.change(slot_id, staff_of=owner, version=3, capacity=2).verdict == "changed"
    assert verdicts(desk.end(first, who=who)) == ["ended"]
    assert desk.change(slot_id, capacity=1).verdict == "changed"
    assert desk.change(0, closed=True) is None


@pytest.mark.parametrize("stays", [1, 3])
def test_slot_change_seats_anew_whoever_is_beyond_a_smaller_capacity(
    desk: Desk, stays: int
) -> None:
    slot_id, who = desk.slot(capacity=6), desk.account()
    made = [desk.appointment(who, slot_id) for _ in range(6)]
    for place in {1, 2, 3, 4} - {stays}:
        desk.end(made[place - 1], who=who)
    assert desk.change(slot_id, capacity=2).verdict == "slot_in_use"
    assert desk.change(slot_id, capacity=3).verdict == "changed"
    desk.cursor.execute(
        "SELECT id, place, version FROM appointment WHERE slot_id = %s AND status = 'booked'"
        " ORDER BY id",
        [slot_id],
    )
    seats = desk.cursor.fetchall()
    assert [(row.id, row.version) for row in seats] == [(made[n], 1) for n in (stays - 1, 4, 5)]
    assert sorted(row.place for row in seats) == [1, 2, 3]
    assert (seats[0].place, desk.run("invariants_broken")) == (stays, []), "who fits stays"


def test_slot_change_says_how_many_places_a_person_may_have(desk: Desk) -> None:
    slot_id = desk.slot(capacity=3, per_person=1)
    assert "per_person" not in json.loads(desk.run("slot_get", slot_id=slot_id)[0].body)
    changed = desk.change(slot_id, per_person=2)
    assert json.loads(changed.body)["per_person"] == 2
    assert changed.body == desk.run("slot_get", slot_id=slot_id)[0].body
    assert json.loads(desk.change(slot_id, closed=True).body)["per_person"] == 2


def test_slot_change_deletes_for_good(desk: Desk) -> None:
    slot_id = desk.slot()
    assert desk.change(slot_id, deleted=True).verdict == "changed"
    assert desk.change(slot_id, closed=False, staff_of=ALL) is None


def test_slot_change_makes_no_room_in_what_goes_with_an_appointment(desk: Desk, ada: int) -> None:
    clinic, room = desk.provider(), desk.provider()
    _, lead = desk.taken(ada, desk.visit(clinic, needs={"room": [room]}), clinic, NINE)
    slot_id = desk.one("SELECT id FROM slot WHERE lead_slot_id = %s", lead)
    assert desk.change(slot_id, capacity=2).verdict == "slot_in_use"
    assert desk.change(lead, capacity=2).verdict == "changed"
