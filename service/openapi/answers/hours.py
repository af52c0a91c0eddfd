"""A provider's hours and closures, and the appointments outside of them."""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from service.booking.calendar.hours.document import Weekday
from service.openapi.answers.calendar import Clock, Zone
from service.openapi.answers.shape import Instant, Shape

Closing = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Total = Annotated[int, Meta(ge=0, description="How many there are; at most 500 are shown.")]


class Hours(Shape):
    """Closing at or before opening is on the next day; for some services, or for all."""

    opens: Clock
    closes: Closing
    services: list[int] | UnsetType = UNSET


class WeeklyHours(Hours, kw_only=True):
    """Hours of some weekdays, from a day until another, both included."""

    days: list[Weekday]
    from_day: date | UnsetType = field(default=UNSET, name="from")
    until: date | UnsetType = UNSET


class HoursOfDay(Shape):
    """The hours of one day in place of the weekly ones; without any it is closed."""

    date: date
    hours: list[Hours]
    reason: str | UnsetType = UNSET


class Conflict(Shape):
    """A coming appointment outside of the hours: no window holds it, or a closure is in its way."""

    appointment_id: int
    starts_at: Instant
    reason: Literal["hours", "closure"]


class Schedule(Shape):
    """When a provider works, as somebody wrote it."""

    provider: int
    time_zone: Zone
    weekly: list[WeeklyHours]
    days: list[HoursOfDay]
    opened_until: Annotated[
        date | None, Meta(description="The last day whose times are made; null before any are.")
    ]
    version: int


class ScheduleChanged(Schedule):
    conflicts: list[Conflict]
    conflicts_total: Total


class ClosureTimes(Shape):
    """When a provider, or everybody (null), is closed: by days of each one's zone, or instants."""

    provider: int | None
    from_day: date | None = field(name="from")
    to_day: date | None = field(name="to")
    starts_at: Instant | None
    ends_at: Instant | None
    reason: str


class Closure(ClosureTimes):
    id: int


class ClosureTried(ClosureTimes):
    """What a dry run would have closed."""

    conflicts: list[Conflict]
    conflicts_total: Total


class ClosureMade(ClosureTried):
    id: int
