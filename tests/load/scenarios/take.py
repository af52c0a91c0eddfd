"""Bookings of times of services: each of another one, so that all of them can be had."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from service.access.sessions import Session
from service.booking.appointment.book_time import Wish, book_time
from service.deps import Deps
from tests.load.clinic import AHEAD, ALWAYS, Clinic, Time
from tests.load.errors import LoadError
from tests.load.scenarios.base import (
    NOTES,
    REFUSED,
    Expected,
    Options,
    Scenario,
    World,
    session_of,
    settle_taking,
)
from tests.load.stage import tomorrow
from tests.load.wire import Request

# Of how many providers, and whether a request names one of them.
AMONG = {"many": (100, True), "two": (2, True), "any": (20, False)}
STRIDE = 1_000_003  # a prime: by steps of it everything comes once, and neighbours far apart


class Taking(Scenario):
    """Each request books one of given times."""

    name = "bookings of times"
    expected: ClassVar[Expected] = {"book": frozenset({201})}

    def __init__(self, world: World, options: Options, wanted: Iterable[Time] = ()) -> None:
        super().__init__(world, options)
        self._wanted = deque(wanted)

    def next(self) -> Request | None:
        return self.taking(self.anyone(), self._wanted.popleft()) if self._wanted else None

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        settle_taking(self.world, request.note, status, body)
        if status in REFUSED:
            self._wanted.append(request.note[1])


class BookTime(Taking):
    """Each request takes a time that nobody else asks for, all over a year that is open."""

    name = "book-time"
    help = "each request books another time of a service; --only many, two or any of its providers"
    direct = True

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        if options.only not in (None, *AMONG):
            raise LoadError(f"--only takes one of: {','.join(AMONG)}.")
        self._providers, self._named = AMONG[options.only or "many"]
        self.clinic: Clinic | None = None
        self._starts: list[datetime] = []
        self._given = 0
        self._sessions: dict[int, Session] = {}

    async def prepare(self, requests: int) -> None:
        await super().prepare(requests)
        if self.clinic is None or self._given + requests > self._total:
            self.clinic = await self.world.stage.add_clinic(ALWAYS, self._providers)
            self._starts = list(ALWAYS.starts(tomorrow(), AHEAD - 7))
            self._given = 0
        missing = requests - len(self._wanted)
        self._wanted.extend(self._fresh(self.clinic) for _ in range(missing))

    @property
    def _total(self) -> int:
        return self._providers * len(self._starts)

    def _fresh(self, clinic: Clinic) -> Time:
        """The next of all times, in an order that goes all over them."""
        number = self._given * STRIDE % self._total
        self._given += 1
        which, start = divmod(number, len(self._starts))
        provider_id = clinic.provider_ids[which] if self._named else 0
        return Time(clinic.service_id, provider_id, self._starts[start])

    async def once(self, deps: Deps) -> None:
        person, time = self.anyone(), self._wanted.popleft()
        session = await session_of(deps, person, self._sessions)
        wish = Wish(time.service_id, time.starts_at, time.provider_id, notes=NOTES)
        answer = await book_time(deps, session, wish, False)
        self.world.journal.take(person.account_id, time, answer.body)
