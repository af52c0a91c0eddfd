"""Providers and their slots."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from service.booking.status import ProviderKind, SlotStatus
from service.openapi.answers.shape import Instant, Shape

ON_THE_WALL = "On the provider's wall clock."
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description=ON_THE_WALL)]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description=ON_THE_WALL)]
Zone = Annotated[str, Meta(description="IANA name of a time zone.")]


class Provider(Shape):
    """Whoever appointments are with: a person, unless it says that it is a room or a thing."""

    id: int
    name: str
    time_zone: Zone
    kind: ProviderKind | UnsetType = UNSET
    per_day: Annotated[int, Meta(ge=1)] | UnsetType = UNSET


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
        Meta(
            description="`busy` is full, `busy-tentative` held or asked for, `busy-unavailable` "
            "closed."
        ),
    ]


class SlotAlone(Slot):
    """A slot by itself; where one person may have several of its places, it says how many, and
    which service it is of, where it is of one."""

    per_person: Annotated[int, Meta(ge=2)] | UnsetType = UNSET
    service: int | UnsetType = UNSET


class Time(Shape):
    """A time at which a service can be booked: with one provider, or with so many of them."""

    starts_at: Instant
    ends_at: Instant
    date: Day
    start_time: Clock
    end_time: Clock
    time_zone: Zone
    remaining: Annotated[int, Meta(ge=1, description="How many people more could come.")]
    provider: str | UnsetType = UNSET
    provider_id: int | UnsetType = UNSET
    providers: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    slot: Annotated[int, Meta(description="Where one stands there already.")] | UnsetType = UNSET


class Reason(Shape):
    code: Annotated[str, Meta(description="The code that booking would answer.")]
    detail: str
    provider_id: int | None


class Explanation(Shape):
    bookable: bool
    reasons: list[Reason]
    next: Annotated[list[Time], Meta(max_length=3)]
