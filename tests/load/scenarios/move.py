"""Reschedules: from anywhere to anywhere free, or back and forth between a few slots."""

from collections import deque
from typing import ClassVar

from service.access.sessions import Session
from service.booking.appointment.reschedule import reschedule
from service.deps import Deps
from tests.load.scenarios.base import (
    Expected,
    Held,
    Options,
    Scenario,
    World,
    flat_out,
    session_of,
    settle_booking,
    settle_move,
)
from tests.load.stage import Person
from tests.load.wire import Request

SPARE = 1000  # free slots beside the appointments, so that a target is always at hand
FEW_CAPACITY = 40


class Settling(Scenario):
    """Books given slots, to have appointments to begin with."""

    name = "the first bookings"
    expected: ClassVar[Expected] = {"book": frozenset({201})}

    def __init__(self, world: World, persons: list[Person], slot_ids: list[int]) -> None:
        super().__init__(world, Options())
        self._wanted = deque(zip(persons, slot_ids, strict=True))
        self.held: list[Held] = []

    def next(self) -> Request | None:
        return self.booking(*self._wanted.popleft()) if self._wanted else None

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        held = settle_booking(self.world, request.note, status, body)
        if held is not None:
            self.held.append(held)


class Move(Scenario):
    """Each appointment is moved by one request at a time, so that it is known where it must be."""

    name = "move"
    help = "reschedules to any free slot, or with --slots N among these few"
    appointments = 2000
    expected: ClassVar[Expected] = {"move": frozenset({200, 409})}
    direct = True

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        self._held: deque[Held] = deque()
        self._free: deque[int] = deque()
        self._few: list[int] = []
        self._sessions: dict[int, Session] = {}

    async def prepare(self, requests: int) -> None:
        await super().prepare(requests)
        if self._held:
            return
        slot_ids = await self._few_slots() if self.options.slots else await self._many_slots()
        persons = [self.anyone() for _ in slot_ids]
        settling = Settling(self.world, persons, slot_ids)
        await flat_out(settling)
        self.world.random.shuffle(settling.held)
        self._held.extend(settling.held)

    async def _many_slots(self) -> list[int]:
        fresh = await self.world.stage.add_slots(self.appointments + SPARE)
        self.world.random.shuffle(fresh)
        self._free.extend(fresh[self.appointments :])
        return fresh[: self.appointments]

    async def _few_slots(self) -> list[int]:
        """Slots with many places, half of them taken."""
        self._few = await self.world.stage.add_slots(max(self.options.slots or 0, 2), FEW_CAPACITY)
        return [slot_id for slot_id in self._few for _ in range(FEW_CAPACITY // 2)]

    def next(self) -> Request | None:
        if not self._held:
            return None
        held = self._held.popleft()
        return self.moving(held, self._target(held))

    def _target(self, held: Held) -> int:
        if not self._few:
            return self._free.popleft()
        return self.world.random.choice([one for one in self._few if one != held.slot_id])

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        after = settle_move(self.world, request.note, status, body)
        if after is not None:  # else it may be in either slot: leave both alone from now on
            self._settle(*after)

    def _settle(self, held: Held, free_slot_id: int) -> None:
        self._held.append(held)
        if not self._few:
            self._free.append(free_slot_id)

    async def once(self, deps: Deps) -> None:
        held = self._held.popleft()
        target = self._target(held)
        session = await session_of(deps, held.person, self._sessions)
        answer = await reschedule(deps, session, held.appointment_id, target)
        self.world.journal.move(held.appointment_id, target, answer.body)
        self._settle(held._replace(slot_id=target), held.slot_id)
