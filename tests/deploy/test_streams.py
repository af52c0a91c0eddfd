"""Streams of events of two processes, and through nginx."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from service.settings import Settings
from tests.api.delivery.sse import Stream, last
from tests.cast import Given, Person
from tests.deploy.nginx import NGINX, nginx
from tests.live import PATIENTLY, Live, served
from tests.races.wire import Wire

Two = tuple[Live, Live]


@pytest.fixture
def two(tmp_path: Path, settings: Settings) -> Iterator[Two]:
    """Two processes on the same databases."""
    environment = PATIENTLY | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "RATE_LIMIT": "off",
        "XHEADERS": "on",
    }
    for name in "ab":
        (tmp_path / name).mkdir()
    with (
        served(tmp_path / "a", environment) as one,
        served(tmp_path / "b", environment) as other,
    ):
        yield one, other


async def test_what_one_process_does_the_streams_of_the_other_hear_at_once(
    two: Two, given: Given, ada: Person
) -> None:
    """By a word of Redis: a look of its own would come after half a second on average."""
    slot_ids = await given.make_slots(9)
    took = []
    async with Stream(two[1].url, who=ada) as stream, Wire(two[0].url) as wire:
        await stream.more()
        await asyncio.sleep(2)  # all that came before has its number
        for slot_id in slot_ids:
            before = last(stream.body)
            began = time.monotonic()
            assert (await wire.book(ada, slot_id)).status == 201
            await stream.until(before + 1)
            took.append(time.monotonic() - began)
    assert median(took) < 0.3


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
async def test_nginx_passes_each_event_on_as_it_comes_and_waits_with_who_waits(
    two: Two, tmp_path: Path, given: Given, ada: Person
) -> None:
    """Longer than it waits for any other answer."""
    [slot_id] = await given.make_slots(1)
    with nginx(tmp_path, "nginx-many.conf", [live.port for live in two]) as port:
        url = f"http://127.0.0.1:{port}"
        async with Stream(url, who=ada) as stream, Wire(url) as wire:
            await stream.more()
            await asyncio.sleep(2)
            before = last(stream.body)
            path = f"/api/events/?after={before}&types=appointment.booked&wait=8"
            waiting = asyncio.create_task(wire.call("GET", path, who=ada))
            await asyncio.sleep(5.5)
            assert not waiting.done()
            assert (await wire.book(ada, slot_id)).status == 201
            assert [event["type"] for event in await stream.until(before + 1, 3)][-1:] == [
                "appointment.booked"
            ]
            assert len((await waiting).json) == 1
