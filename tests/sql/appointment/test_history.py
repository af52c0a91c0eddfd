"""sql/queries/appointment/history.sql"""

import json
from datetime import timedelta

from service.booking.actions import CANCEL, FULFILL
from tests.sql.desk import ALL, NINE, Desk


def test_appointment_history_tells_every_change_in_order(desk: Desk, ada: int, ben: int) -> None:
    home, target = desk.slots(2)
    one = desk.appointment(ada, home)
    desk.move((one, home, target), who=ada)
    desk.end(one, who=ben, staff_of=ALL, reason="Closed")
    seen = {"appointment_id": one, "actor_id": ada, "staff_of": 0, "after_id": 0, "limit": 3}
    changes = json.loads(desk.history(**seen)[0].body)
    told = [(c["action"], c["from_slot"], c["to_slot"], c["to_status"]) for c in changes]
    assert told == [
        ("book", None, home, "booked"),
        ("reschedule", home, target, "booked"),
        ("cancel", target, None, "cancelled"),
    ]
    assert changes[2]["reason"] == "Closed"
    her, his = (desk.one("SELECT username FROM account WHERE id = %s", who) for who in (ada, ben))
    assert [change["actor"] for change in changes] == [her, her, "staff"]
    changes = json.loads(desk.history(**seen | {"staff_of": ALL})[0].body)
    assert [change["actor"] for change in changes] == [her, her, his]
    assert desk.history(**seen | {"actor_id": ben}) == []
    assert desk.history(**seen | {"actor_id": ben, "staff_of": ALL}) != []


def test_appointment_history_keeps_what_staff_remark_among_them(desk: Desk, ada: int) -> None:
    staff = desk.account()
    one = desk.appointment(ada, desk.slot())
    desk.end(one, who=staff, staff_of=ALL, action=FULFILL, reason="Rude")
    seen = {"appointment_id": one, "actor_id": ada, "after_id": 0, "limit": 3}
    for staff_of, reason in ((0, ""), (ALL, "Rude")):
        rows = desk.history(**seen, staff_of=staff_of)
        assert json.loads(rows[0].body)[1]["reason"] == reason


def test_appointment_history_tells_the_status_that_was(desk: Desk, ada: int) -> None:
    """Whatever an action may begin with."""
    one = desk.appointment(ada, desk.slot())
    desk.end(one, who=ada, staff_of=ALL, action=FULFILL)
    desk.end(one, who=ada, action=CANCEL._replace(or_before="fulfilled"))
    seen = {"appointment_id": one, "actor_id": ada, "staff_of": 0, "after_id": 0, "limit": 3}
    changes = json.loads(desk.history(**seen)[0].body)
    told = [(change["from_status"], change["to_status"]) for change in changes]
    assert told == [(None, "booked"), ("booked", "fulfilled"), ("fulfilled", "cancelled")]


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


def test_appointment_history_keeps_why_staff_booked_among_them(desk: Desk, ada: int) -> None:
    clinic, boss = desk.provider(), desk.account(role="admin")
    visit = desk.visit(clinic)
    asked = {"override": "grid", "reason": "Fussy"}
    late = NINE + timedelta(minutes=1)
    one, _ = desk.taken(ada, visit, clinic, late, who=boss, staff_of=ALL, **asked)
    seen = {"appointment_id": one, "actor_id": ada, "after_id": 0, "limit": 3}
    for staff_of, reason in ((0, ""), (ALL, "Fussy")):
        rows = desk.history(**seen, staff_of=staff_of)
        assert json.loads(rows[0].body)[0]["reason"] == reason
