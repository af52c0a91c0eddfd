"""Sets of two moves: each to free slots, or --only swap, which changes places."""

from collections import deque
from typing import ClassVar

from tests.load.errors import LoadError
from tests.load.scenarios.base import (
    Expected,
    Held,
    Options,
    Scenario,
    World,
    flat_out,
    settle_moves,
)
from tests.load.scenarios.move import Settling
from tests.load.wire import Request

PAIRS = 1000
SPARE = 1000  # free slots beside the appointments


class MoveTogether(Scenario):
    """Each pair of one person's appointments is moved by one request at a time."""

    name = "move-together"
    help = "sets of two moves, to any free slots; --only swap: they change places"
    pairs: ClassVar[int] = PAIRS
    expected: ClassVar[Expected] = {"moves": frozenset({200, 409})}

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        if options.only not in (None, "swap"):
            raise LoadError("--only takes: swap.")
        self._pairs: deque[tuple[Held, Held]] = deque()
        self._free: deque[int] = deque()

    async def prepare(self, requests: int) -> None:
        await super().prepare(requests)
        if self._pairs:
            return
        fresh = await self.world.stage.add_slots(2 * self.pairs + SPARE)
        self.world.random.shuffle(fresh)
        self._free.extend(fresh[2 * self.pairs :])
        persons = [self.anyone() for _ in range(self.pairs)]
        settling = Settling(self.world, persons * 2, fresh[: 2 * self.pairs])
        await flat_out(settling)
        by_person: dict[int, list[Held]] = {}
        for held in settling.held:
            by_person.setdefault(held.person.account_id, []).append(held)
        for mine in by_person.values():
            self._pairs.extend(zip(mine[::2], mine[1::2], strict=False))

    def next(self) -> Request | None:
        if not self._pairs:
            return None
        one, other = self._pairs.popleft()
        if self.options.only:
            return self.moving_together(((one, other.slot_id), (other, one.slot_id)))
        return self.moving_together(((one, self._free.popleft()), (other, self._free.popleft())))

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        after = settle_moves(self.world, request.note, status, body)
        if after is None:
            return
        (one, first), (other, second) = after
        self._pairs.append((one, other))
        if not self.options.only:
            self._free.extend((first, second))
