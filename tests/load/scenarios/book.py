"""Bookings: each of another free slot, or everybody after the same few."""

from collections import deque
from collections.abc import Iterable
from typing import ClassVar

from service.access.sessions import Session
from service.booking.appointment.book import book
from service.deps import Deps
from tests.load.check import Check, verdict
from tests.load.scenarios.base import (
    NOTES,
    REFUSED,
    Expected,
    Options,
    Scenario,
    World,
    session_of,
    settle_booking,
)
from tests.load.wire import Request


class Book(Scenario):
    """Each request takes a free slot that nobody else asks for."""

    name = "book"
    help = "each request books another free slot"
    expected: ClassVar[Expected] = {"book": frozenset({201})}
    direct = True

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        self._free: deque[int] = deque()
        self._sessions: dict[int, Session] = {}

    async def prepare(self, requests: int) -> None:
        await super().prepare(requests)
        missing = requests - len(self._free)
        if missing > 0:
            fresh = await self.world.stage.add_slots(missing)
            self.world.random.shuffle(fresh)
            self._free.extend(fresh)

    def take(self, slot_ids: Iterable[int]) -> None:
        """Book these as well, which are free."""
        self._free.extend(slot_ids)

    def next(self) -> Request | None:
        return self.booking(self.anyone(), self._free.popleft()) if self._free else None

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        settle_booking(self.world, request.note, status, body)
        if status in REFUSED:
            self._free.append(request.note[1])

    async def once(self, deps: Deps) -> None:
        person, slot_id = self.anyone(), self._free.popleft()
        session = await session_of(deps, person, self._sessions)
        answer = await book(deps, session, slot_id, NOTES, False)
        self.world.journal.book(person.account_id, slot_id, answer.body)


class Hot(Scenario):
    """Thousands after few slots: as many 201 as there are places, and quick refusals."""

    name = "hot"
    help = "thousands of clients want the same few slots"
    people = 2000
    connections = 500
    slots = 10
    expected: ClassVar[Expected] = {"book": frozenset({201, 409})}

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        self._slots: list[int] = []
        self._lost: set[int] = set()  # slots that somebody was told to be taken

    async def prepare(self, requests: int) -> None:
        await super().prepare(requests)
        if not self._slots:
            self._slots = await self.world.stage.add_slots(self.options.slots or self.slots)

    def next(self) -> Request | None:
        return self.booking(self.anyone(), self.world.random.choice(self._slots))

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        settle_booking(self.world, request.note, status, body)
        if status == 409:
            self._lost.add(request.note[1])

    def checks(self) -> list[Check]:
        """Nobody lost to nobody: nobody cancels here, so what is taken stays taken."""
        taken = {promise.slot_id for promise in self.world.journal.promises.values()}
        unknown = {slot_id for _, slot_id in self.world.journal.unanswered}
        wrong = [f"slot {one} is free" for one in sorted(self._lost - taken - unknown)]
        return [verdict("Whoever lost, lost to somebody", f"{len(self._lost):,} slots", wrong)]
