"""What can be asked for when booking: a slot, or a time of a service."""

from typing import Annotated, Any

from msgspec import Meta

from service import errors
from service.booking.appointment.book_time import ANY_PROVIDER, Override, Wish
from service.handlers.calendar.times import Size
from service.http.fields import Body, Id, Instant, ProviderId

Notes = Annotated[str, Meta(max_length=4000)]
# What booking a time of a service may be refused for, and moving to one.
TIME_REFUSALS = (
    errors.NotOffered,
    errors.PartyTooLarge,
    errors.TooSoon,
    errors.TooFar,
    errors.Closed,
    errors.OffGrid,
    errors.LimitReached,
)


class BookBody(Body):
    slot: Id
    notes: Notes | None = ""


class TimeBody(Body):
    """A time of a service, with one provider or any. `customer`, `override` and `reason` are for
    staff: for whom it is, and what is not to count, and why."""

    service: Id
    starts_at: Instant
    provider: ProviderId | None = None
    size: Size = 1
    notes: Notes | None = ""
    customer: Id | None = None
    override: Annotated[list[Override], Meta(max_length=7)] | None = None
    reason: Annotated[str, Meta(max_length=500)] | None = ""


def kind(value: Any) -> type[Body]:
    """Which of both a decoded body is."""
    return TimeBody if isinstance(value, dict) and "service" in value else BookBody


def wish(body: TimeBody) -> Wish:
    """The body as the rules take it."""
    return Wish(
        service_id=body.service,
        starts_at=body.starts_at,
        provider_id=body.provider or ANY_PROVIDER,
        size=body.size,
        notes=body.notes or "",
        customer_id=body.customer,
        override=body.override or (),
        reason=body.reason or "",
    )
