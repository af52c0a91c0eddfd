"""A calendar that other programs subscribe to: whole, and again with If-None-Match."""

from typing import ClassVar

from tests.load.caller import Caller
from tests.load.errors import LoadError
from tests.load.scenarios.base import Expected, Options, Scenario, World, flat_out
from tests.load.scenarios.move import Settling
from tests.load.wire import Request, header

EVENTS = 500  # in it
KINDS = ("ics", "ics-304")


class CalendarFeed(Scenario):
    """The calendar of one person; `only` names the kind that is wanted. Nothing changes."""

    name = "ics"
    help = "a calendar of 500 events to subscribe to, and its 304; --only picks one"
    people = 1
    expected: ClassVar[Expected] = {
        "ics": frozenset({200}),
        "ics-304": frozenset({200, 304}),  # 200 the first time, which brings the ETag
    }

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        self._kind = options.only or KINDS[0]
        if self._kind not in KINDS:
            raise LoadError(f"--only takes one of: {','.join(KINDS)}.")
        self._path, self._tag = "", b""

    async def prepare(self, requests: int) -> None:
        fresh = not self.persons
        await super().prepare(requests)
        if not fresh:
            return
        slot_ids = await self.world.stage.add_slots(EVENTS)
        await flat_out(Settling(self.world, self.persons[:1] * EVENTS, slot_ids))
        async with Caller(*self.world.address) as caller:
            token = self.persons[0].token
            made = await caller.wanted(
                201, "POST", "/api/calendar-links/", {"of": "me"}, token=token
            )
        self._path = "/calendar/" + made.json["url"].partition("/calendar/")[2]

    def next(self) -> Request | None:
        again = self._kind.endswith("304") and self._tag
        extra = b"If-None-Match: %b\r\n" % self._tag if again else b""
        return self.get(self._path, self._kind, None, extra)

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        if status == 200:
            self._tag = header(head, b"etag") or b""
