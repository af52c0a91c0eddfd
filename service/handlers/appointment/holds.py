"""Holds: a place that is kept for a while, until it is booked or not."""

from typing import Annotated, Any

from msgspec import Meta

from service import errors
from service.booking.actions import CONFIRM, HOLD, RELEASE
from service.booking.appointment import hold
from service.booking.appointment.hold import LONGEST, PlaceWish
from service.handlers.appointment.book import TIME_REFUSALS, Notes, TimeBody, wish
from service.handlers.calendar.times import Size
from service.http import fields
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Id
from service.openapi.answers import appointment as answers

TAG = "Holds", "A place that is somebody's for a while, until it is confirmed."

Seconds = Annotated[
    int, Meta(ge=1, le=LONGEST, description="For how long; never longer than the service allows.")
]
Replaces = Annotated[
    Id,
    Meta(description="A hold to let go of, if this one can be had instead."),
]


class HoldBody(Body):
    """Places in a slot: as many as people come. `customer` is for staff."""

    slot: Id
    notes: Notes | None = ""
    customer: Id | None = None
    size: Size = 1
    seconds: Seconds | None = LONGEST
    replaces: Replaces | None = None


class HoldTimeBody(TimeBody):
    """A time of a service, as for booking it."""

    seconds: Seconds | None = LONGEST
    replaces: Replaces | None = None


class ConfirmBody(Body):
    """`notes` take the place of those of the hold. `if_still_free`: if it has run out, and nobody
    has taken the place, hold and confirm it once more, under a new id."""

    notes: Notes | None = None
    if_still_free: bool = False


class Holds(ApiHandler):
    @endpoint(
        "hold",
        action=HOLD.name,
        body=(HoldBody, HoldTimeBody),
        answers=(201, answers.Hold, answers.HoldExpanded),
        raises=(
            errors.NotFound,
            errors.SlotTaken,
            errors.AlreadyBooked,
            errors.SlotInPast,
            errors.ApprovalNeeded,
            *TIME_REFUSALS,
            errors.PermissionDenied,
            errors.Busy,
        ),
        sends=("ETag",),
    )
    async def post(self) -> None:
        """Hold a place in a slot, or a time of a service, until `expires_at`.

        Nobody else gets it meanwhile: its slot is `busy-tentative`. It is in no list. What is held
        counts towards every limit, and by itself: at most so many at a time."""
        held = await hold.hold(
            self.deps,
            self.actor,
            _wish(self.body),
            replaces=self.body.replaces,
            expand=self.expand,
            key=self.key,
        )
        self.give(201, held)

    def read(self, kind: Any) -> Any:
        """The body of either kind."""
        value = fields.decode(bytes(self._chunks))
        timed = isinstance(value, dict) and "service" in value
        return self.convert(value, HoldTimeBody if timed else HoldBody)


class Held(ApiHandler):
    """One about a hold."""

    async def version(self, hold_id: int) -> int:
        """The version that If-Match asks for; see if_match()."""

        async def current() -> int:
            found, _ = await hold.get(self.deps, self.actor, hold_id, False)
            return found.version

        return await self.if_match(current)


class Hold(Held):
    @endpoint("getHold", answers=(200, answers.Hold, answers.HoldExpanded))
    async def get(self, hold_id: int) -> None:
        """A hold that has not run out."""
        found, tag = await hold.get(self.deps, self.actor, hold_id, self.expand)
        self.answer(200, found.body, etag=tag)

    @endpoint(
        "releaseHold",
        action=RELEASE.name,
        answers=(204,),
        raises=(errors.Busy, errors.PreconditionFailed),
    )
    async def delete(self, hold_id: int) -> None:
        """Let go of a hold; doing it again succeeds again. What was confirmed is none any more."""
        version = await self.version(hold_id)
        released = await hold.release(self.deps, self.actor, hold_id, version, self.key)
        self.give(204, released._replace(body="", version=0))


class Confirm(Held):
    @endpoint(
        "confirmHold",
        action=CONFIRM.name,
        body=ConfirmBody,
        needs_body=False,
        answers=(201, answers.Appointment, answers.AppointmentExpanded),
        raises=(
            errors.HoldExpired,
            errors.NotActive,
            errors.SlotTaken,
            errors.AlreadyBooked,
            errors.SlotInPast,
            *TIME_REFUSALS,
            errors.Busy,
            errors.PreconditionFailed,
        ),
        sends=("ETag",),
    )
    async def post(self, hold_id: int) -> None:
        """Make an appointment of a hold, under its id; doing it again answers it again.

        Before `expires_at` it is never refused. Where the service wants approval, the appointment
        is `pending`."""
        body: ConfirmBody = self.body
        confirmed = await hold.confirm(
            self.deps,
            self.actor,
            hold_id,
            body.notes,
            if_still_free=body.if_still_free,
            version=await self.version(hold_id),
            expand=self.expand,
            key=self.key,
        )
        self.give(201, confirmed)


def _wish(body: HoldBody | HoldTimeBody) -> Any:
    """The body as the rules take it."""
    seconds = body.seconds or LONGEST
    if isinstance(body, HoldTimeBody):
        return wish(body)._replace(seconds=seconds)
    return PlaceWish(body.slot, body.size, body.notes or "", seconds, body.customer)
