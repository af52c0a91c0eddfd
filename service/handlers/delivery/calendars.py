"""Calendars of somebody else, whose busy times close a provider's."""

import json
from typing import Annotated, Literal

from msgspec import Meta

from service import errors
from service.booking.answer import NOTHING, Answer
from service.booking.broad import in_turn
from service.booking.delivery import busy
from service.deps import Deps
from service.handlers.delivery import invite
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body
from service.openapi.answers.delivery import calendar as answers

TAG = invite.TAG

Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2000,
        description="Of iCalendar text; `webcal://` is taken for `https://`. It is never shown.",
    ),
]


class CalendarBody(Body):
    url: Url
    kind: Literal["ics"] = "ics"


class Calendars(ApiHandler):
    @endpoint(
        "listProviderCalendars",
        answers=(200, list[answers.CalendarSourceShown]),
        raises=(errors.PermissionDenied,),
    )
    async def get(self, provider_id: int) -> None:
        """Calendars of others that close a provider's time, how they are, and the coming
        appointments that are in their way. Those stay until somebody moves, cancels or keeps
        them."""
        self.answer(200, await busy.listed(self.deps, self.actor, provider_id))

    @endpoint(
        "createProviderCalendar",
        body=CalendarBody,
        answers=(201, answers.CalendarSource),
        raises=(errors.PermissionDenied, errors.NotFound, errors.LimitReached),
        sends=("Location",),
    )
    async def post(self, provider_id: int) -> None:
        """Let the busy times of another calendar close a provider's. It is read at once, and then
        every quarter of an hour; only when it is busy is kept, not with what."""
        url: str = self.body.url

        async def create(deps: Deps) -> Answer:
            return await busy.create(deps, self.actor, provider_id, url)

        made = await in_turn(self.deps, self.actor.account_id, self.key, create)
        place = f"/api/providers/{provider_id}/calendars/{json.loads(made.body)['id']}/"
        self.set_header("Location", place)
        self.give(201, made)


class Calendar(ApiHandler):
    @endpoint("deleteProviderCalendar", answers=(204,), raises=(errors.PermissionDenied,))
    async def delete(self, provider_id: int, calendar_id: int) -> None:
        """Forget a calendar, and free the times that it closed."""

        async def delete(deps: Deps) -> Answer:
            await busy.delete(deps, self.actor, provider_id, calendar_id)
            return NOTHING

        await self.give_once(204, delete)


class Refresh(ApiHandler):
    @endpoint(
        "refreshProviderCalendar",
        answers=(202, answers.CalendarSource),
        raises=(errors.PermissionDenied,),
    )
    async def post(self, provider_id: int, calendar_id: int) -> None:
        """Read a calendar as soon as may be: at once, or a minute after it was last asked for."""

        async def refresh(deps: Deps) -> Answer:
            return await busy.refresh(deps, self.actor, provider_id, calendar_id)

        await self.give_once(202, refresh)
