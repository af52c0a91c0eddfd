"""Moving an appointment to another slot."""

from typing import Any

from service import errors
from service.booking.actions import RESCHEDULE
from service.booking.appointment.move_time import SAME_PROVIDER, move_time
from service.booking.appointment.reschedule import reschedule
from service.handlers.appointment.appointments import Change
from service.handlers.appointment.book import TIME_REFUSALS
from service.http import fields
from service.http.base import endpoint
from service.http.fields import Body, Id, Instant, ProviderId
from service.openapi.answers import appointment as answers


class RescheduleBody(Body):
    new_slot: Id


class MoveTimeBody(Body):
    """Another time of the appointment's service, with the same provider unless another is named."""

    starts_at: Instant
    provider: ProviderId | None = None


class Reschedule(Change):
    @endpoint(
        "rescheduleAppointment",
        action=RESCHEDULE.name,
        body=(RescheduleBody, MoveTimeBody),
        answers=(200, answers.Moved, answers.MovedExpanded),
        raises=(
            errors.SlotTaken,
            errors.AlreadyBooked,
            errors.SameSlot,
            errors.NotActive,
            errors.SlotInPast,
            errors.TooLate,
            errors.ApprovalNeeded,
            *TIME_REFUSALS,
            errors.Busy,
            errors.PermissionDenied,
            errors.PreconditionFailed,
        ),
        sends=("ETag",),
    )
    async def patch(self, appointment_id: int) -> None:
        """Move an appointment to another slot, or to another time of its service."""
        version = await self.version(appointment_id)
        if isinstance(self.body, MoveTimeBody):
            moved = await move_time(
                self.deps,
                self.actor,
                appointment_id,
                self.body.starts_at,
                self.body.provider or SAME_PROVIDER,
                version=version,
                expand=self.expand,
                key=self.key,
            )
        else:
            moved = await reschedule(
                self.deps,
                self.actor,
                appointment_id,
                self.body.new_slot,
                version=version,
                expand=self.expand,
                key=self.key,
            )
        self.give(200, moved)

    def read(self, kind: Any) -> Any:
        """The body of either kind."""
        value = fields.decode(bytes(self._chunks))
        timed = isinstance(value, dict) and "starts_at" in value
        return self.convert(value, MoveTimeBody if timed else RescheduleBody)
