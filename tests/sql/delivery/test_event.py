"""sql/queries/delivery/event.sql"""

import json
import re
from typing import Any

import psycopg2
import pytest

from service.booking.actions import APPROVE, DECLINE, FULFILL, NOSHOW
from tests.sql.appointment.holds.test_waitlist import join
from tests.sql.delivery.told import numbered, seen
from tests.sql.desk import ALL, NINE, Desk


def test_event_number_gives_dense_ids_in_the_order_of_what_was_told(desk: Desk, ada: int) -> None:
    first, second = desk.slots(2)
    mine = desk.appointment(ada, first)
    desk.move((mine, first, second), who=ada)
    desk.end(mine, who=ada)
    events = numbered(desk)
    ids = [one.id for one in events]
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    assert [one.type for one in events] == [
        "provider.changed",
        "slot.created",
        "slot.created",
        "appointment.booked",
        "appointment.rescheduled",
        "appointment.cancelled",
    ]
    told = [json.loads(one.data) for one in events[3:]]
    assert [one["version"] for one in told] == [1, 2, 3]
    assert [one["slot"]["id"] for one in told] == [first, second, second]
    assert [one.get("from_slot", {}).get("id") for one in told] == [None, first, None]
    assert numbered(desk) == []


def test_event_number_takes_so_many_and_goes_on_with_the_rest(desk: Desk) -> None:
    desk.slots(5)  # of a provider, who is told, too
    assert [len(numbered(desk, most=4)) for _ in range(3)] == [4, 2, 0]


def test_event_number_passes_over_what_is_settled_unless_in_full(desk: Desk) -> None:
    [slot_id] = desk.slots(1)
    numbered(desk)
    desk.cursor.execute("UPDATE event_head SET settled = 1000000")
    desk.end(desk.appointment(desk.account(), slot_id), who=0, staff_of=ALL)
    assert numbered(desk) == []
    assert [one.type for one in numbered(desk, full=True)] == [
        "appointment.booked",
        "appointment.cancelled",
    ]


@pytest.mark.parametrize(("action", "kind"), [(NOSHOW, "noshow"), (FULFILL, "fulfilled")])
def test_event_number_tells_nobody_else_of_what_changes_no_slot(
    action: Any, kind: str, desk: Desk, ada: int, ben: int
) -> None:
    slot_id = desk.slot()
    mine = desk.appointment(ada, slot_id)
    desk.cursor.execute(
        "UPDATE slot SET starts_at = now() - interval '1 hour', ends_at = now() WHERE id = %s",
        [slot_id],
    )
    numbered(desk)
    desk.end(mine, who=ada, staff_of=ALL, action=action)
    [event] = numbered(desk)
    assert (event.type, event.slots) == (f"appointment.{kind}", None)
    after = event.id - 1
    assert seen(desk, ben, after_id=after) == []
    assert [kind for kind, _ in seen(desk, ada, after_id=after)] == [event.type]


def test_event_number_tells_of_holds_and_requests_by_what_becomes_of_them(
    desk: Desk, ada: int
) -> None:
    provider_id = desk.provider()
    service_id = desk.visit(provider_id, approval_minutes=60)
    held = desk.held(ada, desk.slot(provider_id=desk.provider()))
    numbered(desk)
    desk.confirm(held, who=ada)
    [row] = desk.take((ada, service_id, provider_id, NINE))
    asked = json.loads(row.body)["id"]
    desk.end(asked, who=ada, staff_of=ALL, action=APPROVE)
    [row] = desk.take((ada, service_id, provider_id, NINE.replace(hour=11)))
    desk.end(json.loads(row.body)["id"], who=ada, staff_of=ALL, action=DECLINE)
    assert [one.type for one in numbered(desk)] == [
        "appointment.booked",
        "appointment.requested",
        "appointment.approved",
        "appointment.requested",
        "appointment.declined",
    ]


def test_event_number_tells_of_what_has_run_out_and_was_offered(
    desk: Desk, ada: int, ben: int
) -> None:
    slot_id = desk.slot()
    held = desk.held(ada, slot_id)
    join(desk, ben, slot_id=slot_id)
    numbered(desk)
    desk.cursor.execute(
        "UPDATE appointment SET expires_at = now() - interval '1 second' WHERE id = %s", [held]
    )
    desk.cursor.execute("SELECT expire(ARRAY[%s::bigint])", [slot_id])
    expired, offered = numbered(desk)
    assert (expired.type, offered.type) == ("appointment.expired", "waitlist.offered")
    assert (expired.account_id, offered.account_id) == (ada, ben)
    assert json.loads(offered.data)["expires_at"]


def test_event_number_tells_a_move_to_both_calendars(desk: Desk, ada: int) -> None:
    here, there = desk.provider(), desk.provider()
    first, second = desk.slot(provider_id=here), desk.slot(provider_id=there)
    mine = desk.appointment(ada, first)
    numbered(desk)
    desk.move((mine, first, second), who=ada)
    [event] = numbered(desk)
    for staff_of in (here, there, ALL):
        assert [kind for kind, _ in seen(desk, 0, staff_of, after_id=event.id - 1)] == [event.type]
    [(kind, data)] = seen(desk, 0, desk.provider(), after_id=event.id - 1)
    assert kind == "slot.changed"
    assert [(one["id"], one["status"]) for one in data["slots"]] == [
        (second, "busy"),
        (first, "free"),
    ]


def test_event_number_tells_what_a_service_needs_besides(desk: Desk, ada: int) -> None:
    provider_id, room_id = desk.provider(), desk.provider()
    service_id = desk.visit(provider_id, needs={"room": [room_id]})
    desk.open(room_id)
    mine, _ = desk.taken(ada, service_id, provider_id, NINE)
    desk.end(mine, who=ada)
    booked, cancelled = numbered(desk)[-2:]
    for event, status in (booked, "deleted"), (cancelled, "deleted"):
        slots = json.loads(event.slots)
        assert [one["provider_id"] for one in slots] == [provider_id, room_id]
        assert {one["status"] for one in slots} == {status}  # as they are now


def test_event_number_leaves_nothing_of_a_transaction_that_was_undone(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    numbered(desk)
    desk.cursor.execute("SAVEPOINT before")
    desk.appointment(ada, slot_id)
    desk.cursor.execute("ROLLBACK TO before")
    desk.appointment(ada, slot_id)
    [event] = numbered(desk)
    assert event.id == desk.one("SELECT position FROM event_head")


def test_event_number_waits_for_whoever_is_at_it(desk: Desk, other: Desk) -> None:
    desk.cursor.execute("INSERT INTO outbox (type, subject_id) VALUES ('schedule.changed', 0)")
    desk.run("event_number", full=True, most=10)
    other.cursor.execute("INSERT INTO outbox (type, subject_id) VALUES ('schedule.changed', 0)")
    other.cursor.execute("SET LOCAL lock_timeout = '100ms'")
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        other.run("event_number", full=True, most=10)


def test_event_head_says_where_the_log_begins_and_ends(desk: Desk) -> None:
    desk.slots(3)
    numbered(desk)
    [head] = desk.run("event_head")
    assert head.position - head.first_id + 1 == desk.one("SELECT count(*) FROM event")
    desk.cursor.execute("DELETE FROM event")
    [emptied] = desk.run("event_head")
    assert emptied.first_id == emptied.position + 1 == head.position + 1


def test_event_page_shows_everybody_only_slots(desk: Desk, ada: int, ben: int) -> None:
    slot_id = desk.slot()
    numbered(desk)
    desk.appointment(ada, slot_id, notes="canary")
    [event] = numbered(desk)
    after = event.id - 1
    [(own, data)] = seen(desk, ada, after_id=after)
    assert (own, data["account_id"]) == ("appointment.booked", ada)
    for who in (ben, 0):
        [(kind, data)] = seen(desk, who, after_id=after)
        assert kind == "slot.changed"
        assert data.keys() == {"slots"}
        assert str(ada) not in json.dumps(data)
    assert "canary" not in event.data + event.slots


def test_event_page_shows_staff_what_concerns_all(desk: Desk) -> None:
    numbered(desk)
    after = desk.one("SELECT position FROM event_head")
    desk.cursor.execute("INSERT INTO outbox (type, subject_id) VALUES ('schedule.changed', 0)")
    desk.service(desk.provider())
    desk.cursor.execute("INSERT INTO outbox (type, subject_id) VALUES ('account.erased', 7)")
    numbered(desk)
    kinds = ["schedule.changed", "provider.changed", "service.changed", "account.erased"]
    assert [kind for kind, _ in seen(desk, 0, ALL, after_id=after)] == kinds
    elsewhere = seen(desk, 0, desk.provider(), after_id=after)
    assert [kind for kind, _ in elsewhere] == ["schedule.changed", "service.changed"]
    assert seen(desk, desk.account(), after_id=after) == []


def test_event_page_looks_at_so_many_and_says_how_far_it_came(desk: Desk, ada: int) -> None:
    desk.slots(3)
    numbered(desk)
    [head] = desk.run("event_head")
    asked = {"account_id": ada, "staff_of": 0, "types": ["appointment.booked"], "limit": 10}
    [row] = desk.run("event_page", after_id=head.position - 3, most_looks=2, **asked)
    assert (row.body, row.last_id) == ("[]", head.position - 1)
    [row] = desk.run("event_page", after_id=head.position, most_looks=2, **asked)
    assert (row.body, row.last_id) == ("[]", None)


def test_event_page_goes_on_behind_the_last_that_it_shows(desk: Desk) -> None:
    desk.slots(3)
    numbered(desk)
    [head] = desk.run("event_head")
    asked = {"account_id": 0, "staff_of": ALL, "types": [], "most_looks": 100}
    [row] = desk.run("event_page", after_id=head.position - 3, limit=2, **asked)
    assert row.last_id == head.position - 1
    assert [one["id"] for one in json.loads(row.body)] == [head.position - 2, head.position - 1]


def test_event_after_has_events_as_they_are(desk: Desk) -> None:
    desk.slots(2)
    events = numbered(desk)
    [first] = desk.run("event_after", after_id=events[0].id - 1, limit=1)
    assert first == events[0]
    assert re.fullmatch(r'"[-0-9]+T[.:0-9]+\+00:00"', first.at)  # as it is in JSON


def test_event_backlog_says_how_much_waits(desk: Desk) -> None:
    numbered(desk, full=True)
    desk.slots(3)
    [row] = desk.run("event_backlog", most=2)
    assert (row.count, row.seconds >= 0) == (2, True)


def test_event_forget_takes_the_oldest_in_their_order(desk: Desk) -> None:
    desk.slots(5)
    first, *_, last = numbered(desk)
    desk.cursor.execute("DELETE FROM event WHERE id < %s", [first.id])
    desk.cursor.execute(
        "UPDATE event SET at = now() - interval '91 days' WHERE id <> %s", [first.id + 2]
    )
    desk.send("event_forget", kept="90 days", most=1)
    desk.send("event_forget", kept="90 days", most=100)
    left = desk.run("event_after", after_id=0, limit=100)
    assert [one.id for one in left] == list(range(first.id + 2, last.id + 1))


def test_event_renew_gives_the_log_another_name(desk: Desk) -> None:
    [before] = desk.run("event_head")
    desk.send("event_renew")
    [after] = desk.run("event_head")
    assert after.log != before.log
    assert after.position == before.position
