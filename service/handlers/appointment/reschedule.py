"""Moving an appointment to another slot."""

from service import errors
from service.booking.actions import RESCHEDULE
from service.booking.appointment.reschedule import reschedule
from service.handlers.appointment.appointments import Change
from service.http.base import endpoint
from service.http.fields import Body, Id
from service.openapi.answers import appointment as answers


class RescheduleBody(Body):
    new_slot: Id


class Reschedule(Change):
    @endpoint(
        "rescheduleAppointment",
        action=RESCHEDULE.name,
        body=RescheduleBody,
        answers=(200, answers.Moved, answers.MovedExpanded),
        raises=(
            errors.SlotTaken,
            errors.AlreadyBooked,
            errors.SameSlot,
            errors.NotActive,
            errors.SlotInPast,
            errors.TooLate,
            errors.Busy,
            errors.PermissionDenied,
            errors.PreconditionFailed,
        ),
        sends=("ETag",),
    )
    async def patch(self, appointment_id: int) -> None:
        """Move an appointment to another slot."""
        moved = await reschedule(
            self.deps,
            self.actor,
            appointment_id,
            self.body.new_slot,
            version=await self.version(appointment_id),
            expand=self.expand,
            key=self.key,
        )
        self.give(200, moved)
