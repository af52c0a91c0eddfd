"""What speaks against a time of a service, and which times nothing speaks against."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import NamedTuple

from tests.model.offered import Closure, Service
from tests.model.things import Appointment, Provider, Slot
from tests.model.times.wall import DAY, reading, starts, window_at

Span = tuple[datetime, datetime]
# In the order in which they are told.
ORDER = ("party_too_large", "slot_in_past", "too_soon", "too_far", "closed", "off_grid",
         "limit_reached", "slot_taken", "already_booked")  # fmt: skip


class Judged(NamedTuple):
    """What is to be said of a time with a provider; `slot` is the one that stands there already,
    `rooms` would go with it, `missing` is the first role that nobody is free for."""

    refusals: list[str]
    provider: Provider
    at: datetime
    ends_at: datetime
    block: Span
    day: date
    slot: Slot | None
    rooms: list[int]
    missing: str | None


class Found(NamedTuple):
    """A time that can be booked."""

    at: datetime
    ends_at: datetime
    remaining: int
    slot: Slot | None
    provider: Provider


@dataclass
class Times:
    """The times of services, in whatever there is of all this, by id."""

    providers: dict[int, Provider]
    services: dict[int, Service]
    slots: dict[int, Slot]
    closures: dict[int, Closure]
    appointments: dict[int, Appointment]
    frozen: datetime | None = None  # where time stands still

    def __post_init__(self) -> None:
        self.turns = count(1)

    @property
    def now(self) -> datetime:
        return self.frozen or datetime.now(UTC)

    def judge(
        self,
        service: Service,
        provider: Provider,
        at: datetime,
        size: int = 1,
        spared: Slot | None = None,
    ) -> Judged:
        """The verdict; `spared` is a slot that counts for nothing, nor what goes with it."""
        zone, terms = provider.time_zone, service.terms
        slot = self._standing(service, provider, at, spared)
        ends_at = slot.ends_at if slot else at + service.minutes("duration")
        block = (at - service.minutes("buffer_before"), at + service.minutes("duration")
                 + service.minutes("buffer_after"))  # fmt: skip
        day, window = reading(at, zone).date(), window_at(provider.schedule, zone, at, service.id)
        last_day = reading(self.now, zone).date() + terms["horizon_days"] * DAY
        rooms, missing = ([], None) if slot else self._rooms(service, block, spared)
        said = {
            "party_too_large": size > terms["party_max"],
            "slot_in_past": at <= self.now,
            "too_soon": self.now < at < self.now + service.minutes("lead"),
            "too_far": (window.day if window else day) > last_day,
            "closed": self._closed(provider, (at, ends_at)),
        }
        if slot:
            said["slot_taken"] = slot.closed or slot.booked + size > slot.capacity
        else:
            grid = window and (reading(at, zone) - window.opens) % service.minutes("step")
            said["closed"] |= window is None or window.ends < ends_at
            said["off_grid"] = bool(grid)
            said["limit_reached"] = self._full(service, provider, day, spared)
            said["slot_taken"] = missing is not None or self._busy(provider.id, block, spared)
        refusals = [code for code in ORDER if said.get(code)]
        return Judged(refusals, provider, at, ends_at, block, day, slot, rooms, missing)

    def found(
        self, service: Service, provider_id: int, span: Span, size: int, spared: Slot | None = None
    ) -> list[Found]:
        """The times of a span, with one provider or all (0), by start and provider."""
        return sorted(
            self._found(service, provider_id, span, size, spared),
            key=lambda one: (one.at, one.provider.id),
        )

    def _found(
        self, service: Service, provider_id: int, span: Span, size: int, spared: Slot | None
    ) -> Iterator[Found]:
        for one in service.shares:
            if provider_id not in (0, one):
                continue
            provider = self.providers[one]
            step, zone = service.minutes("step"), provider.time_zone
            begins = {*starts(provider.schedule, zone, step, *span)}
            begins |= {s.starts_at for s in self.live(one) if span[0] <= s.starts_at < span[1]}
            for at in begins:
                judged = self.judge(service, provider, at, size, spared)
                if not judged.refusals:
                    slot = judged.slot
                    left = slot.capacity - slot.booked if slot else service.terms["capacity"]
                    yield Found(at, judged.ends_at, left, slot, provider)

    def near(
        self, service: Service, provider_id: int, at: datetime, size: int,
        spared: Slot | None = None,
    ) -> list[Found]:  # fmt: skip
        """The next three within two weeks."""
        soonest = max(at, self.now + service.minutes("lead"))
        found: list[Found] = []
        for days in range(14):
            span = soonest + days * DAY, soonest + (days + 1) * DAY
            found += self.found(service, provider_id, span, size, spared)
            if len(found) >= 3:
                break
        return found[:3]

    def live(self, provider_id: int, spared: Slot | None = None) -> Iterator[Slot]:
        """What a provider has, but for what is spared."""
        for slot in self.slots.values():
            if slot.deleted or slot.provider.id != provider_id:
                continue
            if spared is None or (slot is not spared and slot.lead is not spared):
                yield slot

    def _standing(
        self, service: Service, provider: Provider, at: datetime, spared: Slot | None
    ) -> Slot | None:
        """The first slot that people share, or that was published for the service."""
        there = [
            slot
            for slot in self.live(provider.id, spared)
            if slot.starts_at == at and slot.service_id == service.id and slot.lead is None
            if slot.capacity > 1 or slot.block is None
        ]
        return min(there, key=lambda slot: slot.id, default=None)

    def _busy(self, provider_id: int, block: Span, spared: Slot | None) -> bool:
        return any(meet(slot.busy, block) for slot in self.live(provider_id, spared))

    def _closed(self, provider: Provider, span: Span) -> bool:
        return any(
            meet(one.times(provider.time_zone), span)
            for one in self.closures.values()
            if one.provider_id in (None, provider.id)
        )

    def _full(self, service: Service, provider: Provider, day: date, spared: Slot | None) -> bool:
        of_day = [
            slot
            for slot in self.live(provider.id, spared)
            if slot.block and reading(slot.starts_at, provider.time_zone).date() == day
        ]
        of_service = [slot for slot in of_day if slot.service_id == service.id]
        limits = (provider.per_day, len(of_day)), (service.terms["per_day"], len(of_service))
        return any(most is not None and there >= most for most, there in limits)

    def _rooms(
        self, service: Service, block: Span, spared: Slot | None
    ) -> tuple[list[int], str | None]:
        """One that is free of each role, and the first role of which none is."""
        rooms, missing = [], []
        for role, ids in service.needs.items():
            free = [
                one
                for one in ids
                if not self._busy(one, block, spared)
                if not any(
                    meet(shut.times(self.providers[one].time_zone), block)
                    for shut in self.closures.values()
                    if shut.provider_id == one
                )
            ]
            rooms += sorted(free)[:1]
            missing += [] if free else [role]
        return rooms, min(missing, default=None)


def meet(one: Span, other: Span) -> bool:
    """Whether two half-open spans share a moment."""
    return one[0] < other[1] and other[0] < one[1]
