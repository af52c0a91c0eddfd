"""Links to subscribe to a calendar, and what is behind them."""

import json
from typing import Annotated, Literal

from msgspec import Meta

from service import errors
from service.booking.answer import NOTHING, Answer
from service.booking.delivery import feed, link
from service.deps import Deps
from service.handlers.delivery import invite
from service.handlers.delivery.invite import Invite
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, ProviderId
from service.http.problems import NotAcceptable
from service.openapi.answers.delivery import calendar as answers

TAG = invite.TAG

KEPT = "private, max-age=300"
Whose = Annotated[
    Literal["me", "provider"],
    Meta(description="Your own appointments, or all with a provider, which is for its staff."),
]


class LinkBody(Body):
    """`provider` is for admins: everybody else keeps but one."""

    of: Whose
    provider: ProviderId | None = None


class Links(ApiHandler):
    @endpoint("listCalendarLinks", answers=(200, list[answers.CalendarLink]))
    async def get(self) -> None:
        """Your links, by id; their addresses are never shown again."""
        self.answer(200, await link.listed(self.deps, self.actor))

    @endpoint(
        "createCalendarLink",
        body=LinkBody,
        answers=(201, answers.CalendarLinkMade),
        raises=(errors.PermissionDenied, errors.NotFound, errors.LimitReached),
    )
    async def post(self) -> None:
        """Make a link for a calendar application to subscribe to. Whoever has it can read the
        calendar until it is deleted, so its address is shown this once. At most ten each."""
        body: LinkBody = self.body
        if body.of == "me" and body.provider is not None:
            raise errors.InvalidFields({"provider": ["Only with of: provider."]})
        provider_id = link.OWN
        if body.of == "provider":
            provider_id = link.calendar_of(self.actor, body.provider)
        made = await link.create(self.deps, self.actor, provider_id)
        address = f"{self.request.host}/calendar/{made.token}.ics"
        urls = {"url": f"{self.request.protocol}://{address}", "webcal_url": f"webcal://{address}"}
        self.answer(201, json.loads(made.body) | urls)


class Link(ApiHandler):
    @endpoint("deleteCalendarLink", answers=(204,))
    async def delete(self, link_id: int) -> None:
        """From now on nobody reads anything by it."""

        async def delete(deps: Deps) -> Answer:
            await link.delete(deps, self.actor, link_id)
            return NOTHING

        await self.give_once(204, delete)


class Feed(ApiHandler):
    media = Invite.media
    tail = Invite.tail

    def _unacceptable(self) -> errors.DomainError | None:
        error = super()._unacceptable()
        return None if isinstance(error, NotAcceptable) else error  # calendars ask for anything

    @endpoint("getCalendar", answers=(200, answers.Calendar), raises=(errors.NotFound,))
    async def get(self, token: str) -> None:
        """The calendar that a link opens: appointments of the last 30 days and all to come, and
        for seven days those that were cancelled. In UTC, so every calendar shows its own clock."""
        found = await feed.feed(self.deps, token, self.known)
        self.set_header("Cache-Control", KEPT)
        self.answer(200, found.text or "", etag=found.tag)
