"""sql/queries/calendar/opening.sql"""

from datetime import date, timedelta
from typing import Any

from tests.sql.calendar.test_schedule import made, service
from tests.sql.desk import HOUR, NOON, Desk


def replace(desk: Desk, provider_id: int, *starts: int, **more: Any) -> int:
    """Openings of an hour, so many hours after noon; the version of the calendar afterwards."""
    at = [NOON + n * HOUR for n in starts]
    given = {"since": NOON, "opened_until": date(2035, 6, 30), "zone_data": "2026b", "raised": 1}
    [(version,)] = desk.run(
        "opening_replace",
        provider_id=provider_id,
        day=[one.date() for one in at],
        starts_at=at,
        stops_at=[one + HOUR for one in at],
        ends_at=[one + HOUR for one in at],
        anchor_at=at,
        services=["{1,2}", *[None] * (len(at) - 1)] if at else [],
        **(given | more),
    )
    return int(version)


def starts(desk: Desk, provider_id: int) -> list[int]:
    """How many hours after noon each opening of a provider starts."""
    desk.cursor.execute(
        "SELECT extract(epoch FROM starts_at - %s) / 3600 FROM opening WHERE provider_id = %s"
        " ORDER BY starts_at",
        (NOON, provider_id),
    )
    return [int(hours) for (hours,) in desk.cursor.fetchall()]


def test_opening_replace_leaves_what_is_over_and_what_is_anothers(desk: Desk) -> None:
    one, two = desk.provider(), desk.provider()
    for provider_id in (one, two):
        replace(desk, provider_id, 0, 2, 4, since=NOON - HOUR)
    assert replace(desk, one, 3) == 3
    assert starts(desk, one) == [0, 3]
    assert starts(desk, two) == [0, 2, 4]
    assert replace(desk, one) == 4
    assert starts(desk, one) == [0]


def test_opening_replace_keeps_for_which_services_each_is(desk: Desk) -> None:
    one = desk.provider()
    replace(desk, one, 1, 2)
    found = "SELECT array_agg(service_ids::text ORDER BY starts_at) FROM opening" + (
        " WHERE provider_id = %s"
    )
    assert desk.one(found, one) == ["{1,2}", None]


def test_opening_replace_notes_how_far_and_with_which_zones(desk: Desk) -> None:
    one = desk.provider()
    assert replace(desk, one, 1, raised=0) == 1
    noted = "SELECT opened_until || ' ' || zone_data FROM provider WHERE id = %s"
    assert desk.one(noted, one) == "2035-06-30 2026b"


def behind(desk: Desk, provider_id: int, zone_data: str = "2026b") -> list[Any]:
    return desk.run(
        "opening_behind", zone_data=zone_data, spare_days=7, after_id=provider_id - 1, limit=1
    )


def test_opening_behind_is_who_does_not_reach_beyond_the_horizon(desk: Desk) -> None:
    service(desk, 90)
    today = desk.one("SELECT (now() AT TIME ZONE 'UTC')::date")
    horizon = desk.one("SELECT furthest_horizon()")
    one = desk.provider()
    assert behind(desk, one) == [], "it has no hours"
    replace(desk, one, 1, opened_until=today + timedelta(days=horizon + 7))
    assert behind(desk, one) == []
    replace(desk, one, 1, opened_until=today + timedelta(days=horizon + 6))
    assert behind(desk, one) == [(one, False)]


def test_opening_behind_is_whose_openings_were_made_with_older_zones(desk: Desk) -> None:
    one = desk.provider()
    replace(desk, one, 1)
    assert behind(desk, one, "2026a") == [], "a process of before leaves it as it is"
    assert behind(desk, one, "2026c") == [(one, True)]


def test_opening_least_is_the_fewest_days_of_those_with_hours(desk: Desk) -> None:
    [(before,)] = desk.run("opening_least")
    one = desk.provider()
    assert desk.run("opening_least") == [(before,)]
    today = desk.one("SELECT (now() AT TIME ZONE 'UTC')::date")
    replace(desk, one, 1, opened_until=today - timedelta(days=400))
    assert desk.run("opening_least") == [(-400,)]


def promised(desk: Desk, slot_id: int, reading: str) -> None:
    desk.cursor.execute("UPDATE slot SET wall_at = %s WHERE id = %s", (reading, slot_id))


def off(desk: Desk, provider_id: int) -> int:
    [(found, slots)] = desk.run("opening_off_wall", after_id=provider_id - 1, limit=1)
    assert found == provider_id
    return int(slots)


def test_opening_off_wall_counts_coming_slots_at_another_reading(desk: Desk) -> None:
    one = desk.provider("Clinic", "Europe/Berlin")
    first, second, published = desk.slots(3, provider_id=one)
    for slot_id, reading in ((first, "2035-06-01 14:00"), (second, "2035-06-01 15:00")):
        made(desk, slot_id)
        promised(desk, slot_id, reading)
    assert off(desk, one) == 0
    promised(desk, second, "2035-06-01 14:30")
    assert off(desk, one) == 1
    desk.cursor.execute("UPDATE slot SET deleted_at = now() WHERE id = %s", (second,))
    assert off(desk, one) == 0
    assert published


def test_opening_promise_anew_is_what_the_wall_shows_now(desk: Desk) -> None:
    one = desk.provider("Clinic", "Europe/Berlin")
    taken, published = desk.slots(2, provider_id=one)
    made(desk, taken)
    promised(desk, taken, "2035-06-01 08:00")
    desk.send("opening_promise_anew", provider_id=one)
    kept = "SELECT wall_at::text FROM slot WHERE id = %s"
    assert desk.one(kept, taken) == "2035-06-01 14:00:00"
    assert desk.one(kept, published) is None
