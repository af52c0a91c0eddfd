"""sql/queries/invariants.sql: the query that ends other tests sees each kind of damage."""

import pytest

from tests.sql.delivery.told import numbered
from tests.sql.desk import HOUR, NOON, Desk
from tests.sql.samples_delivery import source


def broken(desk: Desk) -> list[tuple[str, int]]:
    return [tuple(row) for row in desk.run("invariants_broken")]


def test_invariants_broken_is_empty_after_honest_work(desk: Desk, ada: int) -> None:
    home, target = desk.slots(2)
    one = desk.appointment(ada, home)
    desk.move((one, home, target), who=ada)
    desk.end(one, who=ada)
    desk.change(home, deleted=True)
    assert broken(desk) == []


@pytest.mark.parametrize("booked", [0, 2])
def test_invariants_broken_sees_a_counter_that_drifted(booked: int, desk: Desk, ada: int) -> None:
    slot_id = desk.slot(capacity=2)
    desk.appointment(ada, slot_id)
    desk.cursor.execute("UPDATE slot SET booked = %s WHERE id = %s", [booked, slot_id])
    assert broken(desk) == [("slot.booked differs from its appointments", slot_id)]


def test_invariants_broken_sees_too_many_appointments(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    one = desk.appointment(ada, slot_id)
    desk.cursor.execute("UPDATE appointment SET place = 2 WHERE id = %s", [one])
    assert broken(desk) == [("more appointments than places", slot_id)]


def test_invariants_broken_sees_overlapping_slots(desk: Desk) -> None:
    provider_id = desk.provider()
    desk.slots(3, provider_id=provider_id)
    desk.cursor.execute("ALTER TABLE slot DROP CONSTRAINT slot_no_overlap")
    intruder = desk.slot(provider_id=provider_id, start=NOON + 2.5 * HOUR)
    assert broken(desk) == [("two slots of one provider overlap", intruder)]


def test_invariants_broken_sees_overlapping_openings(desk: Desk) -> None:
    provider_id = desk.provider()
    for start in (0, 1, 2.5):
        at = NOON + start * HOUR
        desk.cursor.execute(
            "INSERT INTO opening (provider_id, day, starts_at, stops_at, ends_at, anchor_at)"
            " VALUES (%s, '2035-06-01', %s, %s, %s, %s)",
            [provider_id, at, at + HOUR, at + HOUR, at],
        )
    assert broken(desk) == []
    desk.cursor.execute(
        "UPDATE opening SET stops_at = stops_at + interval '40 minutes', ends_at = ends_at"
        " + interval '40 minutes' WHERE provider_id = %s AND starts_at = %s",
        [provider_id, NOON + HOUR],
    )
    assert broken(desk) == [("two openings of one provider overlap", provider_id)]


def test_invariants_broken_sees_an_appointment_in_a_deleted_slot(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    desk.appointment(ada, slot_id)
    desk.cursor.execute("UPDATE slot SET deleted_at = now() WHERE id = %s", [slot_id])
    assert broken(desk) == [("an appointment in a deleted slot", slot_id)]


@pytest.mark.parametrize("change", ["slot_id = %(other)s", "status = 'noshow'"])
def test_invariants_broken_sees_a_change_without_history(change: str, desk: Desk, ada: int) -> None:
    home, other = desk.slots(2)
    one = desk.appointment(ada, home)
    desk.cursor.execute("UPDATE slot SET booked = 1 - booked WHERE id = %s", [other])
    desk.cursor.execute(
        f"UPDATE appointment SET {change} WHERE id = %(one)s", {"one": one, "other": other}
    )
    assert ("appointment is not where its history says", one) in broken(desk)


def test_invariants_broken_sees_a_version_that_drifted(desk: Desk, ada: int) -> None:
    one = desk.appointment(ada, desk.slot())
    desk.cursor.execute("UPDATE appointment SET version = 2 WHERE id = %s", [one])
    assert broken(desk) == [("version differs from the number of changes", one)]


def test_invariants_broken_sees_a_step_missing_in_a_history(desk: Desk, ada: int) -> None:
    a, b, c = desk.slots(3)
    one = desk.appointment(ada, a)
    desk.move((one, a, b), who=ada)
    desk.move((one, b, c), who=ada)
    desk.cursor.execute(
        "UPDATE appointment_history SET from_slot_id = %s"
        " WHERE appointment_id = %s AND to_slot_id = %s",
        [a, one, c],
    )
    assert broken(desk) == [("history does not begin where it left off", one)]


def test_invariants_broken_sees_a_gap_in_the_log_of_events(desk: Desk) -> None:
    desk.slots(3)
    *_, before, last = numbered(desk)
    assert broken(desk) == []
    desk.cursor.execute("DELETE FROM event WHERE id = %s", [before.id])
    assert broken(desk) == [("an event is missing before this one", last.id)]


def test_invariants_broken_sees_a_log_that_ends_elsewhere(desk: Desk) -> None:
    desk.slots(1)
    *_, last = numbered(desk)
    desk.cursor.execute("UPDATE event_head SET position = position + 1")
    assert broken(desk) == [("the log does not end with its last event", last.id + 1)]


@pytest.mark.parametrize("shut", [False, True])
def test_invariants_broken_sees_a_slot_that_no_calendar_shuts_or_one_should(
    shut: bool, desk: Desk
) -> None:
    provider_id = desk.provider()
    slot_id = desk.slot(provider_id=provider_id)
    if shut:
        [made] = desk.run("calendar_source_create", **source(provider_id))
        busy = {"source_id": made.id, "starts_at": [NOON], "ends_at": [NOON + HOUR]}
        desk.run("calendar_source_replace", **busy)
    else:
        desk.cursor.execute("UPDATE slot SET blocked_at = now() WHERE id = %s", [slot_id])
    broken_promise = "a slot is shut by no calendar, or one does not shut it"
    assert broken(desk) == [(broken_promise, slot_id)]
    desk.send("calendar_source_block", provider_id=provider_id)
    assert broken(desk) == []
