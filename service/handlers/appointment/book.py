"""What can be asked for when booking: a slot, or a time of a service."""

from typing import Annotated, Any

from msgspec import Meta

from service import errors
from service.booking.actor import Actor
from service.booking.appointment.book_time import ANY_PROVIDER, Override, Wish
from service.booking.appointment.desk import SlotOverride, SlotWish
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


Why = Annotated[str, Meta(max_length=500)]


class BookBody(Body):
    """A slot. `customer`, `override` and `reason` are for staff, as with a time: what is booked by
    its id minds no closure, so that `closed` is for a slot that is itself closed."""

    slot: Id
    notes: Notes | None = ""
    customer: Id | None = None
    override: Annotated[list[SlotOverride], Meta(max_length=2)] | None = None
    reason: Why | None = ""

    def at_desk(self, actor: Actor) -> bool:
        """Whether it has what is for staff."""
        for_other = self.customer not in (None, actor.account_id)
        return bool(for_other or self.override or (self.reason and actor.staff_of))


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
    reason: Why | None = ""


def kind(value: Any) -> type[Body]:
    """Which of both a decoded body is."""
    return TimeBody if isinstance(value, dict) and "service" in value else BookBody


def slot_wish(body: BookBody, actor: Actor) -> SlotWish:
    """What staff want, as the rules take it."""
    customer_id = actor.account_id if body.customer is None else body.customer
    return SlotWish(
        body.slot, customer_id, body.notes or "", body.override or (), body.reason or ""
    )


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
