"""Providers and their slots."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from service.booking.status import SlotStatus
from service.openapi.answers.shape import Instant, Shape

ON_THE_WALL = "On the provider's wall clock."
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description=ON_THE_WALL)]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description=ON_THE_WALL)]
Zone = Annotated[str, Meta(description="IANA name of a time zone.")]


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
