"""sql/queries/desk"""

import json
from typing import Any

from tests.sql.desk import ALL, DAY, HOUR, NOON, Desk


def _closed(desk: Desk, provider_id: int) -> None:
    day = NOON.date().isoformat()
    desk.run(
        "closure_create",
        provider_id=provider_id,
        from_day=day,
        until_day=day,
        starts_at=None,
        ends_at=None,
        reason="",
        actor_id=0,
    )


def _keep(desk: Desk, appointment_id: int, who: int, **asked: Any) -> Any:
    usual = {"staff_of": ALL, "message": "Done", "reason": "", "version": 0, "expand": False}
    wanted = usual | {"appointment_id": appointment_id, "actor_id": who} | asked
    [row] = desk.run("appointment_keep", **wanted)
    return row


def test_appointment_keep_notes_it_once(desk: Desk, ada: int, ben: int) -> None:
    provider_id = desk.provider()
    one = desk.appointment(ada, desk.slot(provider_id=provider_id))
    outside = "SELECT outside_hours(slot, provider) FROM slot JOIN provider ON provider.id = %s"
    outside += " WHERE slot.provider_id = provider.id"
    _closed(desk, provider_id)
    assert desk.one(outside, provider_id) == "closure"
    for _ in range(2):
        row = _keep(desk, one, ben, reason="why not")
        assert (row.verdict, row.version) == ("changed", 2)
    assert json.loads(row.body)["message"] == "Done"
    assert desk.one(outside, provider_id) is None
    noted = "SELECT array_agg(action || reason ORDER BY id) FROM appointment_history"
    assert desk.one(f"{noted} WHERE appointment_id = %s", one) == ["book", "keepwhy not"]
    desk.cursor.execute("UPDATE closure SET created_at = now() + interval '1 day'")
    assert desk.one(outside, provider_id) == "closure", "one that was made later"


def test_appointment_keep_refuses_others_and_what_has_ended(desk: Desk, ada: int, ben: int) -> None:
    provider_id = desk.provider()
    one = desk.appointment(ada, desk.slot(provider_id=provider_id))
    assert _keep(desk, one, ben, staff_of=0).verdict == "not_found"
    assert _keep(desk, one, ada, staff_of=0).verdict == "forbidden"
    assert _keep(desk, one, ben, staff_of=provider_id, version=3).verdict == "stale"
    assert _keep(desk, one, ben, staff_of=provider_id).verdict == "changed"
    desk.end(one, who=ada)
    assert _keep(desk, one, ben).verdict == "not_active"
    missing = {"staff_of": ALL, "message": "", "reason": "", "version": 0, "expand": False}
    assert desk.run("appointment_keep", appointment_id=0, actor_id=ben, **missing) == []


def _admitted(desk: Desk, **asked: Any) -> tuple[str | None, bool]:
    [row] = desk.run("appointment_desk_admit", **asked)
    return row.refusal, row.opened


def test_appointment_desk_admit_says_who_may(desk: Desk, ada: int, ben: int) -> None:
    provider_id, other = desk.provider(), desk.provider()
    slot_id = desk.slot(provider_id=provider_id)
    known, stranger = desk.person("Grace", made_by=provider_id), desk.person("Henry", other)
    asked = {"slot_id": slot_id, "actor_id": ben, "staff_of": provider_id, "opens": False}
    assert _admitted(desk, **asked, account_id=known) == (None, False)
    assert _admitted(desk, **asked, account_id=ben) == (None, False)
    assert _admitted(desk, **asked, account_id=stranger) == ("no_customer", False)
    assert _admitted(desk, **asked, account_id=0) == ("no_customer", False)
    foreign = asked | {"staff_of": other}
    assert _admitted(desk, **foreign, account_id=stranger) == ("forbidden", False)
    assert _admitted(desk, **asked | {"slot_id": 0}, account_id=known) == ("no_slot", False)
    desk.change(slot_id, deleted=True)
    assert _admitted(desk, **asked, account_id=known) == ("no_slot", False)


def test_appointment_desk_note_closes_what_was_opened(desk: Desk, ada: int, ben: int) -> None:
    provider_id = desk.provider()
    slot_id = desk.slot(provider_id=provider_id, capacity=2)
    desk.change(slot_id, closed=True)
    asked = {"account_id": ben, "slot_id": slot_id, "actor_id": ben, "staff_of": provider_id}
    assert _admitted(desk, **asked, opens=False) == (None, False)
    assert _admitted(desk, **asked, opens=True) == (None, True)
    one = desk.appointment(ada, slot_id)
    note = {"appointment_id": one, "actor_id": ben, "reason": "why not", "overrides": ["closed"]}
    desk.send("appointment_desk_note", **note, closes=True, closed=True)
    assert desk.one("SELECT closed FROM slot WHERE id = %s", slot_id) is True
    noted = "SELECT (actor_id, reason, overrides)::text FROM appointment_history"
    said = desk.one(f"{noted} WHERE appointment_id = %s", one)
    assert said == f'({ben},"why not",{{closed}})'
    other = desk.appointment(ada, desk.slot(start=NOON + DAY + HOUR))
    plain = note | {"appointment_id": other, "overrides": []}
    desk.send("appointment_desk_note", **plain, closes=False, closed=False)
    kept = "SELECT overrides FROM appointment_history WHERE appointment_id = %s"
    assert desk.one(kept, other) is None
