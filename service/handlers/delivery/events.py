"""The log of events, read page by page."""

import asyncio
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from service import deadline, errors
from service.booking.delivery import event
from service.booking.delivery.event import EventPage, EventType
from service.http.base import ApiHandler, endpoint
from service.http.fields import INT64, Limit
from service.openapi.answers import events as answers

WAIT_MAX = 20  # seconds
PAUSE = 0.2  # seconds between looks of who waits, once something came that was for others
NONE = "[]"

After = Annotated[int, Meta(ge=0, le=INT64)]
Wait = Annotated[int, Meta(ge=0, le=WAIT_MAX)]


class EventsQuery(msgspec.Struct):
    after: After | None = None
    limit: Limit = 100
    types: tuple[EventType, ...] = ()
    wait: Wait = 0


class Events(ApiHandler):
    idle = 0.0  # seconds that it has waited because it was asked to

    @endpoint(
        "listEvents",
        query=EventsQuery,
        answers=(200, list[answers.Event]),
        raises=(errors.CursorExpired,),
        sends=("Link", "Event-Head"),
    )
    async def get(self) -> None:
        """What has happened, by id: your appointments, or as staff your calendar's; of all others
        only how their slots are now. `Link` leads on, from the last event too."""
        query, log = self.query, self.deps.log
        page = await self.page(query.after)
        until, pause = self.clock() + query.wait, 0.0
        while page.body == NONE and page.last_id >= page.head.position:
            log.reach(page.head.position)
            began = self.clock()
            more = await log.beyond(page.last_id, until - began)
            await asyncio.sleep(pause)
            self.idle += self.clock() - began
            if not more:
                break
            deadline.begin(self.deps.settings.request_deadline)
            page, pause = await self.page(page.last_id), PAUSE
        self.set_header("Event-Head", f"{page.head.position}; log={page.head.log}")
        self.link(page.last_id)
        self.answer(200, page.body)

    async def page(self, after: int | None) -> EventPage:
        """What the actor sees of the events after one."""
        return await event.page(
            self.deps, self.actor, after=after, types=self.query.types, limit=self.query.limit
        )

    def clock(self) -> float:
        """The time of the loop, in seconds."""
        return asyncio.get_running_loop().time()

    def link(self, last_id: int) -> None:
        """Say where to go on: behind the last event that was looked at, so that what is filtered
        out is never looked at again."""
        given = {"limit": self.query.limit, "types": self.query.types, "wait": self.query.wait}
        asked = {name: one for name, one in given.items() if name in self.request.query_arguments}
        target = urlencode({"after": last_id} | asked, doseq=True)
        self.set_header("Link", f'<{self.request.path}?{target}>; rel="next"')
