"""Series: the same time of day on many dates."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from service import errors
from service.booking.answer import Answer
from service.booking.appointment.book_time import Wish
from service.booking.appointment.sets import series
from service.booking.appointment.sets.dates import MOST, Rule, Unit
from service.booking.calendar.hours.document import WEEKDAYS, Weekday
from service.deps import Deps
from service.errors import InvalidFields
from service.handlers.appointment.appointments import BookQuery
from service.handlers.appointment.book import Notes
from service.handlers.calendar.times import Size
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Id, Instant, ProviderId
from service.openapi.answers import series as answers

TAG = "Series", "Appointments at the same time of day on many dates."

EITHER = "Either count or until is required."


class SeriesBody(Body):
    """From `starts_at` on, every so many days, weeks or months; of a week on that day, or on
    `days`; `count` dates, or until a day, inclusive. `customer` is for staff: for whom it is."""

    service: Id
    provider: ProviderId
    starts_at: Instant
    every: Annotated[int, Meta(ge=1, le=366)] | None = 1
    unit: Unit | None = "week"
    days: Annotated[list[Weekday], Meta(min_length=1, max_length=7)] | None = None
    count: Annotated[int, Meta(ge=2, le=MOST)] | None = None
    until: date | None = None
    conflicts: series.Conflicts | None = "refuse"
    size: Size | None = 1
    notes: Notes | None = ""
    customer: Id | None = None


class CancelSeriesBody(Body):
    """`from` is a day on the provider's clock; without it all that is to come is cancelled."""

    from_day: date | None = msgspec.field(default=None, name="from")
    reason: Annotated[str, Meta(max_length=500)] | None = ""


class ManySeries(ApiHandler):
    @endpoint(
        "createSeries",
        body=SeriesBody,
        query=BookQuery,
        answers=(201, answers.SeriesMade),
        raises=(
            errors.NotFound,
            errors.NotOffered,
            errors.PartyTooLarge,
            errors.SeriesConflict,
            errors.PermissionDenied,
            errors.Busy,
        ),
        dry=answers.SeriesTried,
    )
    async def post(self) -> None:
        """Book the same time of day on up to 52 dates of a provider, at one moment.

        Where a date can't be had all are refused, with what is to be said of each (409
        `series_conflict`); or it is skipped. A date on which the clock skips that time is
        `no_such_time`. Each date is an appointment of its own, which moves and ends alone."""
        body: SeriesBody = self.body
        rule, wish = _rule(body), _wish(body)
        dry_run = self.query.dry_run

        async def create(deps: Deps) -> Answer:
            return await series.create(
                deps, self.actor, wish, rule, body.conflicts or "refuse", dry_run=dry_run
            )

        await self.give_once(200 if dry_run else 201, create, dry_run=dry_run)


class OneSeries(ApiHandler):
    @endpoint("getSeries", answers=(200, answers.Series))
    async def get(self, series_id: int) -> None:
        """A series as it is now: one's own, or one of the calendar that one keeps."""
        self.answer(200, (await series.get(self.deps, self.actor, series_id)).body)


class CancelSeries(ApiHandler):
    @endpoint(
        "cancelSeries",
        body=CancelSeriesBody,
        needs_body=False,
        answers=(200, answers.Series),
        raises=(errors.TooLate, errors.Busy),
    )
    async def post(self, series_id: int) -> None:
        """Cancel what is to come of a series, or what comes from a day on: all of it or nothing;
        doing it again succeeds again."""
        body: CancelSeriesBody = self.body

        async def cancel(deps: Deps) -> Answer:
            return await series.cancel(
                deps, self.actor, series_id, body.from_day, body.reason or ""
            )

        await self.give_once(200, cancel)


def _wish(body: SeriesBody) -> Wish:
    return Wish(
        service_id=body.service,
        starts_at=body.starts_at,
        provider_id=body.provider,
        size=body.size or 1,
        notes=body.notes or "",
        customer_id=body.customer,
    )


def _rule(body: SeriesBody) -> Rule:
    """The rule of a body. Raises InvalidFields."""
    if (body.count is None) == (body.until is None):
        raise InvalidFields({"count": [EITHER]})
    if body.days and body.unit != "week":
        raise InvalidFields({"days": ["They go with unit week."]})
    days = frozenset(map(WEEKDAYS.index, body.days or ()))
    return Rule(body.every or 1, body.unit or "week", days, body.count, body.until)
