"""The process that numbers events is killed, again and again, while others write."""

import asyncio
import dataclasses
import os
import random
import signal
import subprocess
import sys

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.booking.delivery import event
from service.settings import Settings
from tests import told
from tests.cast import Given
from tests.life.delivery.writers import write
from tests.live import PATIENTLY, ROOT, connected, unconfigured

KILLS = 25
WRITERS = 8
# A process that does nothing but number, as fast as it can.
NUMBERS = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[1])
from service import app
from service.booking.delivery import event
from service.settings import Settings

async def main():
    async with app.opened(Settings.load(os.environ)) as deps:
        await event.number(deps)
        print("numbering", flush=True)
        while True:
            await event.number(deps, full=True)

asyncio.run(main())
"""


class Sequencer:
    """Such a process."""

    def __init__(self, settings: Settings) -> None:
        addresses = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
        self.process = subprocess.Popen(
            [sys.executable, "-c", NUMBERS, str(ROOT)],
            env=unconfigured() | PATIENTLY | {"UNSAFE_DATABASE": "on"} | addresses,
            stdout=subprocess.PIPE,
        )

    async def begun(self) -> None:
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        assert line == b"numbering\n"

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.mark.timeout(240)
async def test_every_change_is_told_once_in_order_whenever_it_is_killed(
    scratch: Settings, io_loop: AsyncIOLoop
) -> None:
    """Bookings, moves and cancellations of eight at once, read by one who follows."""
    settings = dataclasses.replace(scratch, rate_limit=False)
    async with service_app.opened(settings) as deps:
        given = Given(io_loop, deps)
        people = [await given.make_person(f"writer{n}") for n in range(WRITERS)]
        slot_ids = await given.make_slots(12, capacity=2)
        stop = asyncio.Event()
        writing = [
            asyncio.create_task(write(deps, who, slot_ids, n, stop)) for n, who in enumerate(people)
        ]
        chance = random.Random(7)
        for _ in range(KILLS):
            sequencer = Sequencer(settings)
            try:
                await sequencer.begun()
                await asyncio.sleep(chance.uniform(0, 0.1))
            finally:
                sequencer.kill()
            assert not any(task.done() for task in writing)
        stop.set()
        await asyncio.gather(*writing)
        while (await event.number(deps, full=True)) is not None:
            pass
        with connected(settings.database_url) as database:
            events = told.stored(database, 0)
            assert told.faults(events) == []
            assert sorted(told.changes(events)) == sorted(told.history(database))
            assert len(events) > 200
            assert events[-1]["id"] == told.head(database) == len(events)
