"""sql/queries/appointment/hold.sql, and what runs out in all of the folder."""

import json
from typing import Any

from service.booking.actions import APPROVE, DECLINE, RELEASE
from tests.sql.desk import ALL, HOUR, NINE, Desk, verdicts


def state(desk: Desk, slot_id: int) -> tuple[int, Any, bool]:
    """What a slot counts, when the first in it runs out, and whether it is deleted."""
    desk.cursor.execute(
        "SELECT booked, next_expiry, deleted_at IS NOT NULL FROM slot WHERE id = %s", [slot_id]
    )
    [found] = desk.cursor.fetchall()
    return tuple(found)


def status(desk: Desk, appointment_id: int) -> str:
    found: str = desk.one("SELECT status FROM appointment WHERE id = %s", appointment_id)
    return found


def sound(desk: Desk) -> None:
    assert desk.run("invariants_broken") == []


def test_appointment_hold_takes_a_place_that_runs_out(desk: Desk, ada: int, ben: int) -> None:
    slot_id = desk.slot()
    [row] = desk.hold((ada, slot_id), seconds=60)
    assert (row.verdict, row.version) == ("held", 1)
    document = json.loads(row.body)
    assert list(document) == ["id", "expires_at", "slot"]
    left = desk.one(
        "SELECT expires_at - now() = interval '60 s' FROM appointment WHERE id = %s", document["id"]
    )
    assert left
    assert state(desk, slot_id)[0] == 1
    assert verdicts(desk.book((ben, slot_id))) == ["slot_taken"]
    assert verdicts(desk.hold((ben, slot_id))) == ["slot_taken"]
    sound(desk)


def test_appointment_hold_gives_a_set_no_more_than_there_is(desk: Desk) -> None:
    slot_id = desk.slot(capacity=5)
    people = [desk.account() for _ in range(4)]
    assert verdicts(desk.hold(*((one, slot_id) for one in people), size=2)) == [
        "held",
        "held",
        "again",
        "again",
    ]
    assert verdicts(desk.hold((people[2], slot_id), size=2)) == ["slot_taken"]
    assert verdicts(desk.hold((people[3], slot_id), size=1)) == ["held"]
    sound(desk)


def test_appointment_hold_is_as_long_as_asked_but_never_beyond_the_start(
    desk: Desk, ada: int
) -> None:
    slot_id = desk.slot()
    desk.cursor.execute(
        "UPDATE slot SET starts_at = now() + interval '5 s', ends_at = now() + interval '1 h'"
        " WHERE id = %s",
        [slot_id],
    )
    held = desk.held(ada, slot_id, seconds=60)
    text = "SELECT expires_at = now() + interval '5 s' FROM appointment WHERE id = %s"
    assert desk.one(text, held)


def test_appointment_hold_counts_only_what_has_not_run_out(desk: Desk, ada: int) -> None:
    slots = desk.slots(3)
    held = desk.held(ada, slots[0])
    assert verdicts(desk.hold((ada, slots[1]), max_holds=1)) == ["limit_reached"]
    desk.run_out(held)
    assert verdicts(desk.hold((ada, slots[1]), max_holds=1)) == ["held"]
    [row] = desk.hold((ada, slots[2]), max_open=1)
    assert (row.verdict, row.body) == ("limit_reached", "open")


def test_appointment_hold_decides_one_of_a_person_at_a_time(desk: Desk, ada: int) -> None:
    wishes = [(ada, slot_id) for slot_id in desk.slots(3)]
    assert verdicts(desk.hold(*wishes)) == ["held", "again", "again"]


def test_appointment_hold_get_shows_it_until_it_has_run_out(desk: Desk, ada: int, ben: int) -> None:
    held = desk.held(ada, desk.slot())
    asked = {"appointment_id": held, "staff_of": 0, "expand": False}
    [row] = desk.run("appointment_hold_get", actor_id=ada, **asked)
    assert json.loads(row.body)["id"] == held
    assert desk.run("appointment_hold_get", actor_id=ben, **asked) == []
    assert len(desk.run("appointment_hold_get", actor_id=ben, **asked | {"staff_of": ALL})) == 1
    desk.run_out(held)
    assert desk.run("appointment_hold_get", actor_id=ada, **asked) == []


def test_appointment_hold_confirm_makes_an_appointment(desk: Desk, ada: int, ben: int) -> None:
    slot_id = desk.slot(capacity=2)
    held, other = desk.held(ada, slot_id), desk.held(ben, slot_id)
    [row] = desk.confirm(held, who=ada, expand=True)
    document = json.loads(row.body)
    assert (row.verdict, row.version, document["status"]) == ("confirmed", 2, "booked")
    assert (document["notes"], document["slot"]["status"]) == ("Held", "busy-tentative")
    sound(desk)
    [row] = desk.confirm(other, who=ben, notes="Hello")
    assert json.loads(row.body)["notes"] == "Hello"
    assert state(desk, slot_id)[:2] == (2, None)
    sound(desk)


def test_appointment_hold_confirm_decides_each_of_a_set_once(desk: Desk, ada: int) -> None:
    held = desk.held(ada, desk.slot())
    assert verdicts(desk.confirm(held, held, who=ada)) == ["confirmed", "again"]
    assert verdicts(desk.confirm(held, who=ada)) == ["confirmed"]
    sound(desk)


def test_what_runs_out_while_it_is_decided_is_decided_again(desk: Desk, ada: int) -> None:
    """A booking that began after its end no longer counts it: two could be had at one time."""
    held = desk.held(ada, desk.slot())
    asked = desk.held(ada, desk.slot())
    desk.cursor.execute("UPDATE appointment SET status = 'pending' WHERE id = %s", [asked])
    assert desk.one("SELECT now() < clock_timestamp() - interval '2 microseconds'")
    desk.cursor.execute(
        "UPDATE appointment SET expires_at = now() + interval '1 microsecond' WHERE id IN (%s, %s)",
        [held, asked],
    )
    assert verdicts(desk.confirm(held, who=ada)) == ["locked"]
    assert verdicts(desk.end(asked, who=ada, staff_of=ALL, action=APPROVE)) == ["locked"]
    assert verdicts(desk.end(asked, who=ada, staff_of=ALL, action=DECLINE)) == ["ended"]


def test_appointment_hold_confirm_says_what_it_was_once_it_has_run_out(
    desk: Desk, ada: int
) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    slot_id = desk.slot()
    [row] = desk.take((ada, visit, clinic, NINE), seconds=60)
    timed, plain = json.loads(row.body)["id"], desk.held(ada, slot_id)
    desk.run_out(timed, plain)
    of_time, of_slot = (json.loads(one.body) for one in desk.confirm(timed, plain, who=ada))
    assert verdicts(desk.confirm(timed, plain, who=ada)) == ["hold_expired"] * 2
    assert (of_time["service"], of_time["provider"]) == (visit, clinic)
    assert (of_slot["slot"], of_slot["service"], of_slot["notes"]) == (slot_id, None, "Held")


def test_appointment_hold_expire_ends_what_has_run_out_and_nothing_else(
    desk: Desk, ada: int, ben: int
) -> None:
    one, other = desk.slot(capacity=2), desk.slot()
    gone, kept, later = desk.held(ada, one), desk.held(ben, one), desk.held(ada, other)
    desk.run_out(gone)
    desk.cursor.execute("UPDATE slot SET next_expiry = now() - interval '1 s' WHERE id = %s", [one])
    [[count]] = desk.run("appointment_hold_expire", most=10**6)
    assert count >= 1
    assert [status(desk, each) for each in (gone, kept, later)] == ["expired", "held", "held"]
    assert state(desk, one)[0] == 1
    sound(desk)
    [[count]] = desk.run("appointment_hold_expire", most=10**6)
    assert not count


def test_appointment_hold_expire_takes_no_more_than_it_was_told(desk: Desk) -> None:
    desk.run("appointment_hold_expire", most=10**6)
    held = [desk.held(desk.account(), slot_id) for slot_id in desk.slots(5)]
    desk.run_out(*held)
    assert [desk.run("appointment_hold_expire", most=2)[0][0] for _ in range(4)] == [2, 2, 1, None]


def test_appointment_hold_expire_frees_a_time_with_its_room(desk: Desk, ada: int) -> None:
    clinic, room = desk.provider(), desk.provider()
    visit = desk.visit(clinic, needs={"room": [room]})
    [row] = desk.take((ada, visit, clinic, NINE), seconds=60)
    held = json.loads(row.body)
    sound(desk)
    assert desk.times(visit, clinic)[0]["start_time"] == "10:00"
    desk.run_out(held["id"])
    assert desk.times(visit, clinic)[0]["start_time"] == "09:00"
    desk.run("appointment_hold_expire", most=10**6)
    assert state(desk, held["slot"]["id"]) == (0, None, True)
    sound(desk)


def test_appointment_hold_expire_gives_a_turn_back(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    [row] = desk.take((ada, visit, 0, NINE), seconds=60)
    served = "SELECT served FROM service_provider WHERE service_id = %s"
    assert desk.one(served, visit) == 1
    desk.run_out(json.loads(row.body)["id"])
    desk.run("appointment_hold_expire", most=10**6)
    assert desk.one(served, visit) == 0


def test_appointment_book_takes_what_has_run_out(desk: Desk, ada: int, ben: int) -> None:
    slot_id = desk.slot()
    held = desk.held(ada, slot_id)
    desk.run_out(held)
    assert verdicts(desk.book((ben, slot_id))) == ["booked"]
    assert status(desk, held) == "expired"
    sound(desk)


def test_appointment_book_waits_where_somebody_decides_about_what_has_run_out(
    desk: Desk, other: Desk, ada: int, ben: int
) -> None:
    """Whoever has its row; nobody says then whether the place is free."""
    slot_id = desk.slot()
    held = desk.held(ada, slot_id)
    desk.run_out(held)
    desk.cursor.connection.commit()
    try:
        other.cursor.execute("SELECT id FROM appointment WHERE id = %s FOR UPDATE", [held])
        assert verdicts(desk.book((ben, slot_id))) == ["locked"]
        assert verdicts(desk.hold((ben, slot_id))) == ["locked"]
        other.cursor.connection.rollback()
        assert verdicts(desk.book((ben, slot_id))) == ["booked"]
    finally:
        desk.cursor.connection.commit()


def test_appointment_book_time_takes_only_what_is_in_the_way(
    desk: Desk, ada: int, ben: int
) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    rows = [desk.take((ada, visit, clinic, NINE + n * HOUR), seconds=60)[0] for n in range(2)]
    held = [json.loads(row.body)["id"] for row in rows]
    desk.run_out(*held)
    assert verdicts(desk.take((ben, visit, clinic, NINE))) == ["booked"]
    assert [status(desk, one) for one in held] == ["expired", "held"]
    assert desk.times(visit, clinic)[0]["start_time"] == "10:00"
    sound(desk)


def test_appointment_end_lets_go_of_a_hold_and_again(desk: Desk, ada: int, ben: int) -> None:
    slot_id = desk.slot()
    held = desk.held(ada, slot_id)
    assert verdicts(desk.end(held, who=ben, action=RELEASE)) == ["not_found"]
    assert verdicts(desk.end(held, who=ada)) == ["not_found"], "to be cancelled it is none yet"
    assert verdicts(desk.end(held, held, who=ada, action=RELEASE)) == ["ended", "again"]
    assert verdicts(desk.end(held, who=ada, action=RELEASE)) == ["ended"]
    booked = desk.appointment(ben, slot_id)
    assert verdicts(desk.end(booked, who=ben, action=RELEASE)) == ["not_found"]
    sound(desk)


def test_appointment_end_approves_and_declines_what_waits(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, approval_minutes=60)
    (one, _), (other, slot_id) = (desk.taken(ada, visit, clinic, NINE + n * HOUR) for n in range(2))
    assert status(desk, one) == "pending"
    assert verdicts(desk.end(one, who=ada, action=APPROVE)) == ["forbidden"]
    for _ in range(2):
        assert verdicts(desk.end(one, who=ada, staff_of=ALL, action=APPROVE)) == ["ended"]
        assert verdicts(desk.end(other, who=ada, staff_of=clinic, action=DECLINE)) == ["ended"]
    assert [status(desk, each) for each in (one, other)] == ["booked", "declined"]
    assert state(desk, slot_id) == (0, None, True)
    assert verdicts(desk.end(one, other, who=ada, staff_of=ALL, action=APPROVE)) == [
        "ended",
        "not_pending",
    ]
    sound(desk)


def test_invariants_broken_tells_a_slot_that_runs_out_at_another_time(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    desk.held(ada, slot_id)
    desk.cursor.execute("UPDATE slot SET next_expiry = NULL WHERE id = %s", [slot_id])
    [row] = desk.run("invariants_broken")
    assert tuple(row) == ("a slot runs out at another time than those in it", slot_id)
