"""sql/queries/appointment/end.sql"""

import json

import pytest

from service.booking.actions import ENDINGS, FULFILL, NOSHOW, Action
from tests.sql.desk import ALL, NINE, Desk, verdicts


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
    [row] = desk.end(one, who=ada, staff_of=ALL, expand=True, action=FULFILL)
    assert json.loads(row.body)["slot"]["remaining"] == 0
    assert verdicts(desk.book((ada, slot_id))) == ["slot_taken"]


def test_appointment_end_again_succeeds_and_changes_nothing(desk: Desk, ada: int) -> None:
    one = desk.appointment(ada, desk.slot())
    first, second = desk.end(one, who=ada)[0], desk.end(one, who=ada)[0]
    assert first == second
    assert verdicts(desk.end(one, who=ada, staff_of=ALL, action=FULFILL)) == ["not_active"]


def test_appointment_end_judges_each_item_by_itself(desk: Desk, ada: int, ben: int) -> None:
    hers, his = (desk.appointment(who, desk.slot()) for who in (ada, ben))
    rows = desk.end(hers, his, 0, hers, who=ada)
    assert verdicts(rows) == ["ended", "not_found", "not_found", "again"]


@pytest.mark.parametrize("action", ENDINGS.values(), ids=ENDINGS)
def test_appointment_end_leaves_to_staff_what_is_for_staff_only(
    action: Action, desk: Desk, ada: int
) -> None:
    one = desk.appointment(ada, desk.slot())
    heard = "forbidden" if action.staff_only else "ended"
    assert verdicts(desk.end(one, who=ada, action=action)) == [heard]


def test_appointment_end_heeds_version_and_notice(desk: Desk, ada: int) -> None:
    one = desk.appointment(ada, desk.slot())
    assert verdicts(desk.end(one, who=ada, version=7)) == ["stale"]
    assert verdicts(desk.end(one, who=ada, notice="36500 days")) == ["too_late"]
    assert verdicts(desk.end(one, who=ada, notice="36500 days", staff_of=ALL)) == ["ended"]


def test_appointment_end_notes_a_no_show_only_once_the_slot_has_begun(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    one = desk.appointment(ada, slot_id)
    noshow = {"who": ada, "staff_of": ALL, "action": NOSHOW}
    assert verdicts(desk.end(one, **noshow)) == ["too_early"]
    desk.cursor.execute(
        "UPDATE slot SET starts_at = now(), ends_at = now() + interval '1 h' WHERE id = %s",
        [slot_id],
    )
    assert verdicts(desk.end(one, **noshow)) == ["ended"]


def test_appointment_end_heeds_the_notice_of_a_service(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    for minutes, verdict in ((0, "ended"), (60 * 24 * 300, "too_late")):
        visit = desk.visit(clinic, notice_minutes=minutes)
        one, _ = desk.taken(ada, visit, clinic, NINE)
        usual = "0 minutes" if minutes else "36500 days"
        assert verdicts(desk.end(one, who=ada, notice=usual)) == [verdict]
