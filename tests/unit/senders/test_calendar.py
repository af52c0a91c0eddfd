"""senders/calendar.py: asking for a calendar, and reading it in a process with limits."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from service.senders import calendar
from service.senders.calendar import Failed, Fetched, Known
from service.senders.http import Client
from tests.calendars import calendar as written
from tests.calendars import elsewhere

NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)
HALF_A_YEAR = timedelta(days=180)
EVENT = ("DTSTART:20270106T100000Z", "DTEND:20270106T110000Z")
ENDLESS = (*EVENT, "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30")


async def read(text: bytes, known: str = "") -> calendar.Busy:
    return await calendar.read(text, NOON, NOON + HALF_A_YEAR, zone="UTC", own="@ours", known=known)


async def test_a_calendar_is_read_in_another_process() -> None:
    found = await read(written(EVENT))
    begin = datetime(2027, 1, 6, 10, tzinfo=UTC)
    assert found.times == ((begin, begin + timedelta(hours=1)),)
    assert await read(written(EVENT), known=found.digest) == calendar.Busy(found.digest)


async def test_a_reader_that_works_too_long_is_ended_and_keeps_nobody_waiting() -> None:
    longest, before = 0.0, asyncio.get_running_loop().time()

    async def tick() -> None:
        nonlocal longest, before
        while True:
            await asyncio.sleep(0.001)
            now = asyncio.get_running_loop().time()
            longest, before = max(longest, now - before), now

    ticking = asyncio.create_task(tick())
    with pytest.raises(Failed, match="too_slow"):
        await read(written(ENDLESS))
    ticking.cancel()
    assert longest < 0.5  # reading it takes all of five seconds of a processor


async def test_a_reader_that_wants_too_much_memory_is_refused() -> None:
    with pytest.raises(Failed, match=r"too_large|not_a_calendar|too_slow"):
        await read(b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 10**6 + b"END:VCALENDAR")


async def test_a_calendar_is_asked_for_by_name_and_only_if_it_is_new() -> None:
    async with elsewhere() as there:
        client = Client(private=True)
        there.say(b"x", ETag='"1"', **{"Last-Modified": "Mon, 04 Jan 2027 09:00:00 GMT"})
        known = Known('"1"', "Mon, 04 Jan 2027 09:00:00 GMT")
        assert await calendar.fetch(client, there.url, Known()) == Fetched(b"x", known)
        there.say(b"", 304)
        assert await calendar.fetch(client, there.url, known) == Fetched(None, known)
        client.close()
    first, second = there.asked
    assert "User-Agent: booking/" in first
    assert "If-None-Match" not in first
    assert 'If-None-Match: "1"' in second
    assert "If-Modified-Since: Mon, 04 Jan 2027 09:00:00 GMT" in second


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, "gone"), (410, "gone"), (301, "status_3xx"), (403, "status_4xx"), (500, "status_5xx"),
     (304, "status_3xx")],
)  # fmt: skip
async def test_any_other_answer_is_a_failure(status: int, kind: str) -> None:
    async with elsewhere() as there:
        client = Client(private=True)
        there.say(written(EVENT), status)
        with pytest.raises(Failed, match=kind):
            await calendar.fetch(client, there.url, Known())
        client.close()


async def test_more_than_five_mebibytes_are_not_taken() -> None:
    async with elsewhere() as there:
        client = Client(private=True)
        there.say(b"x" * (calendar.LARGEST + 1))
        with pytest.raises(Failed, match="too_large"):
            await calendar.fetch(client, there.url, Known())
        client.close()


async def test_an_address_that_is_not_public_is_not_asked() -> None:
    async with elsewhere() as there:
        client = Client()
        with pytest.raises(Failed, match="refused"):
            await calendar.fetch(client, there.url, Known())
        client.close()
        assert there.asked == []
