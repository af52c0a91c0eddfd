"""Appointments, and what became of them."""

from typing import Annotated, Literal

from msgspec import Meta

from service.booking.status import AppointmentStatus
from service.openapi.answers.calendar import Slot, SlotBrief, SlotNamed
from service.openapi.answers.shape import Instant, Shape


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
    message: Literal["Appointment rescheduled successfully"]
    appointment_id: int
    old_slot: int
    new_slot: int


class MovedExpanded(Shape):
    """The answer with `?expand=slot`."""

    message: Literal["Appointment rescheduled successfully"]
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
    message: Literal["Appointment cancelled successfully"]


class CancelledExpanded(EndedExpanded):
    """The answer with `?expand=slot`."""

    message: Literal["Appointment cancelled successfully"]


class Noshow(Ended):
    message: Literal["Appointment marked as no-show"]


class NoshowExpanded(EndedExpanded):
    """The answer with `?expand=slot`."""

    message: Literal["Appointment marked as no-show"]


class Fulfilled(Ended):
    message: Literal["Appointment marked as fulfilled"]


class FulfilledExpanded(EndedExpanded):
    """The answer with `?expand=slot`."""

    message: Literal["Appointment marked as fulfilled"]


class Change(Shape):
    """One change of an appointment: who, when, from where to where."""

    at: Instant
    action: Literal["book", "reschedule", "cancel", "noshow", "fulfill"]
    actor: Annotated[
        str, Meta(description="Username of who did it; to customers `staff` for whoever is.")
    ]
    from_slot: int | None
    to_slot: int | None
    from_status: AppointmentStatus | None
    to_status: AppointmentStatus
    reason: str
