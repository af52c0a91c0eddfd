"""Appointments: listing, booking and looking at them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from service import errors
from service.booking.actions import BOOK
from service.booking.appointment import read
from service.booking.appointment.book import book
from service.booking.status import AppointmentStatus
from service.handlers.calendar import days
from service.http import cursor
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Cursor, Id, Instant, Limit
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
            after=cursor.read(query.cursor, read.Cursor),
            limit=query.limit,
            expand=self.expand,
            known=self.known,
        )
        self.give_page(page)

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
