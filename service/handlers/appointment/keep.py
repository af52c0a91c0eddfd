"""Keeping an appointment that is outside of the hours."""

from service import errors
from service.booking.actions import KEEP
from service.booking.answer import Answer
from service.booking.appointment.keep import keep
from service.deps import Deps
from service.handlers.appointment.appointments import Change
from service.handlers.appointment.end import CancelBody
from service.http.base import endpoint
from service.openapi.answers import appointment as answers


class Keep(Change):
    @endpoint(
        "keepAppointment",
        action=KEEP.name,
        body=CancelBody,
        needs_body=False,
        answers=(200, *answers.KEPT),
        raises=(errors.NotActive, errors.PreconditionFailed),
        sends=("ETag",),
    )
    async def post(self, appointment_id: int) -> None:
        """Keep an appointment although it is outside of the hours; doing it again succeeds again.

        It leaves the list of `outside_hours`, and so do others who share its slot. It is a conflict
        again when it is moved to such a time, or when a closure is made later that is in its
        way."""
        version = await self.version(appointment_id)

        async def work(deps: Deps) -> Answer:
            return await keep(
                deps,
                self.actor,
                appointment_id,
                reason=self.body.reason,
                version=version,
                expand=self.expand,
            )

        await self.give_once(200, work)
