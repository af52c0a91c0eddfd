"""sql/queries/delivery/calendar_source.sql"""

import json
from datetime import datetime, timedelta
from typing import Any

from tests.sql.desk import DAY, HOUR, NINE, Desk
from tests.sql.samples_delivery import source


def made(desk: Desk, provider_id: int, **more: Any) -> int:
    [row] = desk.run("calendar_source_create", **source(provider_id, **more))
    assert row.verdict == "made"
    return int(row.id)


def says(desk: Desk, source_id: int, *begins: datetime, hours: int = 1) -> Any:
    ends = [begin + hours * HOUR for begin in begins]
    [row] = desk.run(
        "calendar_source_replace", source_id=source_id, starts_at=list(begins), ends_at=ends
    )
    return row


def shown(desk: Desk, provider_id: int) -> list[Any]:
    rows = desk.run("calendar_source_list", provider_id=provider_id, most=10)
    return [json.loads(row.body) for row in rows]


def claimed(desk: Desk) -> list[int]:
    return [row.id for row in desk.run("calendar_source_claim", pause=900)]


def test_calendar_source_create_makes_as_many_as_a_provider_may_have(desk: Desk) -> None:
    one, two = desk.provider(), desk.provider()
    made(desk, one, most=1)
    again = desk.run("calendar_source_create", **source(one, most=1))
    assert again == [("limit_reached", None, None)]
    made(desk, two, most=1)
    assert desk.run("calendar_source_create", **source(-1)) == [("no_provider", None, None)]


def test_calendar_source_list_shows_no_address(desk: Desk) -> None:
    provider_id = desk.provider()
    source_id = made(desk, provider_id)
    says(desk, source_id, NINE, NINE + DAY)
    [one] = shown(desk, provider_id)
    assert (one["id"], one["host"], one["events"]) == (source_id, "example.org", 2)
    assert one["status"] == "waiting"
    assert "secret" not in json.dumps(one)
    assert shown(desk, desk.provider()) == []


def test_calendar_source_refresh_is_for_now_or_a_minute_after_the_last_time(desk: Desk) -> None:
    provider_id = desk.provider()
    source_id = made(desk, provider_id)
    wanted = {"source_id": source_id, "provider_id": provider_id}
    soon = "SELECT extract(epoch FROM next_at - now()) FROM calendar_source WHERE id = %s"
    for tried, seconds in (("NULL", 0), ("now() - interval '1 hour'", 0), ("now()", 60)):
        desk.cursor.execute(
            f"UPDATE calendar_source SET next_at = now() + interval '10 minutes',"
            f" tried_at = {tried} WHERE id = %s",
            [source_id],
        )
        [row] = desk.run("calendar_source_refresh", **wanted)
        assert json.loads(row.body)["id"] == source_id
        assert desk.one(soon, source_id) == seconds, tried
    assert desk.run("calendar_source_refresh", **wanted | {"provider_id": desk.provider()}) == []


def test_calendar_source_delete_is_of_that_provider(desk: Desk) -> None:
    provider_id = desk.provider()
    source_id = made(desk, provider_id)
    for whose, left in ((desk.provider(), 1), (provider_id, 0)):
        desk.send("calendar_source_delete", source_id=source_id, provider_id=whose)
        assert len(shown(desk, provider_id)) == left


def test_calendar_source_claim_takes_the_one_that_has_been_due_longest(desk: Desk) -> None:
    desk.cursor.execute("UPDATE calendar_source SET next_at = 'infinity'")
    one, two = made(desk, desk.provider()), made(desk, desk.provider("Clinic", "Europe/Berlin"))
    for source_id, seconds in ((one, 10), (two, 20)):
        desk.cursor.execute(
            "UPDATE calendar_source SET next_at = now() - %s WHERE id = %s",
            [timedelta(seconds=seconds), source_id],
        )
    [first] = desk.run("calendar_source_claim", pause=900)
    assert (first.id, first.zone, first.stale, first.events) == (two, "Europe/Berlin", True, 0)
    assert claimed(desk) == [one]
    assert claimed(desk) == []
    minutes = desk.one(
        "SELECT extract(epoch FROM next_at - now()) / 60 FROM calendar_source WHERE id = %s", one
    )
    assert minutes == 15


def test_calendar_source_told_says_how_it_is(desk: Desk) -> None:
    provider_id = desk.provider()
    source_id = made(desk, provider_id)

    def status() -> tuple[str, str | None]:
        [one] = shown(desk, provider_id)
        return one["status"], one["error"]

    told = {"source_id": source_id, "etag": '"1"', "modified": None, "digest": "x", "error": None}
    desk.send("calendar_source_told", **told)
    assert status() == ("ok", None)
    desk.send("calendar_source_failed", source_id=source_id, error="Gone.", doubted=True)
    assert status() == ("failing", "Gone.")
    assert desk.one("SELECT doubted_at = now() FROM calendar_source WHERE id = %s", source_id)
    desk.send("calendar_source_told", **told | {"digest": None})
    assert status() == ("ok", None)
    assert desk.one("SELECT digest FROM calendar_source WHERE id = %s", source_id) == "x"
    desk.send("calendar_source_told", **told | {"error": "Two can't be read."})
    desk.send("calendar_source_told", **told | {"digest": None})
    assert status() == ("ok", "Two can't be read.")  # nothing has changed


def test_calendar_source_failed_counts(desk: Desk) -> None:
    source_id = made(desk, desk.provider())
    for _ in range(2):
        desk.send("calendar_source_failed", source_id=source_id, error="Gone.", doubted=False)
    assert desk.one("SELECT failures FROM calendar_source WHERE id = %s", source_id) == 2


def test_calendar_source_lock_says_whose_it_is(desk: Desk) -> None:
    provider_id = desk.provider()
    source_id = made(desk, provider_id)
    assert desk.run("calendar_source_lock", source_id=source_id) == [(provider_id,)]
    assert desk.run("calendar_source_lock", source_id=0) == []


def test_calendar_source_replace_closes_exactly_what_is_said_now(desk: Desk) -> None:
    provider_id = desk.provider()
    source_id, other = made(desk, provider_id), made(desk, provider_id)
    says(desk, other, NINE)
    first = says(desk, source_id, NINE, NINE + DAY, NINE)
    assert (first.come, first.gone, first.freed_from) == (2, 0, None)
    again = says(desk, source_id, NINE, NINE + DAY)
    assert (again.come, again.gone) == (0, 0)
    less = says(desk, source_id, NINE + DAY, NINE + 2 * DAY)
    assert (less.come, less.gone) == (1, 1)
    assert (less.freed_from, less.freed_until) == (NINE, NINE + HOUR)
    closed = "SELECT array_agg(starts_at ORDER BY starts_at) FROM closure WHERE source_id = %s"
    assert desk.one(closed, source_id) == [NINE + DAY, NINE + 2 * DAY]
    assert desk.one(closed, other) == [NINE]
    versions = "SELECT calendar_version FROM provider WHERE id = %s"
    assert desk.one(versions, provider_id) == 4  # not for what changed nothing


def test_calendar_source_block_shuts_and_opens_what_is_published(desk: Desk) -> None:
    provider_id = desk.provider()
    source_id = made(desk, provider_id)
    slots = desk.slots(3, provider_id=provider_id, start=NINE)
    blocked = (
        "SELECT array_agg(id ORDER BY id) FROM slot WHERE blocked_at IS NOT NULL AND id = ANY (%s)"
    )
    for begins, shut in (([NINE + HOUR], slots[1:2]), ([NINE], slots[:1]), ([], None)):
        says(desk, source_id, *begins)
        desk.send("calendar_source_block", provider_id=provider_id)
        assert desk.one(blocked, slots) == shut
    versions = "SELECT array_agg(version ORDER BY id) FROM slot WHERE id = ANY (%s)"
    assert desk.one(versions, slots) == [3, 3, 1]
    told = "SELECT count(*) FROM outbox WHERE type = 'slot.changed' AND subject_id = ANY (%s)"
    assert desk.one(told, slots) >= 4


def test_calendar_source_tell_tells_whom_it_is_in_the_way_of_once(desk: Desk) -> None:
    provider_id, ada = desk.provider(), desk.account()
    source_id = made(desk, provider_id)
    one, two = desk.slots(2, provider_id=provider_id, start=NINE)
    booked, _ = desk.appointment(ada, one), desk.appointment(ada, two)
    says(desk, source_id, NINE, NINE + HOUR / 2, hours=1)
    desk.send("calendar_source_tell", source_id=source_id, provider_id=provider_id)
    told = "SELECT count(*) FROM outbox WHERE type = 'appointment.conflict' AND subject_id = %s"
    assert desk.one(told, booked) == 1
    assert desk.one("SELECT status FROM appointment WHERE id = %s", booked) == "booked"


def test_calendar_source_conflicts_are_those_that_are_to_come_and_were_not_kept(desk: Desk) -> None:
    provider_id, ada = desk.provider(), desk.account()
    source_id = made(desk, provider_id)
    one, two, three = desk.slots(3, provider_id=provider_id, start=NINE)
    booked = [desk.appointment(ada, slot_id) for slot_id in (one, two, three)]
    says(desk, source_id, NINE, NINE + HOUR)
    asked = {"source_id": source_id, "provider_id": provider_id, "most": 1}
    [row] = desk.run("calendar_source_conflicts", **asked)
    assert [found["appointment_id"] for found in json.loads(row.conflicts)] == booked[:1]
    assert row.total == 2
    desk.end(booked[0], who=ada)
    [row] = desk.run("calendar_source_conflicts", **asked)
    assert [found["appointment_id"] for found in json.loads(row.conflicts)] == booked[1:2]
    assert row.total == 1


def test_calendar_source_stale_counts_what_has_been_of_no_use_for_a_day(desk: Desk) -> None:
    [(before,)] = desk.run("calendar_source_stale")
    source_id = made(desk, desk.provider())
    for hours, more in ((23, 0), (25, 1)):
        desk.cursor.execute(
            "UPDATE calendar_source SET created_at = now() - %s WHERE id = %s",
            [hours * HOUR, source_id],
        )
        assert desk.run("calendar_source_stale") == [(before + more,)]
