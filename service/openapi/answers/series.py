"""Series, date by date."""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from service.booking.status import AppointmentStatus
from service.openapi.answers.calendar import Time
from service.openapi.answers.shape import Instant, Shape

Code = Annotated[
    str, Meta(description="Why there is no appointment: what booking says, or `no_such_time`.")
]


class SeriesLine(Shape):
    """What became of a date; `bookable` and `refused` are of what was not kept."""

    date: date
    result: Literal["booked", "bookable", "skipped", "refused"]
    starts_at: Instant | UnsetType = UNSET
    appointment_id: int | UnsetType = UNSET
    code: Code | UnsetType = UNSET
    limit: str | UnsetType = UNSET
    times: Annotated[list[Time], Meta(max_length=3)] | UnsetType = UNSET


class SeriesMade(Shape):
    id: int
    dates: list[SeriesLine]


class SeriesTried(Shape):
    """The answer of a dry run."""

    dates: list[SeriesLine]


class SeriesDate(Shape):
    """A date as it is now; a `status` is of its appointment, and `starts_at` where that is."""

    date: date
    result: Literal["booked", "skipped"]
    starts_at: Instant | UnsetType = UNSET
    appointment_id: int | UnsetType = UNSET
    status: AppointmentStatus | UnsetType = UNSET
    code: Code | UnsetType = UNSET


class Series(Shape):
    id: int
    service: int
    provider: int
    dates: list[SeriesDate]
