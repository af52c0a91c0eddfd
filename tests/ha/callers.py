"""Callers who go on while an engine fails over, and the table of what they were told."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.settings import Settings
from service.store.schema import migrate
from tests.cast import Given, Person
from tests.live import Live, served
from tests.races.wire import Answer, Wire

CALLERS = 8
REST = 0.005  # seconds between two calls of one caller


class Told(NamedTuple):
    """One answer: to whom, when on the test's clock, and what."""

    username: str
    at: float
    status: int
    code: str
    appointment_id: int


class Callers:
    """Each books slot after slot; every answer is noted."""

    def __init__(self, wire: Wire, people: list[Person], slots: list[list[int]]) -> None:
        self._wire, self._people, self._slots = wire, people, slots
        self._over = False
        self.told: list[Told] = []

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Within it they call; at its end each has its last answer."""
        pairs = zip(self._people, self._slots, strict=True)
        calls = asyncio.gather(*(self._call(who, mine) for who, mine in pairs))
        try:
            yield
        finally:
            self._over = True
            await calls

    async def _call(self, who: Person, slots: list[int]) -> None:
        for number, slot_id in enumerate(slots):
            if self._over:
                return
            answer = await self._wire.book(who, slot_id, key=f"{who.username}-{number}")
            self.note(who, answer)
            await asyncio.sleep(REST)
        raise AssertionError("there were not enough slots")

    def note(self, who: Person, answer: Answer) -> None:
        done = answer.json["id"] if answer.status == 201 else 0
        now = time.monotonic()
        self.told.append(Told(who.username, now, answer.status, answer.code, done))

    async def successes(self, count: int, seconds: float = 30.0) -> None:
        """Wait until each caller has so many more bookings: a shard may fail some callers only."""
        since = time.monotonic()
        async with asyncio.timeout(seconds):
            while min(map(_booked, self._heard(since))) < count:
                await asyncio.sleep(0.02)

    def _heard(self, since: float) -> list[list[Told]]:
        """What each caller was told from then on."""
        heard: dict[str, list[Told]] = {who.username: [] for who in self._people}
        for one in self.told:
            if one.at > since:
                heard[one.username].append(one)
        return list(heard.values())

    @property
    def booked(self) -> list[int]:
        """Every appointment that somebody was told of."""
        return [one.appointment_id for one in self.told if one.status == 201]

    @property
    def refusals(self) -> Counter[str]:
        """How often each error was told."""
        return Counter(f"{one.status} {one.code}" for one in self.told if one.status != 201)

    def gap(self, since: float) -> float:
        """Seconds from then until each caller was served again and met no error any more."""
        return max(_back(told, since) for told in self._heard(since)) - since


def _booked(told: list[Told]) -> int:
    return sum(one.status == 201 for one in told)


def _back(told: list[Told], since: float) -> float:
    wrong = max((one.at for one in told if one.status != 201), default=since)
    return min(one.at for one in told if one.status == 201 and one.at > wrong)


@asynccontextmanager
async def calling(
    io_loop: AsyncIOLoop,
    folder: Path,
    settings: Settings,
    more: Mapping[str, str],
    slots: int = 3000,
) -> AsyncIterator[tuple[Callers, Live]]:
    """A process of the service on the settings' engines, with callers who have begun."""
    migrate.migrate(settings.database_url)
    async with service_app.opened(settings) as deps:
        given = Given(io_loop, deps)
        people = [await given.make_person(f"caller{uuid4().hex[:8]}") for _ in range(CALLERS)]
        mine = [await given.make_slots(slots, minutes=5) for _ in people]
    urls = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    with served(folder, urls | {"RATE_LIMIT": "off"} | dict(more)) as live:
        async with Wire(live.url) as wire:
            callers = Callers(wire, people, mine)
            async with callers.calling():
                await callers.successes(12)
                yield callers, live


def line(name: str, callers: Callers, since: float, lost: int) -> str:
    """One line of the table in deploy/README.md."""
    refused = ", ".join(f"{n} x {what}" for what, n in sorted(callers.refusals.items())) or "none"
    return f"| {name} | {callers.gap(since):.1f} s | {refused} | {len(callers.booked)} | {lost} |"


def lost(callers: Callers, rows: list[tuple[Any, ...]]) -> list[int]:
    """Appointments that somebody was told of and that are not there."""
    there = {row[0] for row in rows}
    return [one for one in callers.booked if one not in there]
