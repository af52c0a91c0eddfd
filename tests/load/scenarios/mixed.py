"""A realistic day: people look for a slot, book it, look again, move, and some cancel."""

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from tests.load.scenarios.base import (
    Expected,
    Held,
    Options,
    Scenario,
    World,
    settle_booking,
    settle_cancel,
    settle_move,
)
from tests.load.wire import NO_ANSWER, Request

# Of a hundred requests.
SHARES = {"search": 50, "list": 14, "book": 22, "move": 7, "cancel": 7}
POPULAR = 0.1  # share of the bookings that want a slot somebody else has just asked for
SLOTS = 10_000


class Mixed(Scenario):
    """Each appointment has one request at a time, so that it is known what must become of it."""

    name = "mixed"
    help = "a realistic day: search, book, list, move, cancel"
    people = 500
    expected: ClassVar[Expected] = {
        "search": frozenset({200}),
        "list": frozenset({200}),
        "book": frozenset({201, 409}),
        "move": frozenset({200, 409}),
        "cancel": frozenset({200}),
    }

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        self._free: deque[int] = deque()
        self._held: deque[Held] = deque()
        self._popular: deque[int] = deque(maxlen=20)
        self._days: list[str] = []
        makers = (self._search, self._list, self._book, self._move, self._cancel)
        self._makers: dict[str, Callable[[], Request]] = dict(zip(SHARES, makers, strict=True))
        self._kinds, self._weights = list(SHARES), list(SHARES.values())

    async def prepare(self, requests: int) -> None:
        await super().prepare(requests)
        wanted = self.options.slots or max(SLOTS, requests // 4)
        if len(self._free) >= wanted // 2:
            return
        fresh = await self.world.stage.add_slots(wanted)
        self.world.random.shuffle(fresh)
        self._free.extend(fresh)
        self._days = [
            f"/api/slots/?provider={block.provider_id}&status=free&limit=20"
            f"&from={block.starts_at + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"
            for block in self.world.stage.blocks
            for day in range(20)
        ]

    def next(self) -> Request | None:
        kind = self.world.random.choices(self._kinds, self._weights)[0]
        if (kind in ("move", "cancel") and not self._held) or not self._free:
            kind = "search"
        return self._makers[kind]()

    def _search(self) -> Request:
        return self.get(self.world.random.choice(self._days), "search")

    def _list(self) -> Request:
        return self.get("/api/appointments/?limit=20", "list", self.anyone())

    def _book(self) -> Request:
        if self._popular and self.world.random.random() < POPULAR:
            return self.booking(self.anyone(), self.world.random.choice(self._popular))
        self._popular.append(self._free.popleft())
        return self.booking(self.anyone(), self._popular[-1])

    def _move(self) -> Request:
        return self.moving(self._held.popleft(), self._free.popleft())

    def _cancel(self) -> Request:
        return self.cancelling(self._held.popleft())

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        if request.kind == "book":
            held = settle_booking(self.world, request.note, status, body)
            if held is not None:
                self._held.append(held)
        elif request.kind == "move":
            after = settle_move(self.world, request.note, status, body)
            if after is not None:
                self._held.append(after[0])
                self._free.append(after[1])
        elif request.kind == "cancel":
            self._cancelled(request.note, status)

    def _cancelled(self, held: Held, status: int) -> None:
        settle_cancel(self.world, held, status)
        if status == 200:
            self._free.append(held.slot_id)
        elif status not in NO_ANSWER:
            self._held.append(held)
