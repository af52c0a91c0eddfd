"""sql/queries/calendar/schedule.sql"""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.sql.desk import HOUR, NOON, Desk

HOURS = {"opens": "11:00", "closes": "18:00", "service_ids": None}
RULE = {"n": 0, "weekdays": [1, 5], "from_day": "2035-01-01", "until_day": None} | HOURS
SHUT = {"day": "2035-06-02", "n": 0, "reason": "Fair", "opens": None, "closes": None,
        "service_ids": None}  # fmt: skip


def write(desk: Desk, provider_id: int, rules: list[Any], days: list[Any]) -> None:
    wanted = {"rules": json.dumps(rules), "days": json.dumps(days)}
    desk.send("schedule_replace", provider_id=provider_id, **wanted)


def service(desk: Desk, horizon_days: int = 90) -> int:
    text = (
        "INSERT INTO service (name, duration_minutes, step_minutes, horizon_days)"
        " VALUES ('Visit', 60, 60, %s) RETURNING id"
    )
    return int(desk.one(text, horizon_days))


def opened(desk: Desk, provider_id: int, until: str, *, hours: int = 8, services: str = "") -> None:
    """Open from noon on for some hours."""
    desk.run(
        "opening_replace",
        provider_id=provider_id,
        day=[NOON.date()],
        starts_at=[NOON],
        stops_at=[NOON + hours * HOUR],
        ends_at=[NOON + hours * HOUR],
        anchor_at=[NOON],
        services=[services or None],
        since=NOON - 48 * HOUR,
        opened_until=until,
        zone_data="2026a",
        raised=0,
    )


def made(desk: Desk, slot_id: int, service_id: int | None = None, overrides: Any = None) -> None:
    """Let a slot be one that was made from a time."""
    desk.cursor.execute(
        "UPDATE slot SET blocks_from = starts_at, blocks_until = ends_at, service_id = %s,"
        " overrides = %s::text[] WHERE id = %s",
        (service_id, overrides, slot_id),
    )
    desk.cursor.execute(
        "UPDATE appointment_history SET overrides = %s::text[] WHERE to_slot_id = %s",
        (overrides, slot_id),
    )


def conflicts(desk: Desk, provider_id: int, most: int = 10) -> list[tuple[int, str]]:
    [row] = desk.run("schedule_conflicts", provider_id=provider_id, most=most)
    told = json.loads(row.conflicts)
    assert row.total >= len(told)
    return [(one["appointment_id"], one["reason"]) for one in told]


def test_schedule_lock_finds_the_provider(desk: Desk) -> None:
    one = desk.provider()
    assert [row.id for row in desk.run("schedule_lock", provider_id=one)] == [one]
    assert desk.run("schedule_lock", provider_id=0) == []


def test_schedule_get_shows_what_schedule_replace_wrote(desk: Desk) -> None:
    one = desk.provider()
    [row] = desk.run("schedule_get", provider_id=one)
    assert (row.rules, row.days, row.version, row.opened_until) == ("[]", "[]", 1, None)
    write(desk, one, [RULE], [SHUT])
    [row] = desk.run("schedule_get", provider_id=one)
    times = {"opens": "11:00:00", "closes": "18:00:00"}
    assert json.loads(row.rules) == [{"provider_id": one, **RULE, **times}]
    assert json.loads(row.days) == [{"provider_id": one, **SHUT}]
    assert desk.run("schedule_get", provider_id=0) == []


def test_schedule_get_says_how_far_ahead_anything_can_be_booked(desk: Desk) -> None:
    one = desk.provider()
    service(desk, 729)
    [row] = desk.run("schedule_get", provider_id=one)
    assert row.horizon_days == 729
    desk.cursor.execute("UPDATE service SET retired_at = now() WHERE horizon_days = 729")
    [row] = desk.run("schedule_get", provider_id=one)
    assert row.horizon_days < 729


def test_schedule_replace_leaves_nothing_of_before_and_others_alone(desk: Desk) -> None:
    one, two = desk.provider(), desk.provider()
    for provider_id in (one, two):
        write(desk, provider_id, [RULE], [SHUT])
    write(desk, one, [], [])
    [row] = desk.run("schedule_get", provider_id=one)
    assert (row.rules, row.days) == ("[]", "[]")
    [row] = desk.run("schedule_get", provider_id=two)
    assert row.rules != "[]" != row.days


def test_schedule_unknown_service_is_the_first_that_is_none(desk: Desk) -> None:
    known = service(desk)
    found = desk.run("schedule_unknown_service", service_ids=[known, known + 7, known + 5])
    assert found == [(known + 5,)]
    assert desk.run("schedule_unknown_service", service_ids=[known]) == [(None,)]


def test_schedule_conflicts_are_the_made_ones_that_no_opening_holds(desk: Desk, ada: int) -> None:
    one = desk.provider()
    first, second, third, published = desk.slots(4, provider_id=one)
    ids = [desk.appointment(ada, slot_id) for slot_id in (first, second, third, published)]
    for slot_id in (first, second, third):
        made(desk, slot_id)
    opened(desk, one, "2035-06-30", hours=2)
    assert conflicts(desk, one) == [(ids[2], "hours")]
    opened(desk, one, "2035-06-30", hours=1)
    assert conflicts(desk, one) == [(ids[1], "hours"), (ids[2], "hours")]
    assert conflicts(desk, one, most=1) == [(ids[1], "hours")]


def test_schedule_conflicts_are_not_told_beyond_what_is_open(desk: Desk, ada: int) -> None:
    one = desk.provider()
    slot_id = desk.slot(provider_id=one)
    late = desk.appointment(ada, slot_id)
    made(desk, slot_id)
    for until, told in (("2035-05-31", []), ("2035-06-01", [(late, "hours")])):
        desk.cursor.execute("DELETE FROM opening WHERE provider_id = %s", (one,))
        desk.cursor.execute("UPDATE provider SET opened_until = %s WHERE id = %s", (until, one))
        assert conflicts(desk, one) == told


def test_schedule_conflicts_look_at_whom_an_opening_is_for(desk: Desk, ada: int) -> None:
    one, ours, another = desk.provider(), service(desk), service(desk)
    slot_id = desk.slot(provider_id=one)
    late = desk.appointment(ada, slot_id)
    made(desk, slot_id, ours)
    opened(desk, one, "2035-06-30", services=f"{{{ours}}}")
    assert conflicts(desk, one) == []
    opened(desk, one, "2035-06-30", services=f"{{{another}}}")
    assert conflicts(desk, one) == [(late, "hours")]


@pytest.mark.parametrize(
    ("overrides", "told"), [("{closed}", 0), ("{closed,overlap}", 0), ("{overlap}", 1), (None, 1)]
)
def test_schedule_conflicts_leave_out_what_was_meant_to_be_outside(
    desk: Desk, ada: int, overrides: str | None, told: int
) -> None:
    one = desk.provider()
    slot_id = desk.slot(provider_id=one)
    desk.appointment(ada, slot_id)
    made(desk, slot_id, overrides=overrides)
    opened(desk, one, "2035-06-30", hours=1)
    desk.cursor.execute("DELETE FROM opening WHERE provider_id = %s", (one,))
    assert len(conflicts(desk, one)) == told


def test_schedule_conflicts_are_coming_and_alive(desk: Desk, ada: int) -> None:
    one = desk.provider()
    gone, begun, deleted = desk.slots(3, provider_id=one)
    for slot_id in (gone, begun):
        desk.appointment(ada, slot_id)
    for slot_id in (gone, begun, deleted):
        made(desk, slot_id)
    desk.cursor.execute("UPDATE provider SET opened_until = '2035-06-30' WHERE id = %s", (one,))
    assert len(conflicts(desk, one)) == 2
    desk.cursor.execute(
        "UPDATE slot SET starts_at = now() - interval '1 hour', ends_at = now(),"
        " blocks_from = NULL, blocks_until = NULL WHERE id = %s",
        (begun,),
    )
    desk.cursor.execute("UPDATE appointment SET status = 'cancelled' WHERE slot_id = %s", (gone,))
    assert conflicts(desk, one) == []


def test_schedule_conflicts_are_told_of_closures_too(desk: Desk, ada: int) -> None:
    one = desk.provider()
    inside, outside = desk.slots(2, provider_id=one)
    published = desk.appointment(ada, inside)
    desk.appointment(ada, outside)
    desk.run(
        "closure_create",
        provider_id=one,
        from_day=None,
        until_day=None,
        starts_at=NOON - timedelta(days=1),
        ends_at=NOON + HOUR,
        reason="",
        actor_id=0,
    )
    assert conflicts(desk, one) == [(published, "closure")]
