"""sql/queries/delivery/calendar_feed.sql"""

import json
from typing import Any

from tests.sql.desk import DAY, NOON, Desk
from tests.sql.samples_delivery import feed


def entries(desk: Desk, account_id: int, provider_id: int = 0, **more: Any) -> list[Any]:
    [row] = desk.run("calendar_feed", **feed(account_id, provider_id, **more))
    return list(json.loads(row.entries))


def test_calendar_feed_of_a_person_has_that_persons_alone(desk: Desk) -> None:
    ada, ben = desk.account(), desk.account()
    home, other, third = desk.slots(3)
    late, early = desk.appointment(ada, other), desk.appointment(ada, home)
    desk.appointment(ben, third)
    found = entries(desk, ada)
    assert [one["id"] for one in found] == [early, late]
    assert [one["sequence"] for one in found] == [0, 0]
    assert {one["summary"] for one in found} == {"Clinic"}
    assert found[0].keys() == {
        "id", "sequence", "status", "starts_at", "ends_at", "changed_at", "summary"
    }  # fmt: skip


def test_calendar_feed_of_a_provider_has_all_who_come(desk: Desk) -> None:
    ada, ben, provider_id = desk.account(), desk.account(), desk.provider()
    home, other = desk.slots(2, provider_id=provider_id, capacity=2)
    booked = [desk.appointment(who, home) for who in (ada, ben)]
    gone = desk.appointment(ada, other)
    desk.end(gone, who=ada)
    desk.appointment(ada, desk.slots(1)[0])
    found = entries(desk, 0, provider_id)
    assert [one["id"] for one in found] == [*booked, gone]
    assert [one["status"] for one in found] == ["booked", "booked", "cancelled"]
    names = [desk.one("SELECT username FROM account WHERE id = %s", who) for who in (ada, ben)]
    assert [one["summary"] for one in found] == [*names, names[0]]


def test_calendar_feed_leaves_out_what_is_long_over_and_what_came_to_nothing(desk: Desk) -> None:
    ada = desk.account()
    past, gone = desk.slots(2)
    over, cancelled = desk.appointment(ada, past), desk.appointment(ada, gone)
    desk.end(cancelled, who=ada)
    assert len(entries(desk, ada)) == 2
    move = "UPDATE slot SET starts_at = now() - %s, ends_at = now() - %s + interval '1 hour'"
    for days, seen in (29, 2), (31, 1):
        desk.cursor.execute(f"{move} WHERE id = %s", [days * DAY, days * DAY, past])
        assert len(entries(desk, ada)) == seen
    for days, seen in (6, 1), (8, 0):
        desk.cursor.execute(
            "UPDATE appointment_history SET at = now() - %s WHERE appointment_id = %s",
            [days * DAY, cancelled],
        )
        assert len(entries(desk, ada)) == seen
    assert over != cancelled


def test_calendar_feed_says_no_more_to_who_knows_its_tag(desk: Desk) -> None:
    ada = desk.account()
    desk.appointment(ada, desk.slots(1)[0])
    [row] = desk.run("calendar_feed", **feed(ada))
    [again] = desk.run("calendar_feed", **feed(ada, known=row.tag))
    assert (again.tag, again.entries) == (row.tag, None)
    desk.appointment(ada, desk.slots(1, start=NOON + DAY)[0])
    [later] = desk.run("calendar_feed", **feed(ada, known=row.tag))
    assert later.tag != row.tag
    assert later.entries


def test_calendar_feed_is_cut_where_it_grows_too_long(desk: Desk) -> None:
    ada = desk.account()
    for slot_id in desk.slots(4):
        desk.appointment(ada, slot_id)
    assert len(entries(desk, ada, most=3)) == 3


def test_calendar_feed_one_is_for_its_owner_and_its_staff(desk: Desk) -> None:
    ada, provider_id = desk.account(), desk.provider()
    booked = desk.appointment(ada, desk.slots(1, provider_id=provider_id)[0])
    for actor_id, staff_of, summary in (
        (ada, 0, "Clinic"),
        (0, provider_id, desk.one("SELECT username FROM account WHERE id = %s", ada)),
        (0, provider_id + 1, None),
        (desk.account(), 0, None),
    ):
        asked = {"appointment_id": booked, "actor_id": actor_id, "staff_of": staff_of}
        rows = desk.run("calendar_feed_one", **asked)
        assert [json.loads(row.entry)["summary"] for row in rows] == [summary][: bool(summary)]
