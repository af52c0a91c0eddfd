"""sql/queries/appointment/move_time.sql"""

import json
from datetime import timedelta

from tests.sql.calendar.test_service import served
from tests.sql.desk import ALL, DAY, HOUR, NINE, Desk, verdicts


def test_appointment_move_time_leaves_nothing_of_the_old_time(desk: Desk, ada: int) -> None:
    clinic, room = desk.provider(), desk.provider()
    visit = desk.visit(clinic, needs={"room": [room]})
    appointment, slot_id = desk.taken(ada, visit, clinic, NINE)
    [row] = desk.retime((appointment, slot_id, 0, NINE + 3 * HOUR), who=ada)
    document = json.loads(row.body)
    assert (row.verdict, document["old_slot"], row.version) == ("moved", slot_id, 2)
    desk.cursor.execute(
        "SELECT provider_id, starts_at FROM slot WHERE service_id = %s AND deleted_at IS NULL"
        " ORDER BY provider_id",
        [visit],
    )
    at = NINE + 3 * HOUR
    assert desk.cursor.fetchall() == [(clinic, at), (room, at)]
    assert desk.run("invariants_broken") == []


def test_appointment_move_time_goes_into_its_own_hour(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, step_minutes=15, per_day=1, per_customer_day=1)
    appointment, slot_id = desk.taken(ada, visit, clinic, NINE)
    [row] = desk.retime((appointment, slot_id, 0, NINE + timedelta(minutes=15)), who=ada)
    assert row.verdict == "moved", "it is in its own way in nothing"


def test_appointment_move_time_to_another_provider_shows_both(desk: Desk, ada: int) -> None:
    clinic, other = desk.provider("One"), desk.provider("Two")
    visit = desk.visit(clinic, other)
    appointment, slot_id = desk.taken(ada, visit, clinic, NINE)
    [row] = desk.retime((appointment, slot_id, other, NINE), who=ada, expand=True)
    document = json.loads(row.body)
    assert [document[one]["provider"] for one in ("old_slot", "new_slot")] == ["One", "Two"]


def test_appointment_move_time_refuses_what_booking_would(desk: Desk, ada: int, ben: int) -> None:
    clinic, other = desk.provider(), desk.provider()
    visit = desk.visit(clinic)
    appointment, slot_id = desk.taken(ada, visit, clinic, NINE)
    desk.taken(ben, visit, clinic, NINE + HOUR)
    wishes = {
        (clinic, NINE): "same_slot",
        (clinic, NINE + HOUR): "slot_taken",
        (clinic, NINE - HOUR): "closed",
        (clinic, NINE + timedelta(minutes=1)): "off_grid",
        (other, NINE): "not_offered",
    }
    for (provider_id, at), verdict in wishes.items():
        [row] = desk.retime((appointment, slot_id, provider_id, at), who=ada)
        assert row.verdict == verdict, at
    [row] = desk.retime((appointment, slot_id, clinic, NINE + 2 * HOUR), who=ada, notice="30 days")
    assert row.verdict == "too_late"
    [row] = desk.retime(
        (appointment, slot_id, clinic, NINE + 2 * HOUR), who=ben, staff_of=ALL, notice="30 days"
    )
    assert row.verdict == "moved"


def test_appointment_move_time_revives_nothing_that_was_cancelled(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    appointment, slot_id = desk.taken(ada, visit, clinic, NINE)
    desk.end(appointment, who=ada)
    [row] = desk.retime((appointment, slot_id, 0, NINE + HOUR), who=ada)
    assert row.verdict == "not_active"


def test_appointment_move_time_takes_a_party_from_one_group_to_another(
    desk: Desk, ada: int, ben: int
) -> None:
    clinic = desk.provider()
    group = desk.visit(clinic, capacity=4, party_max=3)
    hers, early = desk.taken(ada, group, clinic, NINE, size=3)
    his, late = desk.taken(ben, group, clinic, NINE + HOUR, size=2)
    assert verdicts(desk.retime((hers, early, 0, NINE + HOUR), who=ada)) == ["slot_taken"]
    assert verdicts(desk.retime((his, late, 0, NINE), who=ben)) == ["slot_taken"]
    desk.end(his, who=ben)
    assert verdicts(desk.retime((hers, early, 0, NINE + HOUR), who=ada)) == ["moved"]
    assert desk.run("invariants_broken") == []


def test_appointment_move_time_stops_at_a_persons_limit_of_another_day(
    desk: Desk, ada: int
) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, per_customer_day=1)
    appointment, slot_id = desk.taken(ada, visit, clinic, NINE)
    desk.taken(ada, visit, clinic, NINE + DAY)
    [row] = desk.retime((appointment, slot_id, 0, NINE + DAY + HOUR), who=ada)
    assert (row.verdict, row.body) == ("limit_reached", "per_customer_day")


def test_appointment_move_time_of_what_has_no_service_is_not_offered(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    desk.visit(clinic)
    slot_id = desk.slot(provider_id=clinic)
    appointment = desk.appointment(ada, slot_id)
    [row] = desk.retime((appointment, slot_id, 0, NINE), who=ada)
    assert row.verdict == "not_offered"


def test_appointment_move_time_counts_who_come_and_go_at_once(
    desk: Desk, ada: int, ben: int
) -> None:
    clinic = desk.provider()
    group = desk.visit(clinic, capacity=2)
    hers, early = desk.taken(ada, group, clinic, NINE)
    his, late = desk.taken(ben, group, clinic, NINE + HOUR)
    swap = ((hers, early, 0, NINE + HOUR), (his, late, 0, NINE))
    assert verdicts(desk.retime(*swap, who=ada, staff_of=ALL)) == ["moved", "again"]
    assert desk.run("invariants_broken") == []
    assert verdicts(desk.retime(swap[1], who=ben)) == ["moved"]
    assert desk.run("invariants_broken") == []


def test_appointment_move_time_keeps_a_turn_with_its_provider(desk: Desk, ada: int) -> None:
    clinic, other = desk.provider(), desk.provider()
    visit = desk.visit(clinic, other)
    one, slot_id = desk.taken(ada, visit, 0, NINE)
    [row] = desk.retime((one, slot_id, 0, NINE + HOUR), who=ada)
    assert (row.verdict, desk.served(visit)) == ("moved", [1, 0])
    slot_id = json.loads(row.body)["new_slot"]
    [row] = desk.retime((one, slot_id, other, NINE + HOUR), who=ada)
    assert (row.verdict, desk.served(visit)) == ("moved", [0, 0]), "nobody chose the other"
    desk.end(one, who=ada)
    assert desk.served(visit) == [0, 0]


def test_appointment_move_time_gives_back_the_turn_of_what_was_moved(desk: Desk, ada: int) -> None:
    visit = desk.visit(desk.provider())
    one, slot_id = desk.taken(ada, visit, 0, NINE)
    desk.retime((one, slot_id, 0, NINE + HOUR), who=ada)
    desk.end(one, who=ada)
    assert desk.served(visit) == [0]


def test_appointment_move_time_keeps_the_turn_with_the_same_provider_alone(
    desk: Desk, ada: int
) -> None:
    one, other = desk.provider(), desk.provider()
    visit = desk.visit(one, other)
    appointment, slot_id = desk.taken(ada, visit, 0, NINE)
    [row] = desk.retime((appointment, slot_id, one, NINE + HOUR), who=ada)
    assert served(desk, visit) == {one: 1, other: 0}
    slot_id = json.loads(row.body)["new_slot"]
    desk.retime((appointment, slot_id, other, NINE), who=ada)
    assert served(desk, visit) == {one: 0, other: 0}


def test_appointment_move_time_goes_by_the_notice_of_when_it_was_booked(
    desk: Desk, ada: int
) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, notice_minutes=60 * 24 * 30)
    appointment, slot_id = desk.taken(ada, visit, clinic, NINE)
    desk.cursor.execute("UPDATE service SET notice_minutes = 0 WHERE id = %s", [visit])
    move = (appointment, slot_id, 0, NINE + HOUR)
    assert verdicts(desk.retime(move, who=ada)) == ["too_late"]
    assert verdicts(desk.end(appointment, who=ada)) == ["too_late"]
    assert verdicts(desk.move((appointment, slot_id, desk.slot()), who=ada)) == ["too_late"]
    assert verdicts(desk.retime(move, who=ada, staff_of=ALL)) == ["moved"]
