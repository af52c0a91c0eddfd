"""Two processes behind nginx, restarted one after the other under load: nobody notices.

ROLLING_RESTARTS and ROLLING_UNHURRIED=on make it a longer campaign, with the times of production.
"""

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings
from tests.cast import Given, Person
from tests.deploy.nginx import NGINX, free_port, nginx
from tests.live import PATIENTLY, Live, served
from tests.races import witness
from tests.races.wire import Answer, Wire

RESTARTS = int(os.environ.get("ROLLING_RESTARTS", "6"))
UNHURRIED = os.environ.get("ROLLING_UNHURRIED") == "on"
CALLERS = 12
REST = 0.01  # seconds between two calls of one caller: the restarts need the CPU
HURRIED = PATIENTLY | {"READY_DOWN_SECONDS": "0.25"}
# One address asks all, on a few connections that nginx would otherwise end after 1,000 requests.
CHANGES = {
    "rate=100r/s": "rate=100000r/s",
    "keepalive_timeout 75s;": "keepalive_timeout 75s; keepalive_requests 10000000;",
}
QUICK = {"keepalive_timeout 1s": "keepalive_timeout 100ms"}

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
    pytest.mark.usefixtures("unbroken"),
]


class Process:
    """One of the two: always on the same port, started again and again."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder, self._environment, self.port = folder, environment, free_port()
        self._folder.mkdir()
        self._running = ExitStack()

    def start(self) -> Live:
        flags = ("--port", str(self.port))
        return self._running.enter_context(served(self._folder, self._environment, *flags))

    def stop(self) -> None:
        """SIGTERM; raises unless it ends with 0."""
        self._running.close()


@contextlib.contextmanager
def two(folder: Path, environment: Mapping[str, str]) -> Iterator[Sequence[Process]]:
    both = [Process(folder / name, environment) for name in ("a", "b")]
    try:
        for one in both:
            one.start()
        yield both
    finally:
        for one in both:
            one.stop()


class Day:
    """Callers who book, move, cancel and look, on slots of their own, until told to stop."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.over = False
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []
        self.booked: list[int] = []
        self.left: dict[int, int] = {}  # appointment -> slot, as the caller was told
        self.longest = 0.0  # seconds

    async def spend(self, who: Person, slots: Sequence[int]) -> None:
        turn = 0
        while not self.over:
            here, there = slots[turn % len(slots)], slots[(turn + 1) % len(slots)]
            turn += 2
            booking = await self._call("book", 201, self._wire.book(who, here))
            if booking is None:
                continue
            appointment_id = booking.json["id"]
            self.booked.append(appointment_id)
            self.left[appointment_id] = here
            if await self._call("move", 200, self._wire.move(who, appointment_id, there)):
                self.left[appointment_id] = there
            path = f"/api/appointments/{appointment_id}/"
            await self._call("read", 200, self._wire.call("GET", path, who=who))
            await self._call("list", 200, self._wire.call("GET", "/api/slots/?limit=5", who=who))
            if await self._call("cancel", 200, self._wire.cancel(who, appointment_id)):
                del self.left[appointment_id]

    async def _call(self, name: str, wanted: int, call: Any) -> Answer | None:
        began = time.monotonic()
        try:
            answer = await call
        except (OSError, EOFError) as error:
            self.failures.append(f"{name}: {error!r}")
            return None
        self.longest = max(self.longest, time.monotonic() - began)
        await asyncio.sleep(REST)
        if answer.status != wanted:
            self.failures.append(f"{name}: {answer.status} {answer.code}")
            return None
        self.answers[name] += 1
        return answer


@pytest.mark.gen_test(timeout=3600)
@pytest.mark.parametrize("parser", ["tornado", "llhttp"])
async def test_no_request_fails_while_two_processes_are_restarted_in_turn(
    tmp_path: Path, settings: Settings, given: Given, database: Any, parser: str
) -> None:
    environment = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "REDIS_TIMEOUT": "1",
        "WIRE": parser,
        "XHEADERS": "on",
        "RATE_LIMIT": "off",
        "READY_DOWN_SECONDS": "2",
    }
    people = [await given.make_person(f"{parser}{number}") for number in range(CALLERS)]
    slots = [await given.make_slots(20, minutes=10) for _ in people]
    changes = CHANGES if UNHURRIED else CHANGES | QUICK
    environment = environment if UNHURRIED else environment | HURRIED
    restarts = RESTARTS // 2  # the other half is the other parser's
    began = time.monotonic()
    with two(tmp_path, environment) as both:
        ports = [one.port for one in both]
        with nginx(tmp_path, "nginx-many.conf", ports, changes) as port:
            async with Wire(f"http://127.0.0.1:{port}") as wire:
                day = Day(wire)
                calls = [day.spend(*mine) for mine in zip(people, slots, strict=True)]
                callers = asyncio.gather(*calls)
                for turn in range(restarts):
                    await asyncio.to_thread(both[turn % 2].stop)
                    await asyncio.to_thread(both[turn % 2].start)
                day.over = True
                await callers
    seconds, total = time.monotonic() - began, sum(day.answers.values())
    print(
        f"\n{parser}: {restarts} restarts in {seconds:.1f} s, {total} requests answered, "
        f"{len(day.failures)} failed, longest {day.longest:.2f} s; {dict(day.answers)}"
    )
    assert day.failures == []
    assert total > restarts * 10
    assert len(set(day.booked)) == len(day.booked)
    rows = witness.whereabouts(database, day.booked)
    active = {one: slot_id for one, (slot_id, status) in rows.items() if status == "booked"}
    assert set(rows) == set(day.booked)
    assert active == day.left
