"""Appointments in other calendars."""

from typing import Annotated, Literal

from msgspec import Meta

from service.openapi.answers.hours import Conflict, Total
from service.openapi.answers.shape import Instant, Shape

Calendar = Annotated[
    str,
    Meta(
        description="iCalendar (RFC 5545), in UTC.",
        examples=["BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"],
    ),
]


class CalendarLink(Shape):
    """By which somebody subscribes to a calendar: one's own (`me`), or a provider's."""

    id: int
    of: Literal["me", "provider"]
    provider: int | None
    created_at: Instant
    last_used_at: Annotated[
        Instant | None, Meta(description="To the day; null before it was used.")
    ]


class CalendarLinkMade(CalendarLink):
    """With its address, which is shown this once."""

    url: Annotated[str, Meta(examples=["https://book.example.org/calendar/c2FtcGxl.ics"])]
    webcal_url: Annotated[
        str,
        Meta(
            description="The same for who opens links in a calendar application.",
            examples=["webcal://book.example.org/calendar/c2FtcGxl.ics"],
        ),
    ]


class CalendarSource(Shape):
    """A calendar of somebody else. `stale`: it has said nothing that could be used for a day; what
    it said before stands until it says something else."""

    id: int
    provider: int
    kind: Literal["ics"]
    host: Annotated[str, Meta(description="Of its address, which is a secret.")]
    status: Literal["waiting", "ok", "failing", "stale"]
    events: Annotated[int, Meta(ge=0, description="How many busy times it closes.")]
    last_ok_at: Instant | None
    next_at: Instant
    error: Annotated[str | None, Meta(description="What is wrong with it, for a person.")]


class CalendarSourceShown(CalendarSource):
    conflicts: list[Conflict]
    conflicts_total: Total
