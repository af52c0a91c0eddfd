"""sql/queries/appointment/waitlist.sql, and who is offered what others leave."""

import json
from datetime import datetime
from typing import Any

from service.booking.actions import RELEASE
from tests.sql.desk import DAY, HOUR, NINE, Desk, verdicts

NO_LIMITS = {"size": 1, "max_waiting": 10, "max_open": 0, "no_overlap": False}


def join(desk: Desk, who: int, **wanted: Any) -> Any:
    usual = {"slot_id": 0, "service_id": 0, "provider_id": 0, "from_at": None, "until_at": None}
    [row] = desk.run("waitlist_join", account_id=who, **usual | NO_LIMITS | wanted)
    return row


def wait(desk: Desk, who: int, **wanted: Any) -> int:
    """The id of somebody who waits; of a service for the day of NINE, unless told otherwise."""
    if "service_id" in wanted:
        wanted = {"from_at": NINE - HOUR, "until_at": NINE + 12 * HOUR} | wanted
    row = join(desk, who, **wanted)
    assert row.verdict == "waiting", row
    return int(row.id)


def committed(desk: Desk) -> None:
    """What happens at the end of a transaction, which this one never comes to."""
    desk.cursor.execute("SET CONSTRAINTS slot_offers IMMEDIATE")
    desk.cursor.execute("SET CONSTRAINTS slot_offers DEFERRED")
    assert desk.run("invariants_broken") == []


def leave(desk: Desk, appointment: int, who: int) -> None:
    assert verdicts(desk.end(appointment, who=who)) == ["ended"]
    committed(desk)


def offered(desk: Desk, waiting_id: int) -> tuple[int, datetime] | None:
    """The slot that somebody is offered, and until when."""
    desk.cursor.execute(
        "SELECT hold.slot_id, hold.expires_at FROM waiting"
        "  JOIN appointment AS hold ON hold.id = waiting.hold_id"
        " WHERE waiting.id = %s AND hold.status = 'held'",
        [waiting_id],
    )
    return next((tuple(row) for row in desk.cursor.fetchall()), None)


def hold_of(desk: Desk, waiting_id: int) -> int:
    found: int = desk.one("SELECT hold_id FROM waiting WHERE id = %s", waiting_id)
    return found


def test_who_leaves_a_slot_offers_it_to_the_first_in_line(desk: Desk, ada: int, ben: int) -> None:
    slot_id = desk.slot()
    taken = desk.appointment(ada, slot_id)
    first, second = (join(desk, one, slot_id=slot_id) for one in (ben, desk.account()))
    assert (first.position, second.position) == (1, 2)
    leave(desk, taken, ada)
    assert offered(desk, second.id) is None
    held = offered(desk, first.id)
    assert held
    assert held[0] == slot_id
    assert desk.one("SELECT %s = now() + interval '60 minutes'", held[1])
    assert verdicts(desk.book((ada, slot_id))) == ["slot_taken"]
    [row] = desk.confirm(hold_of(desk, first.id), who=ben)
    assert row.verdict == "confirmed"
    told = "SELECT string_agg(action, ',' ORDER BY id) FROM appointment_history"
    assert desk.one(f"{told} WHERE appointment_id = %s", hold_of(desk, first.id)) == "offer,confirm"


def test_an_offer_that_is_let_go_of_or_runs_out_goes_to_the_next(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    taken = desk.appointment(ada, slot_id)
    people = [desk.account() for _ in range(3)]
    lines = [wait(desk, one, slot_id=slot_id) for one in people]
    leave(desk, taken, ada)
    released = desk.end(hold_of(desk, lines[0]), who=people[0], action=RELEASE)
    assert verdicts(released) == ["ended"]
    committed(desk)
    assert offered(desk, lines[1])
    desk.run_out(hold_of(desk, lines[1]))
    assert desk.one("SELECT slot_status(slot) FROM slot WHERE id = %s", slot_id) == "busy-tentative"
    assert verdicts(desk.book((ada, slot_id))) == ["slot_taken"]
    assert offered(desk, lines[2])
    desk.run_out(hold_of(desk, lines[2]))
    assert desk.one("SELECT slot_status(slot) FROM slot WHERE id = %s", slot_id) == "free"
    assert verdicts(desk.book((ada, slot_id))) == ["booked"]
    committed(desk)


def test_a_time_comes_back_with_its_room_for_who_waits_for_the_service(
    desk: Desk, ada: int, ben: int
) -> None:
    clinic, room = desk.provider(), desk.provider()
    visit = desk.visit(clinic, needs={"room": [room]}, offer_minutes=5, buffer_after_minutes=15)
    taken, slot_id = desk.taken(ada, visit, clinic, NINE)
    line = wait(desk, ben, service_id=visit)
    leave(desk, taken, ada)
    held = offered(desk, line)
    assert held
    assert held[0] == slot_id
    assert desk.one("SELECT %s = now() + interval '5 minutes'", held[1])
    assert verdicts(desk.take((ada, visit, clinic, NINE))) == ["slot_taken"]
    live = "SELECT count(*) FROM slot WHERE provider_id IN (%s, %s) AND deleted_at IS NULL"
    assert desk.one(live, clinic, room) == 2
    desk.run_out(hold_of(desk, line))
    assert next(one["start_time"] for one in desk.times(visit, clinic)) == "09:00"
    [row] = desk.take((ada, visit, clinic, NINE))
    assert row.verdict == "booked"
    committed(desk)


def test_only_whom_the_time_suits_is_offered_it(desk: Desk, ada: int) -> None:
    clinic, other = desk.provider(), desk.provider()
    visit = desk.visit(clinic, other)
    taken, _slot_id = desk.taken(ada, visit, clinic, NINE + HOUR)
    too_early = {"from_at": NINE, "until_at": NINE + HOUR}
    too_late = {"from_at": NINE + HOUR + HOUR / 60, "until_at": NINE + 2 * HOUR}
    tomorrow = {"from_at": NINE + DAY, "until_at": NINE + 2 * DAY}
    wrong = [
        wait(desk, desk.account(), service_id=visit, provider_id=other),
        *(wait(desk, desk.account(), service_id=visit, **one) for one in (too_early, too_late)),
        wait(desk, desk.account(), service_id=visit, **tomorrow),
        wait(desk, desk.account(), service_id=desk.visit(clinic)),
    ]
    right = wait(desk, desk.account(), service_id=visit, provider_id=clinic)
    leave(desk, taken, ada)
    assert [offered(desk, one) for one in wrong] == [None] * 5
    assert offered(desk, right)


def test_who_comes_with_more_than_there_is_room_for_keeps_the_turn(
    desk: Desk, ada: int, ben: int
) -> None:
    clinic = desk.provider()
    group = desk.visit(clinic, capacity=3, party_max=3)
    one, slot_id = desk.taken(ada, group, clinic, NINE, size=2)
    two, _ = desk.taken(ben, group, clinic, NINE, size=1)
    many = wait(desk, desk.account(), service_id=group, size=3)
    pair = wait(desk, desk.account(), service_id=group, size=2)
    leave(desk, one, ada)
    assert (offered(desk, many), bool(offered(desk, pair))) == (None, True)
    leave(desk, two, ben)
    assert offered(desk, many) is None
    released = desk.one("SELECT account_id FROM waiting WHERE id = %s", pair)
    desk.end(hold_of(desk, pair), who=released, action=RELEASE)
    committed(desk)
    held = offered(desk, many)
    assert held
    assert held[0] == slot_id


def test_nothing_is_offered_when_it_is_too_late(desk: Desk, ada: int, ben: int) -> None:
    slot_id = desk.slot()
    taken = desk.appointment(ada, slot_id)
    line = wait(desk, ben, slot_id=slot_id)
    desk.cursor.execute(
        "UPDATE slot SET starts_at = now() + interval '50 s' WHERE id = %s", [slot_id]
    )
    desk.cursor.execute(
        "UPDATE waiting SET from_at = slot.starts_at, until_at = slot.starts_at + interval '1 s'"
        "  FROM slot WHERE slot.id = waiting.slot_id AND waiting.id = %s",
        [line],
    )
    desk.cursor.execute(
        "UPDATE waiting_line SET day = waiting_day(now()) WHERE waiting_id = %s", [line]
    )
    leave(desk, taken, ada)
    assert offered(desk, line) is None


def test_nothing_is_offered_that_is_closed_by_now(desk: Desk, ada: int, ben: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    taken, _ = desk.taken(ada, visit, clinic, NINE)
    line = wait(desk, ben, service_id=visit)
    desk.cursor.execute("DELETE FROM opening WHERE provider_id = %s", [clinic])
    leave(desk, taken, ada)
    assert offered(desk, line) is None


def test_whoever_moves_away_offers_what_is_left_behind(desk: Desk, ada: int, ben: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, step_minutes=15)
    taken, slot_id = desk.taken(ada, visit, clinic, NINE)
    line = wait(desk, ben, service_id=visit)
    assert verdicts(desk.retime((taken, slot_id, 0, NINE + HOUR / 4), who=ada)) == ["moved"]
    committed(desk)
    assert offered(desk, line) is None, "it is in its own way"
    here = desk.one("SELECT slot_id FROM appointment WHERE id = %s", taken)
    assert verdicts(desk.retime((taken, here, 0, NINE + 3 * HOUR), who=ada)) == ["moved"]
    committed(desk)
    held = offered(desk, line)
    assert held
    assert held[0] == here


def test_more_room_and_a_slot_that_opens_again_are_offered(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    desk.appointment(ada, slot_id)
    lines = [wait(desk, desk.account(), slot_id=slot_id) for _ in range(3)]
    desk.change(slot_id, capacity=3)
    committed(desk)
    assert [bool(offered(desk, one)) for one in lines] == [True, True, False]
    closed = desk.slot()
    desk.change(closed, closed=True)
    line = wait(desk, desk.account(), slot_id=closed)
    desk.change(closed, closed=False)
    committed(desk)
    assert offered(desk, line)


def test_waitlist_offer_gives_each_in_line_the_first_time_there_is(desk: Desk, ada: int) -> None:
    clinic, room = desk.provider(), desk.provider()
    visit = desk.visit(clinic, needs={"room": [room]})
    desk.taken(ada, visit, clinic, NINE)
    lines = [wait(desk, desk.account(), service_id=visit) for _ in range(2)]
    late = wait(desk, desk.account(), service_id=visit, from_at=NINE + 5 * HOUR)
    desk.run("waitlist_offer", provider_id=clinic, from_at=NINE, until_at=NINE + 4 * HOUR)
    committed(desk)
    starts = "SELECT starts_at FROM slot WHERE id = %s"
    found = [held and desk.one(starts, held[0]) for held in (offered(desk, one) for one in lines)]
    assert found == [NINE + HOUR, NINE + 2 * HOUR]
    assert offered(desk, late) is None
    rooms = "SELECT sum(booked) FROM slot WHERE provider_id = %s AND deleted_at IS NULL"
    assert desk.one(rooms, room) == 3


def test_who_has_as_many_as_they_may_is_passed_over(desk: Desk, ada: int, ben: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, per_customer_day=1)
    taken, _ = desk.taken(ada, visit, clinic, NINE)
    line = wait(desk, ben, service_id=visit)
    desk.taken(ben, visit, clinic, NINE + HOUR)
    leave(desk, taken, ada)
    assert offered(desk, line) is None


def test_waitlist_join_refuses_what_can_not_be_waited_for(desk: Desk, ada: int) -> None:
    clinic, slot_id = desk.provider(), desk.slot()
    visit, span = desk.visit(clinic), {"from_at": NINE, "until_at": NINE + HOUR}
    for code, wanted in (
        ("no_slot", {"slot_id": -1}),
        ("no_service", {"service_id": -1} | span),
        ("not_offered", {"service_id": visit, "provider_id": desk.provider()} | span),
        (
            "slot_in_past",
            {"service_id": visit, "from_at": NINE - 99 * DAY, "until_at": NINE - 9 * DAY},
        ),
        ("party_too_large", {"slot_id": slot_id, "size": 2}),
        ("limit_reached", {"slot_id": slot_id, "max_waiting": 0}),
    ):
        row = join(desk, ada, **wanted)
        assert (row.verdict, row.id, row.position) == (code, None, None)


def test_waitlist_leave_is_for_oneself_and_again_changes_nothing(
    desk: Desk, ada: int, ben: int
) -> None:
    slot_id = desk.slot()
    taken = desk.appointment(ada, slot_id)
    line = wait(desk, ben, slot_id=slot_id)
    assert desk.run("waitlist_leave", waiting_id=line, account_id=ada) == []
    for _ in range(2):
        [row] = desk.run("waitlist_leave", waiting_id=line, account_id=ben)
        assert row.hold_id is None
    leave(desk, taken, ada)
    assert offered(desk, line) is None
    assert desk.run("waitlist_list", account_id=ben, after_id=0, limit=10) == []


def test_waitlist_list_tells_what_became_of_each(desk: Desk, ada: int, ben: int) -> None:
    slots = desk.slots(3)
    taken = [desk.appointment(ada, one) for one in slots]
    for one in slots:
        wait(desk, ben, slot_id=one)
    for one in taken[:2]:
        leave(desk, one, ada)
    rows = desk.run("waitlist_list", account_id=ben, after_id=0, limit=10)
    first, second, third = (json.loads(row.body) for row in rows)
    assert [one["status"] for one in (first, second, third)] == ["offered", "offered", "waiting"]
    assert (third["position"], third["hold"], third["slot"]) == (1, None, slots[2])
    desk.confirm(first["hold"], who=ben)
    desk.run_out(second["hold"])
    rows = desk.run("waitlist_list", account_id=ben, after_id=first["id"] - 1, limit=2)
    assert [json.loads(row.body)["status"] for row in rows] == ["accepted", "passed"]


def test_who_is_elsewhere_then_is_offered_nothing(desk: Desk, ada: int, ben: int) -> None:
    clinic, other = desk.provider(), desk.provider()
    visit, massage = desk.visit(clinic), desk.visit(other)
    taken, _ = desk.taken(ada, visit, clinic, NINE)
    desk.taken(ben, massage, other, NINE)
    first = wait(desk, ben, service_id=visit, no_overlap=True)
    second = wait(desk, desk.account(), service_id=visit)
    leave(desk, taken, ada)
    assert offered(desk, first) is None
    assert offered(desk, second)


def test_who_has_as_many_as_may_be_is_offered_nothing(desk: Desk, ada: int, ben: int) -> None:
    slot_id, other = desk.slots(2)
    taken = desk.appointment(ada, slot_id)
    desk.appointment(ben, other)
    first = wait(desk, ben, slot_id=slot_id, max_open=1)
    second = wait(desk, desk.account(), slot_id=slot_id, max_open=1)
    leave(desk, taken, ada)
    assert offered(desk, first) is None
    assert offered(desk, second)
