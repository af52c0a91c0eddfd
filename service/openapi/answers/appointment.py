"""Appointments, and what became of them."""

from typing import Annotated

from msgspec import Meta

from service.booking.actions import CANCEL, FULFILL, NOSHOW, RESCHEDULE, Action, ActionName
from service.booking.status import AppointmentStatus
from service.openapi.answers.calendar import Slot, SlotBrief, SlotNamed
from service.openapi.answers.shape import Instant, Shape


def _says(action: Action) -> Meta:
    """Of a text: it is the action's message."""
    return Meta(extra_json_schema={"enum": [action.message]})


class Appointment(Shape):
    id: int
    slot: SlotNamed
    user: str
    notes: str
    status: AppointmentStatus


class AppointmentExpanded(Appointment):
    """The answer with `?expand=slot`."""

    slot: Slot


class AppointmentBrief(Shape):
    id: int
    slot: SlotBrief
    notes: str
    status: AppointmentStatus


class AppointmentBriefExpanded(AppointmentBrief):
    """The answer with `?expand=slot`."""

    slot: Slot


class Moved(Shape):
    message: Annotated[str, _says(RESCHEDULE)]
    appointment_id: int
    old_slot: int
    new_slot: int


class MovedExpanded(Shape):
    """The answer with `?expand=slot`."""

    message: Annotated[str, _says(RESCHEDULE)]
    appointment_id: int
    old_slot: Slot
    new_slot: Slot


class Ended(Shape):
    message: str
    appointment_id: int
    slot: int


class EndedExpanded(Shape):
    message: str
    appointment_id: int
    slot: Slot


class Cancelled(Ended):
    message: Annotated[str, _says(CANCEL)]


class CancelledExpanded(EndedExpanded):
    """The answer with `?expand=slot`."""

    message: Annotated[str, _says(CANCEL)]


class Noshow(Ended):
    message: Annotated[str, _says(NOSHOW)]


class NoshowExpanded(EndedExpanded):
    """The answer with `?expand=slot`."""

    message: Annotated[str, _says(NOSHOW)]


class Fulfilled(Ended):
    message: Annotated[str, _says(FULFILL)]


class FulfilledExpanded(EndedExpanded):
    """The answer with `?expand=slot`."""

    message: Annotated[str, _says(FULFILL)]


class Change(Shape):
    """One change of an appointment: who, when, from where to where."""

    at: Instant
    action: ActionName
    actor: Annotated[
        str, Meta(description="Username of who did it; to customers `staff` for whoever is.")
    ]
    from_slot: int | None
    to_slot: int | None
    from_status: AppointmentStatus | None
    to_status: AppointmentStatus
    reason: str
