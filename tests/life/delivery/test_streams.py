"""Streams of events when their process ends, over real sockets, on both wires."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.settings import WIRES, Settings
from tests import told
from tests.api.delivery.sse import Stream
from tests.cast import Given, Person
from tests.live import PATIENTLY, Live, connected, served
from tests.races.wire import Wire


@pytest.fixture(params=WIRES)
def environment(request: Any, settings: Settings) -> dict[str, str]:
    return PATIENTLY | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "RATE_LIMIT": "off",
        "WIRE": request.param,
    }


@pytest.fixture
def live(tmp_path: Path, environment: dict[str, str]) -> Iterator[Live]:
    with served(tmp_path, environment | {"READY_DOWN_SECONDS": "1"}) as live:
        yield live


async def settled(settings: Settings) -> int:
    """The last event, once nothing waits."""
    with connected(settings.database_url) as database:
        while True:
            with database.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM outbox")
                if cursor.fetchone() == (0,):
                    return told.head(database)
            await asyncio.sleep(0.05)


async def test_they_end_at_once_while_all_else_is_served_on(live: Live, ada: Person) -> None:
    async with Stream(live.url) as nobody, Stream(live.url, who=ada) as own, Wire(live.url) as wire:
        await nobody.more()
        began = time.monotonic()
        live.process.terminate()
        await asyncio.gather(nobody.end(), own.end())
        assert time.monotonic() - began < 0.8
        assert (await wire.call("GET", "/api/me/", who=ada)).status == 200
        async with Stream(live.url) as late:
            assert late.status == 503
    assert await asyncio.to_thread(live.process.wait, 20) == 0


async def test_who_waits_for_events_is_answered_at_once(
    live: Live, ada: Person, settings: Settings
) -> None:
    last = await settled(settings)
    async with Wire(live.url) as wire:
        path = f"/api/events/?after={last}&wait=20&types=appointment.held"
        waiting = asyncio.create_task(wire.call("GET", path, who=ada))
        await asyncio.sleep(0.5)
        live.process.terminate()
        answer = await asyncio.wait_for(waiting, 5)
        assert (answer.status, answer.json) == (200, [])


async def test_nothing_is_missed_over_a_restart(
    tmp_path: Path, environment: dict[str, str], settings: Settings, given: Given, ada: Person
) -> None:
    """Events before, between and after; the second process has none of them at hand."""
    before, between, after = await given.make_slots(3)
    with served(folder_in(tmp_path, "first"), environment) as live:
        last = await settled(settings)
        async with Stream(live.url, who=ada, last=last) as stream:
            await given.make_appointment(ada, before)
            seen = await stream.until(last + 1)
            live.process.terminate()
            await stream.end()
    await given.make_appointment(ada, between)
    with served(folder_in(tmp_path, "second"), environment) as live:
        async with Stream(live.url, who=ada, last=seen[-1]["id"]) as stream:
            await given.make_appointment(ada, after)
            seen += await stream.until(last + 3)
    assert [event["id"] for event in seen] == [last + 1, last + 2, last + 3]
    assert [event["data"]["slot"]["id"] for event in seen] == [before, between, after]


def folder_in(path: Path, name: str) -> Path:
    """A new folder."""
    folder = path / name
    folder.mkdir()
    return folder
