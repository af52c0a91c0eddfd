"""Appointments, and what became of them."""

from typing import Annotated, Any

from msgspec import Meta, defstruct

from service.booking.actions import (
    APPROVE,
    CANCEL,
    CHANGES,
    DECLINE,
    FULFILL,
    KEEP,
    NOSHOW,
    RESCHEDULE,
    Action,
)
from service.booking.status import AppointmentStatus, Status
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


class Bookable(Shape):
    """The answer of a dry run: nothing speaks against it."""

    bookable: Annotated[bool, Meta(extra_json_schema={"enum": [True]})]
    provider_id: Annotated[int, Meta(description="With whom it would be.")]


class AppointmentBrief(Shape):
    id: int
    slot: SlotBrief
    notes: str
    status: AppointmentStatus


class AppointmentBriefExpanded(AppointmentBrief):
    """The answer with `?expand=slot`."""

    slot: Slot


class Hold(Shape):
    id: Annotated[int, Meta(description="Of the appointment that it becomes.")]
    expires_at: Instant
    slot: SlotNamed


class HoldExpanded(Hold):
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


class MovedTogether(Shape):
    """One of several that were moved at once."""

    appointment_id: int
    old_slot: int
    new_slot: int


class MovedTogetherExpanded(Shape):
    """The answer with `?expand=slot`."""

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


def _ended(name: str, action: Action) -> tuple[Any, Any]:
    """The answers of an ending, or of keeping: the plain one, and the one with `?expand=slot`."""
    message = ("message", Annotated[str, _says(action)])
    doc = {"__doc__": "The answer with `?expand=slot`."}
    return (
        defstruct(name, [message], bases=(Ended,)),
        defstruct(f"{name}Expanded", [message], bases=(EndedExpanded,), namespace=doc),
    )


CANCELLED = _ended("Cancelled", CANCEL)
NO_SHOW = _ended("Noshow", NOSHOW)
FULFILLED = _ended("Fulfilled", FULFILL)
KEPT = _ended("Kept", KEEP)
APPROVED = _ended("Approved", APPROVE)
DECLINED = _ended("Declined", DECLINE)


class Change(Shape):
    """One change of an appointment: who, when, from where to where."""

    at: Instant
    action: Annotated[str, Meta(extra_json_schema={"enum": sorted(CHANGES)})]
    actor: Annotated[
        str,
        Meta(
            description="Username of who did it; to customers `staff` for whoever is. `system` is "
            "the clock."
        ),
    ]
    from_slot: int | None
    to_slot: int | None
    from_status: Status | None
    to_status: Status
    reason: str
