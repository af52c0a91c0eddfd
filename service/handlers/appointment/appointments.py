"""Appointments: listing, booking and looking at them."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from service import errors
from service.booking.actions import BOOK
from service.booking.appointment import read
from service.booking.appointment.book import book
from service.booking.status import AppointmentStatus
from service.handlers.calendar import days
from service.http.base import ApiHandler, endpoint
from service.http.fields import INT64, Body, Cursor, Id, Instant, Limit
from service.openapi.answers import appointment as answers


class BookBody(Body):
    slot: Id
    notes: Annotated[str, Meta(max_length=4000)] | None = ""


class AppointmentQuery(msgspec.Struct):
    """`provider` narrows one's own list; for that provider's staff it lists everybody's."""

    provider: Id | None = None
    status: tuple[AppointmentStatus, ...] = ()
    from_at: Instant | None = msgspec.field(default=None, name="from")
    to_at: Instant | None = msgspec.field(default=None, name="to")
    limit: Limit = 100
    cursor: Cursor = ""


class Appointments(ApiHandler):
    @endpoint(
        "listAppointments",
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
        page = await read.list_page(
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
        action=BOOK.name,
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
        booked = await book(
            self.deps, self.actor, self.body.slot, self.body.notes, self.expand, self.key
        )
        self.give(201, booked)


class Appointment(ApiHandler):
    @endpoint("getAppointment", answers=(200, answers.Appointment, answers.AppointmentExpanded))
    async def get(self, appointment_id: int) -> None:
        """One appointment."""
        found, tag = await read.get(self.deps, self.actor, appointment_id, self.expand)
        self.answer(200, found.body, etag=tag)


class Change(ApiHandler):
    """One that changes an appointment."""

    async def version(self, appointment_id: int) -> int:
        """The version that If-Match asks for; see if_match()."""

        async def current() -> int:
            found, _ = await read.get(self.deps, self.actor, appointment_id, False)
            return found.version

        return await self.if_match(current)


def _cursor(text: str) -> read.Cursor:
    """Where the last page ended. Raises InvalidFields for one we did not write."""
    if not text:
        return read.BEGINNING
    match = re.fullmatch(r"(?:([0-9]{1,19})-)?([0-9]{1,19})", text, re.ASCII)
    cursor = match and read.Cursor(int(match[2]), int(match[1] or 0))
    if cursor is None or max(cursor) > INT64:
        raise errors.InvalidFields({"cursor": ["Invalid cursor."]})
    return cursor


def _written(cursor: read.Cursor) -> str:
    number = str(cursor.appointment_id)
    return f"{cursor.slot_id}-{number}" if cursor.slot_id else number
