"""A backup of a busy server, restored: every promise holds, nothing acknowledged is lost."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.settings import Settings
from service.store.embedded import Embedded
from service.store.queries import load_queries
from service.store.schema.migrate import migrate
from tests.cast import PASSWORD, Given, Person
from tests.command.keeping import run
from tests.life.servers import ROOT
from tests.live import Live, served, unconfigured
from tests.races.wire import Wire

CALLERS = 8
SLOTS = 400  # fewer than the callers want, so that some are refused
OURS = {"RATE_LIMIT": "off", "BCRYPT_ROUNDS": "4", "UNSAFE_DATABASE": "off"}


@dataclass
class Caller:
    """Somebody who books, moves and cancels at random, and knows what was answered."""

    who: Person
    slots: list[int]
    rng: random.Random
    mine: list[int] = field(default_factory=list)
    booked: list[tuple[float, int]] = field(default_factory=list)

    async def call(self, wire: Wire, over: asyncio.Event) -> None:
        """Go on until it is over."""
        while not over.is_set():
            slot_id = self.rng.choice(self.slots)
            if len(self.mine) < 5 or self.rng.random() < 0.5:
                answer = await wire.book(self.who, slot_id)
                if answer.status == 201:
                    self.mine.append(answer.json["id"])
                    self.booked.append((time.monotonic(), answer.json["id"]))
            elif self.rng.random() < 0.5:
                answer = await wire.move(self.who, self.rng.choice(self.mine), slot_id)
            else:
                answer = await wire.cancel(self.who, self.mine.pop(0))
            assert answer.status < 500, answer


def command(*words: str) -> list[str]:
    return [sys.executable, str(ROOT / "run.py"), *words]


async def backed_up(file: Path, data: Path) -> float:
    """Make a backup as a process of its own; when it began."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command("backup", str(file), "--data-dir", str(data)), env=unconfigured()
    )
    assert await process.wait() == 0
    return began


def filled(io_loop: AsyncIOLoop, data: Path, settings: Settings) -> list[Caller]:
    """Make people and slots in a new data directory."""

    async def fill(running: Embedded) -> list[Caller]:
        own = Settings(
            database_url=running.database_url or "",
            redis_url=running.redis_url or "",
            bcrypt_rounds=4,
            rate_limit=False,
            redis_timeout=settings.redis_timeout,
        )
        async with service_app.opened(own) as deps:
            given = Given(io_loop, deps)
            slots = await given.make_slots(SLOTS, minutes=5)
            people = [await given.make_person(f"caller{n}") for n in range(CALLERS)]
            return [Caller(one, slots, random.Random(one.id)) for one in people]

    with embedded(data) as running:
        migrate(running.database_url or "")
        return io_loop.run_sync(lambda: fill(running), timeout=60)


@contextmanager
def embedded(data: Path) -> Iterator[Embedded]:
    running = Embedded.start(data)
    try:
        yield running
    finally:
        running.stop()


async def used(live: Live, callers: list[Caller], file: Path, data: Path) -> float:
    """Have everybody call before, while and after a backup is made; when it began."""
    over = asyncio.Event()
    async with Wire(live.url) as wire:
        calls = asyncio.gather(*(one.call(wire, over) for one in callers))
        async with asyncio.timeout(20):
            while min(len(one.booked) for one in callers) < 10:
                await asyncio.sleep(0.05)
        began = await backed_up(file, data)
        await asyncio.sleep(0.3)
        over.set()
        await calls
    return began


async def works(live: Live, callers: list[Caller]) -> list[int]:
    """Nobody is logged in any more, and everybody may log in and book; the new ids."""
    made = []
    async with Wire(live.url) as wire:
        for one in callers:
            assert (await wire.call("GET", "/api/me/", who=one.who)).status == 401
            given = {"username": one.who.username, "password": PASSWORD}
            login = await wire.call("POST", "/api/login/", given, who=one.who)
            assert login.status == 200
            who = one.who._replace(token=login.json["token"])
            free = await wire.call("GET", "/api/slots/?status=free&limit=1", who=who)
            booked = await wire.book(who, free.json[0]["id"])
            assert booked.status == 201
            made.append(booked.json["id"])
    return made


def appointments(data: Path) -> tuple[set[int], list[Any]]:
    """The appointments of a data directory, and the promises that are broken in it."""
    with embedded(data) as running:
        url = running.database_url or ""
        ids = {number for (number,) in run(url, "SELECT id FROM appointment")}
        return ids, run(url, load_queries()["invariants_broken"].text)


def test_a_backup_of_a_busy_server_restores_to_one_state_with_all_that_was_acknowledged(
    folder: Path, tmp_path: Path, io_loop: AsyncIOLoop, settings: Settings
) -> None:
    data, file = folder / "data", tmp_path / "b.gz"
    flags = ("--data-dir", str(data), "--no-demo")
    callers = filled(io_loop, data, settings)
    with served(tmp_path, OURS, *flags) as live:
        began = io_loop.run_sync(lambda: used(live, callers, file, data), timeout=60)
        refused = restored(file, data)
        assert (refused.returncode, "already runs" in refused.stderr) == (2, True)
    there, _ = appointments(data)
    done = restored(file, data)
    assert (done.returncode, done.stderr) == (0, f"database: embedded, {data}\n")
    assert f"{CALLERS} tokens ended" in done.stdout
    ids, broken = appointments(data)
    assert broken == []
    before = {number for one in callers for at, number in one.booked if at < began}
    assert len(before) >= 10 * CALLERS
    assert before - ids == set()
    assert ids < there, "people booked while the backup was made, or after it"
    with served(tmp_path, OURS, *flags) as live:
        made = io_loop.run_sync(lambda: works(live, callers), timeout=60)
    assert min(made) > max(ids)


def restored(file: Path, data: Path) -> "subprocess.CompletedProcess[str]":
    words = command("restore", str(file), "--replace", "--data-dir", str(data))
    return subprocess.run(words, env=unconfigured(), capture_output=True, text=True, timeout=60)
