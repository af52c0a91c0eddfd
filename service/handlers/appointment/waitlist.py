"""The waitlist: lines for times that others have."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from service import errors
from service.booking import waitlist
from service.booking.answer import Answer, Page
from service.booking.appointment.book_time import ANY_PROVIDER
from service.booking.calendar import times
from service.booking.waitlist import WaitWish
from service.deps import Deps
from service.errors import InvalidFields
from service.handlers.calendar.times import Size
from service.http import cursor
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Cursor, Id, Limit, ProviderId
from service.openapi.answers import waitlist as answers

TAG = "Waitlist", "Lines for times that others have."

EITHER = "Either slot or service is required."
WITH_SERVICE = "It goes with service."
NO_MOMENT = "A day, or an instant with its offset, was expected."
LONGEST = timedelta(days=92)
TOO_LONG = f"Must be after from and after now, by {LONGEST.days} days at most."
Moment = Annotated[
    str,
    Meta(
        max_length=40,
        description="A day on the provider's clock, which is when it begins; or an instant.",
        examples=["2027-01-04"],
    ),
]


class WaitBody(Body):
    """A slot; or a service, with a provider or anybody, and when: `to` is not included. `size` is
    how many people come."""

    slot: Id | None = None
    service: Id | None = None
    provider: ProviderId | None = None
    from_at: Moment | None = msgspec.field(default=None, name="from")
    to_at: Moment | None = msgspec.field(default=None, name="to")
    size: Size = 1


class WaitQuery(msgspec.Struct):
    limit: Limit = 100
    cursor: Cursor = ""


class Waitlist(ApiHandler):
    @endpoint("listWaiting", query=WaitQuery, answers=(200, list[answers.Waiting]))
    async def get(self) -> None:
        """What you wait for, and what became of it, by id. An offer has its `hold`, which is yours
        until `expires_at`: confirm it, or let go of it."""
        page = await waitlist.list_page(
            self.deps,
            self.actor,
            after_id=cursor.read(self.query.cursor, int),
            limit=self.query.limit,
        )
        self.give_page(Page(f"[{','.join(one.body for one in page.body)}]", page.next))

    @endpoint(
        "joinWaitlist",
        body=WaitBody,
        answers=(201, answers.Joined),
        raises=(
            errors.NotFound,
            errors.NotOffered,
            errors.PartyTooLarge,
            errors.SlotInPast,
            errors.LimitReached,
        ),
    )
    async def post(self) -> None:
        """Wait for a time that others have. Whoever leaves one offers it to the first in line whom
        it suits: nobody else ever sees it free. What is free already is not offered."""
        wish = await self.wish(self.body)

        async def join(deps: Deps) -> Answer:
            return await waitlist.join(deps, self.actor, wish)

        await self.give_once(201, join)

    async def wish(self, body: WaitBody) -> WaitWish:
        """The body as the rules take it. Raises InvalidFields, NotFound."""
        if (body.slot is None) == (body.service is None):
            raise InvalidFields({"slot": [EITHER]})
        if body.service is None:
            given = {"provider": body.provider, "from": body.from_at, "to": body.to_at}
            wrong = {name: [WITH_SERVICE] for name, value in given.items() if value is not None}
            if wrong:
                raise InvalidFields(wrong)
            return WaitWish(slot_id=body.slot or 0, size=body.size)
        provider_id = body.provider or ANY_PROVIDER
        zone = (await times.service(self.deps, body.service, provider_id)).zone
        begins = max(_moment("from", body.from_at, zone), datetime.now(UTC))
        ends = _moment("to", body.to_at, zone)
        if not begins < ends <= begins + LONGEST:
            raise InvalidFields({"to": [TOO_LONG]})
        return WaitWish(0, body.service, provider_id, begins, ends, body.size)


class Waiter(ApiHandler):
    @endpoint("leaveWaitlist", answers=(204,), raises=(errors.Busy,))
    async def delete(self, waiting_id: int) -> None:
        """Wait no more; doing it again succeeds again. What is offered goes to the next in line."""

        async def leave(deps: Deps) -> Answer:
            return await waitlist.leave(deps, self.actor, waiting_id)

        await self.give_once(204, leave)


def _moment(name: str, text: str | None, zone: ZoneInfo) -> datetime:
    """The instant that a day or an instant stands for. Raises InvalidFields."""
    if text is None:
        raise InvalidFields({name: ["This field is required."]})
    try:
        if len(text) == len("2027-01-04"):
            return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidFields({name: [NO_MOMENT]})
