"""Appointments: listing, booking and looking at them."""

from typing import Any

import msgspec

from service import errors
from service.booking.actions import BOOK
from service.booking.appointment import read, trial
from service.booking.appointment.book import book
from service.booking.appointment.book_time import book_time
from service.booking.appointment.desk import book_for
from service.booking.status import AppointmentStatus
from service.handlers.appointment.book import (
    TIME_REFUSALS,
    BookBody,
    TimeBody,
    slot_wish,
    wish,
)
from service.handlers.appointment.book import kind as kind_of
from service.handlers.calendar import days
from service.http import cursor, fields
from service.http.base import ApiHandler, endpoint
from service.http.fields import Cursor, Instant, Limit, Providers
from service.openapi.answers import appointment as answers


class AppointmentQuery(msgspec.Struct):
    """`provider` narrows one's own list; for staff of all of these it lists everybody's.
    `outside_hours` is for them."""

    provider: Providers = ()
    status: tuple[AppointmentStatus, ...] = ()
    from_at: Instant | None = msgspec.field(default=None, name="from")
    to_at: Instant | None = msgspec.field(default=None, name="to")
    outside_hours: bool = False
    order: read.Order | None = None
    limit: Limit = 100
    cursor: Cursor = ""


class BookQuery(msgspec.Struct):
    """`dry_run` tries it and leaves nothing behind."""

    dry_run: bool = False


class Appointments(ApiHandler):
    @endpoint(
        "listAppointments",
        query=AppointmentQuery,
        answers=(200, list[answers.AppointmentBrief], list[answers.AppointmentBriefExpanded]),
        raises=(errors.PermissionDenied,),
        staff=(list[answers.Appointment], list[answers.AppointmentExpanded]),
    )
    async def get(self) -> None:
        """One's own appointments, in the order they were booked.

        With `provider`, that provider's staff and admins get everybody's with it instead, by the
        time of their slots, each with its `user` and the provider's name in its slot. With
        `outside_hours` they get what is left of the conflicts that changes of hours and closures
        told.

        With `order` one's own are by the time of their slots, too: those of the 2,000 that were
        booked last. Staff's list is in no other order.

        A page may have fewer than `limit`, or none, and still name a next one in `Link`: it ends
        early where notes are long, and only so many appointments are looked at for each."""
        query: AppointmentQuery = self.query
        await days.place(self.deps, query, self.request.query_arguments)
        page = await read.list_page(
            self.deps,
            self.actor,
            provider_ids=query.provider,
            statuses=query.status,
            from_at=query.from_at or "-infinity",
            to_at=query.to_at or "infinity",
            order=query.order,
            after=cursor.read(query.cursor, read.Cursor),
            limit=query.limit,
            expand=self.expand,
            outside_hours=query.outside_hours,
            known=self.known,
        )
        self.give_page(page)

    @endpoint(
        "bookAppointment",
        action=BOOK.name,
        body=(BookBody, TimeBody),
        query=BookQuery,
        answers=(201, answers.Appointment, answers.AppointmentExpanded),
        raises=(
            errors.NotFound,
            errors.SlotTaken,
            errors.AlreadyBooked,
            errors.SlotInPast,
            errors.ApprovalNeeded,
            *TIME_REFUSALS,
            errors.PermissionDenied,
            errors.Busy,
        ),
        sends=("ETag",),
        dry=answers.Bookable,
    )
    async def post(self) -> None:
        """Book a slot, or a time of a service; staff for somebody else, too.

        One with `approval_minutes` is only asked for: the appointment is `pending` until staff
        approve or decline it, or that time is over.

        With `dry_run` it is only tried, and answered with 200: whether it can be booked, and with
        which provider."""
        if isinstance(self.body, TimeBody):
            wanted = wish(self.body)
            if self.query.dry_run:
                self.answer(200, await trial.book_time(self.deps, self.actor, wanted))
                return
            booked = await book_time(self.deps, self.actor, wanted, self.expand, self.key)
        elif self.body.at_desk(self.actor):
            for_whom = slot_wish(self.body, self.actor)
            if self.query.dry_run:
                self.answer(200, await trial.book_for(self.deps, self.actor, for_whom))
                return
            booked = await book_for(self.deps, self.actor, for_whom, self.expand, self.key)
        elif self.query.dry_run:
            self.answer(200, await trial.book(self.deps, self.actor, self.body.slot))
            return
        else:
            booked = await book(
                self.deps, self.actor, self.body.slot, self.body.notes, self.expand, self.key
            )
        self.give(201, booked)

    def read(self, kind: Any) -> Any:
        """The body of either kind."""
        value = fields.decode(bytes(self._chunks))
        return self.convert(value, kind_of(value))


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
