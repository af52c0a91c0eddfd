"""Appointments."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from service import errors
from service.booking import appointment
from service.booking.reschedule import reschedule
from service.booking.status import AppointmentStatus
from service.handlers import answers, days, fields
from service.handlers.base import SIGNED_IN, STAFF, ApiHandler, endpoint
from service.handlers.fields import Body, Cursor, Id, Instant, Limit


class BookBody(Body):
    slot: Id
    notes: Annotated[str, Meta(max_length=4000)] | None = ""


class RescheduleBody(Body):
    new_slot: Id


class CancelBody(Body):
    reason: Annotated[str, Meta(max_length=500)] | None = ""


class AppointmentQuery(msgspec.Struct):
    """`provider` narrows one's own list; for that provider's staff it lists everybody's."""

    provider: Id | None = None
    status: tuple[AppointmentStatus, ...] = ()
    from_at: Instant | None = msgspec.field(default=None, name="from")
    to_at: Instant | None = msgspec.field(default=None, name="to")
    limit: Limit = 100
    cursor: Cursor = ""


class HistoryQuery(msgspec.Struct):
    limit: Limit = 100
    cursor: Id = 0


class Appointments(ApiHandler):
    @endpoint(
        "listAppointments",
        SIGNED_IN,
        query=AppointmentQuery,
        answers=(200, list[answers.AppointmentBrief], list[answers.AppointmentBriefExpanded]),
        staff=(list[answers.Appointment], list[answers.AppointmentExpanded]),
    )
    async def get(self) -> None:
        """One's own appointments, in the order they were booked.

        With `provider`, that provider's staff and admins get everybody's with it instead, by the
        time of their slots, each with its `user` and the provider's name in its slot.

        A page may have fewer than `limit`, or none, and still name a next one in `Link`: it ends
        early where notes are long, and only so many appointments are looked at for each."""
        query: AppointmentQuery = self.query
        await days.place(self.deps, query, self.request.query_arguments)
        page = await appointment.list_page(
            self.deps,
            self.actor,
            provider_id=query.provider,
            statuses=query.status,
            from_at=query.from_at or "-infinity",
            to_at=query.to_at or "infinity",
            after=_cursor(query.cursor),
            limit=query.limit,
            expand=self.expand,
            known=self.known,
        )
        if page.next is not None:
            self.link_next(_written(page.next))
        self.answer(200, page.body or "", etag=page.tag or None)

    @endpoint(
        "bookAppointment",
        SIGNED_IN,
        body=BookBody,
        answers=(201, answers.Appointment, answers.AppointmentExpanded),
        raises=(
            errors.NotFound,
            errors.SlotTaken,
            errors.AlreadyBooked,
            errors.SlotInPast,
            errors.LimitReached,
            errors.Busy,
        ),
        sends=("ETag",),
    )
    async def post(self) -> None:
        """Book a slot."""
        booked = await appointment.book(
            self.deps, self.actor, self.body.slot, self.body.notes, self.expand, self.key
        )
        self.give(201, booked)


class Appointment(ApiHandler):
    @endpoint(
        "getAppointment", SIGNED_IN, answers=(200, answers.Appointment, answers.AppointmentExpanded)
    )
    async def get(self, appointment_id: int) -> None:
        """One appointment."""
        found, tag = await appointment.get(self.deps, self.actor, appointment_id, self.expand)
        self.answer(200, found.body, etag=tag)


class Change(ApiHandler):
    """One that changes an appointment."""

    async def version(self, appointment_id: int) -> int:
        """The version that If-Match asks for; see if_match()."""

        async def current() -> int:
            found, _ = await appointment.get(self.deps, self.actor, appointment_id, False)
            return found.version

        return await self.if_match(current)


class Reschedule(Change):
    @endpoint(
        "rescheduleAppointment",
        SIGNED_IN,
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


class Cancel(Change):
    @endpoint(
        "cancelAppointment",
        SIGNED_IN,
        body=CancelBody,
        needs_body=False,
        answers=(200, answers.Cancelled, answers.CancelledExpanded),
        raises=(errors.NotActive, errors.TooLate, errors.Busy, errors.PreconditionFailed),
        sends=("ETag",),
    )
    async def post(self, appointment_id: int) -> None:
        """Cancel an appointment; doing it again succeeds again."""
        await self.end(appointment_id, appointment.CANCEL, self.body.reason)

    async def end(self, appointment_id: int, ending: appointment.Ending, reason: str = "") -> None:
        """End the appointment and say so."""
        ended = await appointment.end(
            self.deps,
            self.actor,
            appointment_id,
            ending,
            reason=reason,
            version=await self.version(appointment_id),
            expand=self.expand,
            key=self.key,
        )
        self.give(200, ended)


class Noshow(Cancel):
    @endpoint(
        "noteNoShow",
        STAFF,
        body=CancelBody,
        needs_body=False,
        answers=(200, answers.Noshow, answers.NoshowExpanded),
        raises=(errors.NotActive, errors.TooEarly, errors.Busy, errors.PreconditionFailed),
        sends=("ETag",),
    )
    async def post(self, appointment_id: int) -> None:
        """Note that nobody came, once the slot has begun."""
        await self.end(appointment_id, appointment.NOSHOW, self.body.reason)


class Fulfill(Cancel):
    @endpoint(
        "fulfillAppointment",
        STAFF,
        body=CancelBody,
        needs_body=False,
        answers=(200, answers.Fulfilled, answers.FulfilledExpanded),
        raises=(errors.NotActive, errors.Busy, errors.PreconditionFailed),
        sends=("ETag",),
    )
    async def post(self, appointment_id: int) -> None:
        """Note that the appointment took place; it may have been before its time."""
        await self.end(appointment_id, appointment.FULFILL, self.body.reason)


class History(ApiHandler):
    @endpoint(
        "listAppointmentChanges", SIGNED_IN, query=HistoryQuery, answers=(200, list[answers.Change])
    )
    async def get(self, appointment_id: int) -> None:
        """Every change of an appointment: who, when, from, to.

        Staff of its provider and admins see all of it. To its owner `actor` is the owner's own
        name, or `staff` for any of them, and the `reason` is shown where the appointment was
        cancelled; what staff remark on a no-show or a visit stays among them."""
        query: HistoryQuery = self.query
        body, cursor = await appointment.history(
            self.deps, self.actor, appointment_id, after_id=query.cursor, limit=query.limit
        )
        if cursor is not None:
            self.link_next(str(cursor))
        self.answer(200, body)


def _cursor(text: str) -> appointment.Cursor:
    """Where the last page ended. Raises InvalidFields for one we did not write."""
    if not text:
        return appointment.BEGINNING
    match = re.fullmatch(r"(?:([0-9]{1,19})-)?([0-9]{1,19})", text, re.ASCII)
    cursor = match and appointment.Cursor(int(match[2]), int(match[1] or 0))
    if cursor is None or max(cursor) > fields.INT64:
        raise errors.InvalidFields({"cursor": ["Invalid cursor."]})
    return cursor


def _written(cursor: appointment.Cursor) -> str:
    number = str(cursor.appointment_id)
    return f"{cursor.slot_id}-{number}" if cursor.slot_id else number


ROUTES = [
    (r"/api/appointments/?", Appointments),
    (r"/api/appointments/([0-9]+)/?", Appointment),
    (r"/api/appointments/([0-9]+)/reschedule/?", Reschedule),
    (r"/api/appointments/([0-9]+)/cancel/?", Cancel),
    (r"/api/appointments/([0-9]+)/noshow/?", Noshow),
    (r"/api/appointments/([0-9]+)/fulfill/?", Fulfill),
    (r"/api/appointments/([0-9]+)/history/?", History),
]
