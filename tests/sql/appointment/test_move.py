"""sql/queries/appointment/move.sql"""

import json

from tests.sql.appointment.test_book import PAST
from tests.sql.calendar.test_service import served
from tests.sql.desk import ALL, HOUR, NINE, Desk, verdicts


def test_appointment_move_answers_moves_counts_and_records(desk: Desk, ada: int) -> None:
    home, target = desk.slots(2)
    moved = desk.appointment(ada, home)
    [row] = desk.move((moved, home, target), who=ada)
    assert (row.verdict, row.version) == ("moved", 2)
    assert json.loads(row.body) == {
        "message": "Done",
        "appointment_id": moved,
        "old_slot": home,
        "new_slot": target,
    }
    desk.cursor.execute(
        "SELECT booked, version FROM slot WHERE id IN (%s, %s) ORDER BY id", [home, target]
    )
    assert desk.cursor.fetchall() == [(0, 3), (1, 2)]
    desk.cursor.execute(
        "SELECT action, from_slot_id, to_slot_id, from_status, to_status"
        " FROM appointment_history WHERE appointment_id = %s ORDER BY id DESC LIMIT 1",
        [moved],
    )
    assert desk.cursor.fetchone() == ("reschedule", home, target, "booked", "booked")


def test_appointment_move_expanded_shows_both_slots_as_they_are_now(desk: Desk, ada: int) -> None:
    home, target = desk.slots(2, capacity=2)
    moved = desk.appointment(ada, home)
    [row] = desk.move((moved, home, target), who=ada, expand=True)
    body = json.loads(row.body)
    assert (body["old_slot"]["id"], body["old_slot"]["remaining"]) == (home, 2)
    assert (body["new_slot"]["id"], body["new_slot"]["remaining"]) == (target, 1)


def test_appointment_move_refuses_for_the_targets_sake(desk: Desk, ada: int, ben: int) -> None:
    home, full, closed, gone = desk.slots(4)
    past = desk.slot(start=PAST)
    desk.appointment(ben, full)
    desk.change(closed, closed=True)
    desk.change(gone, deleted=True)
    moved = desk.appointment(ada, home)
    targets = [0, gone, past, full, closed, home]
    assert [verdicts(desk.move((moved, home, to), who=ada))[0] for to in targets] == [
        "no_slot",
        "no_slot",
        "slot_in_past",
        "slot_taken",
        "slot_taken",
        "same_slot",
    ]


def test_appointment_move_offers_other_slots(desk: Desk, ada: int, ben: int) -> None:
    wanted, *others = desk.slots(4)
    home = desk.slot()
    desk.appointment(ben, wanted)
    [row] = desk.move((desk.appointment(ada, home), home, wanted), who=ada)
    assert [slot["id"] for slot in json.loads(row.body)] == others


def test_appointment_move_offers_others_to_who_loses_beside_a_roomier_slot(
    desk: Desk, ada: int
) -> None:
    homes = desk.slots(4)
    narrow, following = desk.slots(2)
    roomy = desk.slot(capacity=2)
    targets = (narrow, narrow, roomy, roomy)
    rows = desk.move(
        *((desk.appointment(ada, home), home, to) for home, to in zip(homes, targets, strict=True)),
        who=ada,
    )
    assert verdicts(rows) == ["moved", "slot_taken", "moved", "moved"]
    assert [slot["id"] for slot in json.loads(rows[1].body)] == [following]


def test_appointment_move_only_from_where_it_was_looked_up(desk: Desk, ada: int) -> None:
    home, second, third = desk.slots(3)
    moved = desk.appointment(ada, home)
    assert verdicts(desk.move((moved, home, second), who=ada)) == ["moved"]
    assert verdicts(desk.move((moved, home, third), who=ada)) == ["again"]
    assert desk.one("SELECT slot_id FROM appointment WHERE id = %s", moved) == second


def test_appointment_move_does_one_of_several_moves_of_one_appointment(
    desk: Desk, ada: int
) -> None:
    home, second, third = desk.slots(3)
    moved = desk.appointment(ada, home)
    rows = desk.move((moved, home, second), (moved, home, third), who=ada)
    assert verdicts(rows) == ["moved", "again"]


def test_appointment_move_fills_the_target_in_the_order_of_the_items(desk: Desk, ada: int) -> None:
    *homes, target = desk.slots(4)
    moves = [(desk.appointment(ada, home), home, target) for home in homes]
    assert verdicts(desk.move(*moves, who=ada)) == ["moved", "slot_taken", "slot_taken"]


def test_appointment_move_of_a_set_counts_comings_and_goings(desk: Desk, ada: int) -> None:
    a, b = desk.slots(2, capacity=3)
    one, two, three = (desk.appointment(ada, slot_id) for slot_id in (a, a, b))
    rows = desk.move((one, a, b), (two, a, b), (three, b, a), who=ada)
    assert verdicts(rows) == ["moved", "moved", "moved"]
    desk.cursor.execute("SELECT booked FROM slot WHERE id IN (%s, %s) ORDER BY id", [a, b])
    assert [row.booked for row in desk.cursor.fetchall()] == [1, 2]


def test_appointment_move_refuses_for_the_appointments_sake(desk: Desk, ada: int) -> None:
    home, target = desk.slots(2)
    moved = desk.appointment(ada, home)
    assert verdicts(desk.move((moved, home, target), who=ada, version=2)) == ["stale"]
    desk.end(moved, who=ada)
    assert verdicts(desk.move((moved, home, target), who=ada)) == ["not_active"]


def test_appointment_move_is_too_late_for_customers_within_notice(desk: Desk, ada: int) -> None:
    home, target = desk.slots(2)
    moved = desk.appointment(ada, home)
    late = {"who": ada, "notice": "36500 days"}
    assert verdicts(desk.move((moved, home, target), **late)) == ["too_late"]
    assert verdicts(desk.move((moved, home, target), staff_of=ALL, **late)) == ["moved"]


def test_appointment_move_by_staff_stays_within_their_calendar(
    desk: Desk, ada: int, ben: int
) -> None:
    provider_id = desk.provider()
    home, target = desk.slots(2, provider_id=provider_id)
    elsewhere = desk.slot()
    moved = desk.appointment(ada, home)
    staff = {"who": ben, "staff_of": provider_id}
    assert verdicts(desk.move((moved, home, elsewhere), **staff)) == ["forbidden"]
    assert verdicts(desk.move((moved, home, target), **staff)) == ["moved"]


def test_appointment_move_heeds_the_notice_of_a_service(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    for minutes, verdict in ((0, "moved"), (60 * 24 * 300, "too_late")):
        visit = desk.visit(clinic, notice_minutes=minutes)
        one, slot_id = desk.taken(ada, visit, clinic, NINE)
        usual = "0 minutes" if minutes else "36500 days"
        rows = desk.move((one, slot_id, desk.slot()), who=ada, notice=usual)
        assert verdicts(rows) == [verdict]


def test_appointment_move_gives_a_turn_back(desk: Desk, ada: int) -> None:
    visit = desk.visit(desk.provider())
    one, slot_id = desk.taken(ada, visit, 0, NINE)
    assert desk.served(visit) == [1]
    desk.move((one, slot_id, desk.slot()), who=ada)
    assert desk.served(visit) == [0]


def test_appointment_move_of_a_set_has_room_for_the_whole_of_parties(
    desk: Desk, ada: int, ben: int
) -> None:
    clinic = desk.provider()
    group = desk.visit(clinic, capacity=4, party_max=2)
    _, target = desk.taken(ada, group, clinic, NINE, size=2)
    moves = [
        (*desk.taken(ben, group, clinic, NINE + n * HOUR, size=size), target)
        for n, size in ((1, 2), (2, 2), (3, 1))
    ]
    asked = {"who": ben, "staff_of": ALL}
    desk.change(target, per_person=4)
    assert verdicts(desk.move(*moves, **asked)) == ["moved", "again", "again"]
    assert verdicts(desk.move(*moves[1:], **asked)) == ["slot_taken"] * 2
    assert desk.run("invariants_broken") == []


def test_appointment_move_away_gives_the_turn_back(desk: Desk, ada: int) -> None:
    one, other = desk.provider(), desk.provider()
    visit = desk.visit(one, other)
    moved, home = desk.taken(ada, visit, 0, NINE)
    assert served(desk, visit) == {one: 1, other: 0}
    desk.move((moved, home, desk.slot()), who=ada)
    assert served(desk, visit) == {one: 0, other: 0}
