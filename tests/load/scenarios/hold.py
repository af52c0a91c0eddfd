"""Holds, each of another free slot, and each confirmed."""

import itertools
from collections import deque
from typing import ClassVar

from tests.load.journal import HELD
from tests.load.scenarios.base import (
    REFUSED,
    Expected,
    Held,
    Options,
    Scenario,
    World,
    settle_booking,
    settle_confirming,
)
from tests.load.wire import Request


class Hold(Scenario):
    """Half of the requests hold a free slot that nobody else asks for; the others confirm it."""

    name = "hold"
    help = "each free slot is held, and then confirmed"
    expected: ClassVar[Expected] = {"hold": frozenset({201}), "confirm": frozenset({201})}

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        self._free: deque[int] = deque()
        self._held: deque[Held] = deque()

    async def prepare(self, requests: int) -> None:
        await super().prepare(requests)
        # In turn: nobody holds much more than others, since there is a limit.
        self._turns = itertools.cycle(self.persons)
        missing = requests - len(self._free)
        if missing > 0:
            fresh = await self.world.stage.add_slots(missing)
            self.world.random.shuffle(fresh)
            self._free.extend(fresh)

    def next(self) -> Request | None:
        if self._held:
            return self.confirming(self._held.popleft())
        return self.holding(next(self._turns), self._free.popleft()) if self._free else None

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        if request.kind == "hold":
            held = settle_booking(self.world, request.note, status, body, HELD)
            if held is not None:
                self._held.append(held)
            elif status in REFUSED:
                self._free.append(request.note[1])
        else:
            settle_confirming(self.world, request.note, status, body)
            if status in REFUSED:
                self._held.append(request.note)
