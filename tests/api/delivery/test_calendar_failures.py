"""Calendars of somebody else that fail, or have not changed: no failure frees a time."""

import pytest

from tests.api.calendar.hours.scene import value
from tests.api.calendar.times.scene import HOUR, NINE
from tests.api.delivery.diary import Diary, event
from tests.calendars import calendar

ENDLESS = "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"<!doctype html><title>Sign in</title>", 200, "What came is not a calendar."),
        (calendar(event(NINE + 3 * HOUR))[:-20], 200, "What came is not a calendar."),
        (b"", 200, "What came is not a calendar."),
        (b"", 404, "Nothing is at this address any more."),
        (b"", 503, "The server there does not give it out."),
        (calendar((*event(NINE), "RRULE:FREQ=SECONDLY")), 200, "An event in it repeats too often."),
        (calendar((*event(NINE), ENDLESS)), 200,
         "Reading the calendar took too long."),
    ],
)  # fmt: skip
async def test_no_failure_frees_a_time(diary: Diary, body: bytes, status: int, error: str) -> None:
    visit = await diary.clinic.open()
    await diary.says(event(NINE, 2))
    for _ in range(2):
        diary.there.say(body, status)
        await diary.look()
        shown = await diary.shown()
        assert (shown["status"], shown["error"], shown["events"]) == ("failing", error, 1)
        assert (await diary.clinic.starts(visit))[0] == "11:00"
    await diary.says(event(NINE, 1))
    shown = await diary.shown()
    assert (shown["status"], shown["error"], shown["events"]) == ("ok", None, 1)


async def test_a_server_that_is_down_frees_no_time(diary: Diary) -> None:
    visit = await diary.clinic.open()
    await diary.says(event(NINE, 2))
    with diary.database.cursor() as cursor:
        cursor.execute("UPDATE calendar_source SET url = 'http://127.0.0.1:1/' WHERE id = %s",
                       [diary.id])  # fmt: skip
    assert await diary.look() == "unreachable"
    assert (await diary.clinic.starts(visit))[0] == "11:00"


async def test_what_is_suddenly_empty_has_to_say_so_twice(diary: Diary) -> None:
    visit = await diary.clinic.open()
    await diary.says(*(event(NINE + n * 25 * HOUR) for n in range(10)))
    assert await diary.says() == "suddenly_empty"
    assert (await diary.clinic.starts(visit))[0] == "10:00"
    assert (await diary.shown())["status"] == "failing"
    assert await diary.says() == "read"
    assert (await diary.clinic.starts(visit))[0] == "09:00"
    assert (await diary.shown())["status"] == "ok"


async def test_who_doubted_and_was_told_otherwise_doubts_again_the_next_time(diary: Diary) -> None:
    many = [event(NINE + n * 25 * HOUR) for n in range(10)]
    await diary.says(*many)
    assert await diary.says() == "suddenly_empty"
    assert await diary.says(*many) in ("read", "unchanged")
    assert await diary.says() == "suddenly_empty"


async def test_what_has_not_changed_is_not_read_again(diary: Diary) -> None:
    diary.there.say(calendar(event(NINE)), ETag='"1"')
    assert await diary.look() == "read"
    closed = "SELECT array_agg((id, created_at)::text) FROM closure WHERE source_id = %s"
    before = value(diary.database, closed, diary.id)
    diary.there.say(b"", 304)
    assert await diary.look() == "unchanged"
    assert 'If-None-Match: "1"' in diary.there.asked[-1]
    diary.there.say(calendar(event(NINE)).replace(b"DTSTAMP:2027", b"DTSTAMP:2028"))
    assert await diary.look() == "unchanged"
    assert value(diary.database, closed, diary.id) == before
    assert (await diary.shown())["status"] == "ok"


async def test_what_repeats_is_read_again_each_day_even_if_it_has_not_changed(
    diary: Diary,
) -> None:
    diary.there.say(calendar(event(NINE)), ETag='"1"')
    assert await diary.look() == "read"
    with diary.database.cursor() as cursor:
        cursor.execute("UPDATE calendar_source SET read_at = now() - interval '25 hours'")
    assert await diary.look() == "read"
    assert "If-None-Match" not in diary.there.asked[-1]


async def test_a_calendar_that_is_of_no_use_for_a_day_is_stale(diary: Diary) -> None:
    await diary.says(event(NINE))
    with diary.database.cursor() as cursor:
        cursor.execute(
            "UPDATE calendar_source SET last_ok_at = now() - interval '25 hours' WHERE id = %s",
            [diary.id],
        )
    diary.database.commit()
    assert (await diary.shown())["status"] == "stale"
    assert await diary.deps.db.run("calendar_source_stale") >= 1
