"""sql/queries/calendar/slot.sql"""

import json
from datetime import UTC, datetime
from typing import Any

import psycopg2.errors
import pytest

from tests.sql.desk import HOUR, NOON, Desk


def test_slot_create_answers_in_the_order_asked(desk: Desk) -> None:
    one, other = desk.provider(), desk.provider()
    hours = [3, 1, 2, 0]
    rows = desk.run(
        "slot_create",
        provider_id=[one, other, one, other],
        starts_at=[NOON + n * HOUR for n in hours],
        ends_at=[NOON + (n + 1) * HOUR for n in hours],
        capacity=[1, 2, 3, 4],
        per_person=[1] * 4,
        service_id=[None] * 4,
    )
    slots = [json.loads(row.body) for row in rows]
    assert [slot["provider_id"] for slot in slots] == [one, other, one, other]
    assert [slot["start_time"] for slot in slots] == ["15:00", "13:00", "14:00", "12:00"]
    assert [slot["remaining"] for slot in slots] == [1, 2, 3, 4]


def test_slot_create_shows_the_providers_wall_clock(desk: Desk) -> None:
    slot_id = desk.slot(provider_id=desk.provider("Dr Grey", "Asia/Kolkata"))
    slot = json.loads(desk.run("slot_get", slot_id=slot_id)[0].body)
    assert slot == {
        "id": slot_id,
        "start_time": "17:30",
        "end_time": "18:30",
        "provider": "Dr Grey",
        "provider_id": slot["provider_id"],
        "date": "2035-06-01",
        "starts_at": "2035-06-01T12:00:00+00:00",
        "ends_at": "2035-06-01T13:00:00+00:00",
        "time_zone": "Asia/Kolkata",
        "capacity": 1,
        "remaining": 1,
        "status": "free",
    }


def test_slot_create_refuses_all_when_one_overlaps(desk: Desk) -> None:
    provider_id = desk.provider()
    with pytest.raises(psycopg2.errors.ExclusionViolation, match="slot_no_overlap"):
        desk.run(
            "slot_create",
            provider_id=[provider_id] * 2,
            starts_at=[NOON, NOON + HOUR / 2],
            ends_at=[NOON + HOUR, NOON + HOUR],
            capacity=[1, 1],
            per_person=[1, 1],
            service_id=[None, None],
        )


def test_slot_create_makes_none_of_a_service_that_is_not_offered(desk: Desk) -> None:
    one, other = desk.provider(), desk.provider()
    service_id = desk.service(one)
    asked = {
        "provider_id": [one, other],
        "starts_at": [NOON, NOON],
        "ends_at": [NOON + HOUR, NOON + HOUR],
        "capacity": [1, 1],
        "per_person": [1, 1],
    }
    assert desk.run("slot_create", **asked, service_id=[service_id, service_id]) == []
    rows = desk.run("slot_create", **asked, service_id=[service_id, None])
    assert [json.loads(row.body).get("service") for row in rows] == [service_id, None]
    kept = desk.one("SELECT service_version FROM slot WHERE service_id = %s", service_id)
    assert kept == 1


def test_slot_unoffered_is_the_first_whose_provider_does_not_offer_it(desk: Desk) -> None:
    one, other = desk.provider(), desk.provider()
    living, retired = desk.service(one), desk.service(one)
    desk.send("service_retire", service_id=retired)

    def first(*wanted: tuple[int, int | None]) -> Any:
        asked = {"provider_id": [a for a, _ in wanted], "service_id": [b for _, b in wanted]}
        return desk.run("slot_unoffered", **asked)[0][0]

    assert first((one, living), (other, None)) is None
    assert first((one, living), (one, retired), (other, living)) == 1
    assert first((other, None), (one, 0)) == 1


def test_slot_overlapping_is_the_first_that_is_in_the_way(desk: Desk) -> None:
    one, other = desk.provider(), desk.provider()
    desk.slot(provider_id=one, start=NOON + 2 * HOUR)
    gone = desk.slot(provider_id=one, start=NOON)
    desk.one("UPDATE slot SET deleted_at = now() WHERE id = %s RETURNING id", gone)
    wanted = [(other, 2.5), (one, 0), (one, 1), (one, 2.5), (one, 1.5)]
    asked = {
        "provider_id": [provider for provider, _ in wanted],
        "starts_at": [NOON + hour * HOUR for _, hour in wanted],
        "ends_at": [NOON + (hour + 1) * HOUR for _, hour in wanted],
    }
    assert desk.run("slot_overlapping", **asked) == [(3,)]
    none = {name: column[:3] for name, column in asked.items()}
    assert desk.run("slot_overlapping", **none) == [(None,)]


def test_slot_publish_adds_what_is_missing_and_counts_it(desk: Desk) -> None:
    provider_id = desk.provider()
    desk.slot(provider_id=provider_id, start=NOON + HOUR)
    wanted: dict[str, Any] = {
        "provider_id": provider_id,
        "starts_at": [NOON + n * HOUR for n in range(4)],
        "ends_at": [NOON + (n + 1) * HOUR for n in range(4)],
        "capacity": 2,
    }
    assert desk.run("slot_publish", **wanted) == [(3,)]
    assert desk.run("slot_publish", **wanted) == [(0,)]


def test_slot_get_does_not_show_a_deleted_slot(desk: Desk) -> None:
    slot_id = desk.slot()
    assert desk.run("slot_get", slot_id=slot_id)[0].version == 1
    desk.change(slot_id, deleted=True)
    assert desk.run("slot_get", slot_id=slot_id) == []


def test_slot_count_tells_an_empty_calendar(desk: Desk) -> None:
    desk.slots(2)
    assert desk.run("slot_count") == [(1,)]
    desk.cursor.execute("TRUNCATE slot CASCADE")
    assert desk.run("slot_count") == [(0,)]


def test_slot_get_and_its_instants_are_in_utc(desk: Desk) -> None:
    start = datetime(2035, 1, 1, 0, 30, tzinfo=UTC)
    slot_id = desk.slot(start=start, provider_id=desk.provider("x", "America/New_York"))
    slot = json.loads(desk.run("slot_get", slot_id=slot_id)[0].body)
    assert (slot["date"], slot["start_time"]) == ("2034-12-31", "19:30")
    assert datetime.fromisoformat(slot["starts_at"]) == start


def test_slot_occupied_begins_with_the_slot_under_way(desk: Desk) -> None:
    provider_id = desk.provider()
    desk.slots(3, provider_id=provider_id)
    every = "SELECT starts_at, ends_at FROM slot WHERE provider_id = %s ORDER BY starts_at"
    desk.cursor.execute(every, [provider_id])
    first, second, third = desk.cursor.fetchall()
    asked = {"provider_id": provider_id, "to_at": third.starts_at, "limit": 10}
    half = first.starts_at + (first.ends_at - first.starts_at) / 2
    assert desk.run("slot_occupied", from_at=half, **asked) == [first, second]
    before = first.starts_at - (first.ends_at - first.starts_at)
    assert desk.run("slot_occupied", from_at=before, **asked | {"limit": 1}) == [first]
    assert desk.run("slot_occupied", from_at=half, **asked | {"provider_id": 0}) == []


def test_slot_occupied_forgets_deleted_slots(desk: Desk) -> None:
    provider_id = desk.provider()
    [slot_id] = desk.slots(1, provider_id=provider_id)
    desk.cursor.execute("UPDATE slot SET deleted_at = now() WHERE id = %s RETURNING *", [slot_id])
    one = desk.cursor.fetchone()
    asked = {"from_at": one.starts_at, "to_at": one.ends_at, "limit": 10}
    assert desk.run("slot_occupied", provider_id=provider_id, **asked) == []
