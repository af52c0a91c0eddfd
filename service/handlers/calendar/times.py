"""Times at which a service can be booked."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from service import errors
from service.booking.appointment.book_time import ANY_PROVIDER
from service.booking.calendar import times
from service.booking.calendar.bounds import LAST, MOST_PLACES
from service.handlers.calendar import services
from service.http import cursor
from service.http.base import ApiHandler, endpoint
from service.http.fields import Cursor, Id, Instant, Limit, ProviderId, is_day
from service.http.headers.guards import PRIVATE
from service.http.routing.declaration import SIGNED_IN
from service.openapi.answers import calendar as answers

TAG = services.TAG

Size = Annotated[int, Meta(ge=1, le=MOST_PLACES, description="How many people come.")]
Moving = Annotated[
    Id,
    Meta(description="One's own appointment that is to be moved: it is not in its own way."),
]


class TimesQuery(msgspec.Struct):
    """`from` is now unless it is given, `to` a week later. A day is one of the provider's clock."""

    provider: ProviderId | None = None
    from_at: Instant | None = msgspec.field(default=None, name="from")
    to_at: Instant | None = msgspec.field(default=None, name="to")
    size: Size = 1
    moving: Moving | None = None
    limit: Limit = 100
    cursor: Cursor = ""


class NextQuery(msgspec.Struct):
    """`from` is now unless it is given."""

    provider: ProviderId | None = None
    from_at: Instant | None = msgspec.field(default=None, name="from")
    size: Size = 1
    moving: Moving | None = None


class ExplainQuery(msgspec.Struct):
    starts_at: Instant
    provider: ProviderId | None = None
    size: Size = 1


class OfService(ApiHandler):
    """What is asked about the times of a service."""

    async def spared(self) -> int:
        """The slot of the appointment that is to be moved, or 0. Raises NotFound and what a missing
        token does."""
        if self.query.moving is None:
            return 0
        await self.authenticate(SIGNED_IN)
        self.answer_fields["Cache-Control"] = PRIVATE
        return await times.moving(self.deps, self.actor, self.query.moving)


class Times(OfService):
    @endpoint(
        "listTimes",
        query=TimesQuery,
        answers=(200, list[answers.Time]),
        raises=(errors.NotAuthenticated, errors.InvalidToken),
    )
    async def get(self, service_id: int) -> None:
        """Times that can be booked now, by start and provider. Without `provider` each start comes
        once, with the number of `providers` who are free, on the clock of the first of them."""
        query: TimesQuery = self.query
        provider_id = query.provider or ANY_PROVIDER
        asked = await times.service(self.deps, service_id, provider_id)
        now = datetime.now(UTC)
        from_at = max(_placed(self, "from", asked, now), now)
        to_at = _placed(self, "to", asked, min(from_at, LAST) + timedelta(days=7))
        if wrong := times.wrong_span(from_at, to_at, provider_id):
            raise errors.InvalidFields({"to": wrong})
        page = await times.list_page(
            self.deps,
            service_id,
            provider_id,
            from_at=from_at,
            to_at=to_at,
            size=query.size,
            except_slot_id=await self.spared(),
            after=cursor.read(query.cursor, times.Cursor),
            limit=query.limit,
            known=self.known,
        )
        self.give_page(page)


class Next(OfService):
    @endpoint(
        "getNextTime",
        query=NextQuery,
        answers=(200, answers.Time | None),
        raises=(errors.NotAuthenticated, errors.InvalidToken),
    )
    async def get(self, service_id: int) -> None:
        """The first time that can be booked, however far ahead; null where there is none."""
        query: NextQuery = self.query
        provider_id = query.provider or ANY_PROVIDER
        asked = await times.service(self.deps, service_id, provider_id)
        found = await times.next_time(
            self.deps,
            service_id,
            provider_id,
            from_at=_placed(self, "from", asked, datetime.now(UTC)),
            size=query.size,
            except_slot_id=await self.spared(),
        )
        self.answer(200, found)


class Explain(OfService):
    @endpoint("explainTime", query=ExplainQuery, answers=(200, answers.Explanation))
    async def get(self, service_id: int) -> None:
        """Why who asks can't book a time: all reasons, the first is what booking would say."""
        query: ExplainQuery = self.query
        provider_id = query.provider or ANY_PROVIDER
        found = await times.explain(
            self.deps, self.actor, service_id, provider_id, query.starts_at, query.size
        )
        self.answer(
            200,
            {
                "bookable": found.bookable,
                "reasons": [one._asdict() for one in found.reasons],
                "next": msgspec.Raw(found.following.encode()),
            },
        )


def _placed(handler: ApiHandler, name: str, asked: times.Service, default: datetime) -> datetime:
    """A parameter as an instant: a day is when it begins on the provider's clock."""
    given: datetime | None = getattr(handler.query, f"{name}_at")
    if given is None:
        return default
    if not is_day(handler.request.query_arguments.get(name)):
        return given
    try:
        return given.replace(tzinfo=asked.zone).astimezone(UTC)
    except OverflowError:
        raise errors.InvalidFields({name: ["There is no such day here."]}) from None
