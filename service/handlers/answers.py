"""The shapes of successful answers: the OpenAPI document shows them, a test holds real answers
to them.

PostgreSQL writes most of these documents itself (see the types in sql/schema.sql), so nothing here
is on the way of a request.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from service.booking.status import AppointmentStatus, Role, SlotStatus

ON_THE_WALL = "On the provider's wall clock."
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description=ON_THE_WALL)]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description=ON_THE_WALL)]
Instant = Annotated[datetime, Meta(tz=True)]
Zone = Annotated[str, Meta(description="IANA name of a time zone.")]


class Shape(Struct, forbid_unknown_fields=True):
    """Exactly these keys, no others."""


class Account(Shape):
    id: int
    username: str
    email: str


class Me(Account):
    role: Role


class Login(Shape):
    token: Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]
    username: str


class LoggedOut(Shape):
    message: Literal["Logged out successfully"]


class PasswordChanged(Shape):
    message: Literal["Password changed successfully"]


class Token(Shape):
    """A living token, by id: the token itself is shown once, at login."""

    id: int
    created_at: Instant
    current: Annotated[bool, Meta(description="Whether it is the one of this request.")]


class Provider(Shape):
    id: int
    name: str
    time_zone: Zone


class SlotBrief(Shape):
    id: int
    start_time: Clock
    end_time: Clock


class SlotNamed(SlotBrief):
    provider: str


class Slot(SlotNamed):
    """The full slot: from `starts_at` up to, but not including, `ends_at`."""

    provider_id: int
    date: Day
    starts_at: Instant
    ends_at: Instant
    time_zone: Zone
    capacity: Annotated[int, Meta(ge=1, description="How many places it has.")]
    remaining: Annotated[int, Meta(ge=0, description="How many of them are free.")]
    status: Annotated[
        SlotStatus,
        Meta(description="`busy` is full, `busy-tentative` held, `busy-unavailable` closed."),
    ]


class SlotAlone(Slot):
    """A slot by itself; where one person may have several of its places, it says how many."""

    per_person: Annotated[int, Meta(ge=2)] | UnsetType = UNSET


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


class Overview(Shape):
    """Paths on this server."""

    title: str
    version: str
    docs: Annotated[str, Meta(description="The API in a browser.")]
    openapi: Annotated[str, Meta(description="The API as an OpenAPI document.")]
    resources: Annotated[dict[str, str], Meta(description="Path by name.")]


class Healthy(Shape):
    status: Literal["ok"]


class Ready(Shape):
    status: Literal["ready"]


Figures = Annotated[
    str,
    Meta(
        description="Prometheus text exposition.",
        examples=["# TYPE http_requests_total counter\n"],
    ),
]
Page = Annotated[str, Meta(description="HTML.", examples=["<!doctype html>"])]


class Problem(Struct):
    """RFC 9457. `errors` comes with `invalid`, `alternatives` with `slot_taken`."""

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="A sentence for a person.")]
    code: Annotated[str, Meta(description="Stable: what programs may decide by.")]
    request_id: str
    errors: dict[str, list[str]] | UnsetType = UNSET
    alternatives: Annotated[list[Slot], Meta(max_length=3)] | UnsetType = UNSET
