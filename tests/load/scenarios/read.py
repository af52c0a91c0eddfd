"""Reading: one's own list, the free slots of a day, and both again with If-None-Match."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from service.access.sessions import Session
from service.booking.appointment import read
from service.booking.calendar import slot
from service.deps import Deps
from tests.load.errors import LoadError
from tests.load.scenarios.base import Expected, Options, Scenario, World, flat_out, session_of
from tests.load.scenarios.move import Settling
from tests.load.stage import Person
from tests.load.wire import Request, header

EACH = 20  # appointments of one person
DAY = timedelta(days=1)
KINDS = ("list", "free", "list-304", "free-304")


class Read(Scenario):
    """A quarter each; `only` names the kinds that are wanted. Nothing changes meanwhile."""

    name = "read"
    help = "own list of 20, free slots of a day, and 304s of both; --only picks some"
    people = 100
    expected: ClassVar[Expected] = {
        "list": frozenset({200}),
        "free": frozenset({200}),
        "list-304": frozenset({200, 304}),  # 200 the first time, which brings the ETag
        "free-304": frozenset({200, 304}),
    }
    direct = True

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        wanted = options.only.split(",") if options.only else KINDS
        if not set(wanted) <= set(KINDS):
            raise LoadError(f"--only takes some of: {','.join(KINDS)}.")
        self._turns = itertools.cycle(wanted)
        self._days: list[str] = []
        self._tags: dict[str, bytes] = {}
        self._sessions: dict[int, Session] = {}
        self._make: dict[str, Callable[[bool], Request]] = {"list": self._list, "free": self._free}

    async def prepare(self, requests: int) -> None:
        fresh = not self.persons
        await super().prepare(requests)
        if not fresh:
            return
        slot_ids = await self.world.stage.add_slots(2 * EACH * len(self.persons))
        self.world.random.shuffle(slot_ids)
        booked = slot_ids[: EACH * len(self.persons)]
        await flat_out(Settling(self.world, self.persons * EACH, booked))
        for block in self.world.stage.blocks:
            whole_days = len(block.slot_ids) // (24 * 4)
            self._days += [
                f"/api/slots/?provider={block.provider_id}&status=free"
                f"&from={block.starts_at + day * DAY:%Y-%m-%dT%H:%M:%SZ}"
                f"&to={block.starts_at + (day + 1) * DAY:%Y-%m-%dT%H:%M:%SZ}"
                for day in range(max(whole_days, 1))
            ]

    def next(self) -> Request | None:
        kind, _, again = next(self._turns).partition("-")
        return self._make[kind](bool(again))

    def _list(self, again: bool) -> Request:
        return self._read("/api/appointments/", "list", self.anyone(), again)

    def _free(self, again: bool) -> Request:
        return self._read(self.world.random.choice(self._days), "free", None, again)

    def _read(self, path: str, kind: str, person: Person | None, again: bool) -> Request:
        key = path if person is None else person.token
        tag = self._tags.get(key) if again else None
        extra = b"If-None-Match: %b\r\n" % tag if tag else b""
        kind = f"{kind}-304" if again else kind
        return self.get(path, kind, person, extra)._replace(note=key)

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        if status == 200 and request.kind.endswith("304"):
            self._tags[request.note] = header(head, b"etag") or b""

    async def once(self, deps: Deps) -> None:
        """A list or a day, whichever is asked for over HTTP; SQL knows no 304."""
        if next(self._turns).startswith("list"):
            session = await session_of(deps, self.anyone(), self._sessions)
            await read.list_page(deps, session, **OWN_LIST)
            return
        block = self.world.random.choice(self.world.stage.blocks)
        await slot.list_page(
            deps,
            provider_ids=[block.provider_id],
            statuses=["free"],
            from_at=block.starts_at,
            to_at=block.starts_at + DAY,
            after=slot.BEGINNING,
            limit=100,
        )


OWN_LIST: dict[str, Any] = {
    "from_at": "-infinity",
    "to_at": "infinity",
    "after": read.BEGINNING,
    "limit": 100,
    "expand": False,
}
