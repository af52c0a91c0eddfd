"""sql/queries/calendar/closure.sql"""

import json
from typing import Any

from tests.sql.calendar.test_schedule import made
from tests.sql.desk import ALL, HOUR, NOON, Desk


def close(desk: Desk, provider_id: int, **more: Any) -> int:
    """A closure of the days of June 1 and 2, unless told otherwise."""
    given = {"from_day": "2035-06-01", "until_day": "2035-06-02", "starts_at": None,
             "ends_at": None, "reason": "Fair", "actor_id": 0}  # fmt: skip
    [row] = desk.run("closure_create", provider_id=provider_id, **(given | more))
    return int(row.id)


def version(desk: Desk, provider_id: int) -> int:
    return int(desk.one("SELECT calendar_version FROM provider WHERE id = %s", provider_id))


def test_closure_lock_counts_whom_it_takes(desk: Desk) -> None:
    one = desk.provider()
    assert desk.run("closure_lock", provider_id=one) == [(1,)]
    assert desk.run("closure_lock", provider_id=-1) == [(0,)]
    everybody = desk.one("SELECT count(*) FROM provider")
    assert desk.run("closure_lock", provider_id=0) == [(everybody,)]


def test_closure_create_raises_the_version_of_whom_it_closes(desk: Desk) -> None:
    one, two = desk.provider(), desk.provider()
    close(desk, one)
    assert (version(desk, one), version(desk, two)) == (2, 1)
    close(desk, 0)
    assert (version(desk, one), version(desk, two)) == (3, 2)


def test_closure_create_by_days_can_be_found_by_instants_of_any_zone(desk: Desk) -> None:
    closure_id = close(desk, desk.provider("Clinic", "Pacific/Kiritimati"))
    around = "SELECT starts_at <= %s AND ends_at >= %s FROM closure WHERE id = %s"
    first = desk.one("SELECT '2035-06-01'::timestamp AT TIME ZONE 'Pacific/Kiritimati'")
    last = desk.one("SELECT '2035-06-03'::timestamp AT TIME ZONE 'Etc/GMT+12'")
    assert desk.one(around, first, last, closure_id)


def test_closure_get_shows_what_is_of_everybody_or_of_whom_the_actor_keeps(desk: Desk) -> None:
    one, two = desk.provider(), desk.provider()
    closure_id, of_all = close(desk, one), close(desk, 0)
    for staff_of, seen in ((one, True), (two, False), (0, False), (ALL, True)):
        found = desk.run("closure_get", closure_id=closure_id, staff_of=staff_of)
        assert bool(found) == seen
        assert desk.run("closure_get", closure_id=of_all, staff_of=staff_of)
    [row] = desk.run("closure_get", closure_id=closure_id, staff_of=one)
    assert json.loads(row.body) == {
        "id": closure_id,
        "provider": one,
        "from": "2035-06-01",
        "to": "2035-06-02",
        "starts_at": None,
        "ends_at": None,
        "reason": "Fair",
    }


def test_closure_list_has_what_has_not_ended(desk: Desk) -> None:
    one, two = desk.provider(), desk.provider()
    ids = [close(desk, one), close(desk, two), close(desk, 0)]
    old = close(desk, one, from_day="2024-06-01", until_day="2024-06-02")
    page = {"after_id": ids[0] - 1, "limit": 10}

    def listed(staff_of: int, *provider_ids: int) -> list[int]:
        asked = page | {"provider_ids": list(provider_ids)}
        found = desk.run("closure_list", staff_of=staff_of, **asked)
        return [row.id for row in found]

    assert listed(ALL) == ids
    assert old not in listed(ALL)
    assert listed(ALL, two) == ids[1:]
    assert listed(ALL, one, two) == ids
    assert listed(one) == [ids[0], ids[2]]
    assert listed(one, two) == [ids[2]]


def test_closure_delete_opens_again_and_raises_the_version(desk: Desk) -> None:
    one = desk.provider()
    closure_id = close(desk, one)
    desk.send("closure_delete", closure_id=closure_id, provider_id=one)
    assert desk.run("closure_get", closure_id=closure_id, staff_of=ALL) == []
    assert version(desk, one) == 3


def conflicts(desk: Desk, closure_id: int) -> list[int]:
    [row] = desk.run("closure_conflicts", closure_id=closure_id, most=10)
    told = json.loads(row.conflicts)
    assert row.total == len(told)
    return [one["appointment_id"] for one in told]


def test_closure_conflicts_are_half_open(desk: Desk, ada: int) -> None:
    one = desk.provider()
    ids = [desk.appointment(ada, slot_id) for slot_id in desk.slots(4, provider_id=one)]
    times = {"from_day": None, "until_day": None}
    times |= {"starts_at": NOON + HOUR, "ends_at": NOON + 3 * HOUR}
    assert conflicts(desk, close(desk, one, **times)) == ids[1:3]
    assert conflicts(desk, close(desk, 0, **times)) == ids[1:3]
    assert conflicts(desk, close(desk, desk.provider(), **times)) == []


def test_closure_conflicts_are_of_the_days_of_each_ones_zone(desk: Desk, ada: int) -> None:
    tokyo, london = desk.provider("One", "Asia/Tokyo"), desk.provider("Two", "Europe/London")
    at = NOON.replace(hour=16)  # the second of June in Tokyo
    ids = [desk.appointment(ada, desk.slot(provider_id=one, start=at)) for one in (tokyo, london)]
    day = {"from_day": "2035-06-01", "until_day": "2035-06-01"}
    found = conflicts(desk, close(desk, 0, **day))  # of everybody's calendar
    assert [one for one in found if one in ids] == ids[1:]


def test_closure_conflicts_have_what_began_long_before(desk: Desk, ada: int) -> None:
    one = desk.provider()
    [long, short] = desk.slots(2, provider_id=one)
    desk.cursor.execute(
        "UPDATE slot SET starts_at = starts_at - interval '90 days' WHERE id = %s", (long,)
    )
    ids = [desk.appointment(ada, slot_id) for slot_id in (long, short)]
    times = {"from_day": None, "until_day": None}
    times |= {"starts_at": NOON + HOUR / 2, "ends_at": NOON + HOUR}
    assert conflicts(desk, close(desk, one, **times)) == ids[:1]


def test_closure_conflicts_leave_out_what_was_meant_to_be_there(desk: Desk, ada: int) -> None:
    one = desk.provider()
    slot_id = desk.slot(provider_id=one)
    appointment_id = desk.appointment(ada, slot_id)
    closure_id = close(desk, one)
    assert conflicts(desk, closure_id) == [appointment_id]
    made(desk, slot_id, overrides="{closed}")
    assert conflicts(desk, closure_id) == []
