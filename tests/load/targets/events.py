"""What the log of events costs, how soon events can be read, and what open streams cost."""

import asyncio
import contextlib
import json
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime

from service.settings import Settings
from tests.load.caller import Caller
from tests.load.limits import Arm, Measure
from tests.load.ramp import ramp
from tests.load.report.words import duration, rate
from tests.load.session import HOLD
from tests.load.target import SERVER, witness
from tests.load.targets.lists import Asking
from tests.load.targets.parts import LONGEST, MEGABYTE
from tests.load.targets.stand import CONNECTIONS, Row, Stand, in_turn, stand

STREAMS = 10_000
PATH = "/api/events/stream/"
PAGE = "/api/events/?after=0&limit=100"
ROUNDS = 10  # events that are sent to all streams, one after the other
SETTLED = 2.0  # seconds after which all that was made has its number
END = b"\n\n\r\n"  # of a chunk
AT_ONCE = 200  # streams being opened
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
SWITCH = "ALTER TABLE appointment_history {} TRIGGER appointment_history_told"


async def log(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """bookings with the log of events beside bookings that nobody is told of"""
    async with stand(settings) as here:
        scenario = here.scenario("book")
        told = here.arm(scenario)
        found = await in_turn({"told": told, "untold": untold(here, told)}, repeat, seconds)
        await here.check()
    cost = {name: sum(one.cpu.values()) for name, one in found.items()}
    share = found["told"].throughput / found["untold"].throughput
    return [
        Row("bookings a second with the log of events", "", rate(found["told"].throughput)),
        Row("by those without", "≥ 0.9", f"{share:.2f}", share >= 0.9),
        Row(
            "CPU of all for a booking, more with it", "", f"{cost['told'] - cost['untold']:.0f} µs"
        ),
    ]


def untold(here: Stand, arm: Arm) -> Arm:
    """The same while no change of an appointment is told."""

    async def run(seconds: float) -> Measure:
        switch(here, "DISABLE")
        try:
            return await arm(seconds)
        finally:
            switch(here, "ENABLE")

    return run


def switch(here: Stand, how: str) -> None:
    assert here.target.settings
    with witness(here.target.settings) as connection, connection.cursor() as cursor:
        cursor.execute(SWITCH.format(how))


async def feed(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """a page of 100 events beside a bare handler, and how soon an event can be read"""
    async with stand(settings) as here:
        scenario = here.scenario("book")
        found = await ramp(
            here.target, scenario, p99=LONGEST, seconds=seconds, connections=CONNECTIONS
        )
        held = here.held(scenario, round(found["highest"] * HOLD, 1))
        with here.target.beside("second", {}) as second, heard(second.address) as late:
            await held(2 * seconds)
            await asyncio.sleep(1)
        late.sort()
        [person] = await here.stage.add_people(1)
        asking = Asking(here, PAGE, person)
        arms = {"bare": await here.bare(asking, "bare-events"), "page": here.arm(asking)}
        turns = await in_turn(arms, repeat, seconds)
    median, p99 = statistics.median(late), late[int(len(late) * 0.99)]
    own = turns["page"].cpu[SERVER] / turns["bare"].cpu[SERVER]
    return [
        Row("events heard at 70 % of the highest rate, two processes", "", f"{len(late):,}"),
        Row("from the change to the stream of the other, median", "≤ 50 ms", duration(median),
            median <= 50_000),
        Row("the same, p99", "≤ 250 ms", duration(p99), p99 <= 250_000),
        Row("CPU of a page of 100 events, in bare handlers", "≤ 1.5", f"{own:.2f}", own <= 1.5),
    ]  # fmt: skip


@contextlib.contextmanager
def heard(address: tuple[str, int]) -> Iterator[list[float]]:
    """A stream's reader in a thread of its own: for each event how many microseconds after its `at`
    it came."""
    late: list[float] = []
    url = f"http://{address[0]}:{address[1]}{PATH}"
    answer = urllib.request.urlopen(url, timeout=60)

    def read() -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            for line in answer:
                if line.startswith(b"data: "):
                    at = datetime.fromisoformat(json.loads(line[6:])["at"])
                    late.append((time.time() - at.timestamp()) * 1e6)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield late
    finally:
        answer.close()


async def streams(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """what 10,000 open streams of one process cost, and how long an event takes to reach all"""
    async with stand(settings) as here:
        host, port = here.target.address
        slot_ids = await here.stage.add_slots(ROUNDS)
        [person] = await here.stage.add_people(1)
        await asyncio.sleep(SETTLED)
        before = here.memory()
        began = time.monotonic()
        held = await opened(host, port, STREAMS)
        took = time.monotonic() - began
        each = (here.memory() - before) / len(held)
        slowest = []
        async with Caller(host, port) as caller:
            for slot_id in slot_ids:
                waiting = asyncio.gather(*(next_event(reader) for reader, _ in held))
                began = time.monotonic()
                wish = {"slot": slot_id}
                await caller.wanted(201, "POST", "/api/appointments/", wish, token=person.token)
                await waiting
                slowest.append((time.monotonic() - began) * 1e6)
        total = here.memory() / MEGABYTE
    reached = statistics.median(slowest)
    return [
        Row(f"{STREAMS:,} streams opened in", "", f"{took:.1f} s"),
        Row("memory of each", "≤ 20 KB", f"{each / 1000:.1f} KB", each <= 20_000),
        Row("memory of the process with all of them", "", f"{total:.0f} MB"),
        Row("a booking reaches the last of them, median", "≤ 2 s", duration(reached),
            reached <= 2_000_000),
        Row("for each of them", "", f"{reached / STREAMS:.1f} µs"),
    ]  # fmt: skip


async def next_event(reader: asyncio.StreamReader) -> None:
    """Read on until an event has come; blocks that only move the cursor come besides."""
    while b"\nevent: " not in await reader.readuntil(END):
        pass


async def opened(host: str, port: int, count: int) -> list[Connection]:
    """So many readers of the stream, each past its first block."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> Connection:
        async with gate:
            reader, writer = await asyncio.open_connection(host, port, limit=4096)
            writer.write(f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            await reader.readuntil(END)
            return reader, writer  # without its writer it would be closed

    return list(await asyncio.gather(*(one() for _ in range(count))))
