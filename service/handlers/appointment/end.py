"""Ending an appointment, and what staff say to one that waits for approval."""

from typing import Annotated, ClassVar

from msgspec import Meta

from service import errors
from service.booking.actions import APPROVE, CANCEL, DECLINE, FULFILL, NOSHOW, Action
from service.booking.appointment.end import end
from service.handlers.appointment.appointments import Change
from service.http.base import endpoint
from service.http.fields import Body
from service.openapi.answers import appointment as answers


class CancelBody(Body):
    # Of all endings; clients made of the OpenAPI document know it by the name of the first.
    reason: Annotated[str, Meta(max_length=500)] | None = ""


class Ending(Change):
    """One that ends an appointment by its `action`."""

    action: ClassVar[Action]

    async def end(self, appointment_id: int) -> None:
        """End the appointment and say so."""
        ended = await end(
            self.deps,
            self.actor,
            appointment_id,
            self.action,
            reason=self.body.reason,
            version=await self.version(appointment_id),
            expand=self.expand,
            key=self.key,
        )
        self.give(200, ended)


class Cancel(Ending):
    action = CANCEL

    @endpoint(
        "cancelAppointment",
        action=CANCEL.name,
        body=CancelBody,
        needs_body=False,
        answers=(200, *answers.CANCELLED),
        raises=(errors.NotActive, errors.TooLate, errors.Busy, errors.PreconditionFailed),
        sends=("ETag",),
    )
    async def post(self, appointment_id: int) -> None:
        """Cancel an appointment; doing it again succeeds again."""
        await self.end(appointment_id)


class Noshow(Ending):
    action = NOSHOW

    @endpoint(
        "noteNoShow",
        action=NOSHOW.name,
        body=CancelBody,
        needs_body=False,
        answers=(200, *answers.NO_SHOW),
        raises=(errors.NotActive, errors.TooEarly, errors.Busy, errors.PreconditionFailed),
        sends=("ETag",),
    )
    async def post(self, appointment_id: int) -> None:
        """Note that nobody came, once the slot has begun."""
        await self.end(appointment_id)


class Fulfill(Ending):
    action = FULFILL

    @endpoint(
        "fulfillAppointment",
        action=FULFILL.name,
        body=CancelBody,
        needs_body=False,
        answers=(200, *answers.FULFILLED),
        raises=(errors.NotActive, errors.Busy, errors.PreconditionFailed),
        sends=("ETag",),
    )
    async def post(self, appointment_id: int) -> None:
        """Note that the appointment took place; it may have been before its time."""
        await self.end(appointment_id)


class Approve(Ending):
    action = APPROVE

    @endpoint(
        "approveAppointment",
        action=APPROVE.name,
        body=CancelBody,
        needs_body=False,
        answers=(200, *answers.APPROVED),
        raises=(errors.NotPending, errors.Busy, errors.PreconditionFailed),
        sends=("ETag",),
    )
    async def post(self, appointment_id: int) -> None:
        """Approve an appointment that waits for it; doing it again succeeds again."""
        await self.end(appointment_id)


class Decline(Ending):
    action = DECLINE

    @endpoint(
        "declineAppointment",
        action=DECLINE.name,
        body=CancelBody,
        needs_body=False,
        answers=(200, *answers.DECLINED),
        raises=(errors.NotPending, errors.Busy, errors.PreconditionFailed),
        sends=("ETag",),
    )
    async def post(self, appointment_id: int) -> None:
        """Decline an appointment that waits for approval, as its deadline does; doing it again
        succeeds again."""
        await self.end(appointment_id)
