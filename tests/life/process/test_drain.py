"""What a process does between SIGTERM and its end, over real sockets, on both wires."""

import asyncio
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.process.drain import PARTING
from service.settings import Settings
from tests.cast import Given, Person
from tests.live import Live, connected, served
from tests.races.wire import Wire, at_once

# A caller whose wish to connect was not heard tries again after a second.
PATIENT = {
    "LOCK_TIMEOUT": "5",
    "STATEMENT_TIMEOUT": "6",
    "REQUEST_DEADLINE": "7",
    "LOCK_TTL": "8",
    "DRAIN_SECONDS": "60",  # who waits for it, waits for too long here
}
CLOSE = "Connection: close\r\n"
WIRES = ("tornado", "llhttp")


@pytest.fixture(params=WIRES)
def environment(request: Any, settings: Settings) -> dict[str, str]:
    return {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "REDIS_TIMEOUT": "1",
        "RATE_LIMIT": "off",
        **PATIENT,
        "WIRE": request.param,
    }


@pytest.fixture
def live(tmp_path: Path, environment: dict[str, str]) -> Iterator[Live]:
    with served(tmp_path, environment | {"READY_DOWN_SECONDS": "0.5"}) as live:
        yield live


def ended(live: Live) -> int:
    """Its exit code, once it has ended by itself."""
    return live.process.wait(30)


async def ask(port: int, path: str, more: str = "") -> bytes:
    """One request on a connection of its own, and all that comes until the server closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n{more}\r\n".encode())
        return await asyncio.wait_for(reader.read(-1), 20)
    finally:
        writer.close()


async def refused(port: int) -> bool:
    """Wait until nobody is let in any more."""
    while True:
        try:
            await ask(port, "/healthz", CLOSE)
        except ConnectionRefusedError:
            return True


async def test_it_is_unready_first_and_serves_on(live: Live, ada: Person) -> None:
    async with Wire(live.url) as wire:
        assert (await wire.call("GET", "/api/me/", who=ada)).status == 200
        live.process.terminate()
        unready = b""
        while not unready.startswith(b"HTTP/1.1 503 "):
            unready = await ask(live.port, "/readyz", CLOSE)
        assert b"This process is stopping." in unready
        alive = await ask(live.port, "/healthz")
        assert alive.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nConnection: close\r\n" in alive  # and ask() saw it closed
        assert (await wire.call("GET", "/api/me/", who=ada)).status == 200  # the idle connection
    assert await refused(live.port)
    assert ended(live) == 0


async def test_what_is_in_flight_is_finished(
    live: Live, settings: Settings, given: Given, ada: Person
) -> None:
    (slot_id,) = await given.make_slots(1)
    with connected(settings.database_url) as other:
        other.autocommit = False
        other.cursor().execute("SELECT FROM slot WHERE id = %s FOR UPDATE", [slot_id])
        live.process.terminate()
        async with Wire(live.url) as wire:
            booking = asyncio.create_task(wire.book(ada, slot_id))
            assert await refused(live.port)
            assert not booking.done()
            other.rollback()
            assert (await booking).status == 201
    assert ended(live) == 0


async def test_idle_connections_hold_nothing_up(live: Live) -> None:
    silent = socket.create_connection(("127.0.0.1", live.port))
    used = socket.create_connection(("127.0.0.1", live.port))
    used.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert used.recv(4096).startswith(b"HTTP/1.1 200 ")
    live.process.terminate()
    assert ended(live) == 0
    assert silent.recv(1) == used.recv(1) == b""
    silent.close()
    used.close()


async def test_nobody_who_was_let_in_is_cut_off(live: Live) -> None:
    """Callers with a new connection each, all the time: they are answered or refused."""
    outcomes: Counter[str] = Counter()

    async def call() -> None:
        while not outcomes["refused"]:
            try:
                answer = await ask(live.port, "/healthz", CLOSE)
            except ConnectionRefusedError:
                outcomes["refused"] += 1
            except ConnectionError:
                outcomes["cut off"] += 1
            else:
                outcomes["answered" if answer.startswith(b"HTTP/1.1 200 ") else "cut off"] += 1

    callers = asyncio.gather(*(call() for _ in range(32)))
    await asyncio.sleep(0.2)
    live.process.terminate()
    await asyncio.wait_for(callers, 30)
    assert ended(live) == 0
    assert outcomes["answered"] > 50
    assert outcomes["cut off"] == 0


async def test_a_person_at_the_keyboard_does_not_wait(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with served(tmp_path, environment | {"READY_DOWN_SECONDS": "30"}) as live:
        live.process.send_signal(signal.SIGINT)
        assert ended(live) == 0


async def test_who_asks_too_late_hears_that_nothing_was_done(
    tmp_path: Path, environment: dict[str, str], given: Given, ada: Person, ben: Person
) -> None:
    first, second = await given.make_slots(2)
    with (
        served(tmp_path, environment) as live,
        connected(environment["DATABASE_URL"]) as other,
    ):
        other.autocommit = False
        other.cursor().execute("SELECT FROM slot WHERE id = %s FOR UPDATE", [first])
        async with Wire(live.url) as wire, Wire(live.url) as kept:
            assert (await kept.call("GET", "/api/me/", who=ben)).status == 200
            booking = asyncio.create_task(wire.book(ada, first))
            await asyncio.sleep(0.1)
            live.process.terminate()
            assert await refused(live.port)
            await asyncio.sleep(PARTING * 4)
            late = await kept.book(ben, second)
            other.rollback()
            assert (await at_once([booking]))[0].status == 201
        assert (late.status, late.code) == (503, "unavailable")
        assert ended(live) == 0
