"""Booking a time: what a person's own appointments say, what staff override, whose turn it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from tests.model.offered import Service
from tests.model.things import Account, Appointment, Slot
from tests.model.times.judge import ORDER, Judged, Times, meet
from tests.model.times.wall import reading

OVERRIDES = {
    "closed": "closed", "lead": "too_soon", "horizon": "too_far", "grid": "off_grid",
    "limit": "limit_reached", "buffer": "slot_taken", "overlap": "slot_taken",
}  # fmt: skip


class Choice(NamedTuple):
    """With whom it would be, and what still speaks against it; `met` is the limit that is, and
    `overridden` the names of what would be."""

    judged: Judged
    refusals: list[str]
    met: str | None
    overridden: list[str]


@dataclass
class Turns(Times):
    """Times, and who gets them."""

    max_open: int = 0

    def weighed(
        self, service: Service, judged: Judged, who: Account, moving: object = None,
        override: frozenset[str] = frozenset(),
    ) -> Choice:  # fmt: skip
        """A verdict with what a person's own appointments say, less what staff override; `moving`
        is an appointment that does not count."""
        met = self._met(service, judged, who, moving)
        limit = "per_day" if "limit_reached" in judged.refusals else met
        codes = {*judged.refusals} | ({"limit_reached"} if met else set())
        slot = judged.slot
        if slot and slot.per_person < slot.capacity:
            seats = [one for one in self.appointments.values() if one.slot is slot and one.seated]
            if sum(one.account is who for one in seats) >= slot.per_person:
                codes.add("already_booked")
        names = [one for one in sorted(override) if self._waives(one, codes, judged)]
        left = codes - {OVERRIDES[one] for one in names}
        return Choice(judged, [one for one in ORDER if one in left], limit, names)

    def _waives(self, name: str, codes: set[str], judged: Judged) -> bool:
        if OVERRIDES[name] not in codes or (judged.slot and OVERRIDES[name] == "slot_taken"):
            return False
        span = judged.at, judged.ends_at
        return name != "buffer" or not (
            judged.missing
            or any(meet((s.starts_at, s.ends_at), span) for s in self.live(judged.provider.id))
        )

    def _met(self, service: Service, judged: Judged, who: Account, moving: object) -> str | None:
        theirs = [
            one for one in self.appointments.values() if one.account is who and one is not moving
        ]
        coming = [one for one in theirs if self.comes(one)]
        counts = {
            "per_customer_day": sum(
                one.slot.service_id == service.id and one.seated and _day(one.slot) == judged.day
                for one in theirs
            ),
            "per_customer_open": sum(one.slot.service_id == service.id for one in coming),
        }
        if moving:
            del counts["per_customer_open"]
        for name, number in counts.items():
            if service.terms[name] is not None and service.terms[name] <= number:
                return name
        return "open" if not moving and 0 < self.max_open <= len(coming) else None

    def coming(self, who: Account) -> int:
        """How many appointments they have that are still to come."""
        return sum(one.account is who and self.comes(one) for one in self.appointments.values())

    def comes(self, one: Appointment) -> bool:
        """Whether it is still to come."""
        return one.status in ("booked", "held") and one.slot.starts_at > self.now

    def chosen(
        self, service: Service, provider_id: int, at: datetime, size: int, who: Account,
        override: frozenset[str] = frozenset(),
    ) -> Choice | None:  # fmt: skip
        """With whom it would be: of those who are free where people are already, then whose turn it
        is; else who came closest. None where nobody offers it."""
        all_ = [
            self.weighed(service, self.judge(service, self.providers[one], at, size), who,
                         override=override)
            for one in service.shares
            if provider_id in (0, one)
        ]  # fmt: skip

        def line(one: Choice) -> Any:
            share, slot = service.shares[one.judged.provider.id], one.judged.slot
            turn = share.served, share.last, one.judged.provider.id
            if not one.refusals:
                return 0, 0 if slot else 1, slot.id if slot else 0, *turn
            return 1, -ORDER.index(one.refusals[0]), 0, *turn

        return min(all_, key=line, default=None)

    def explained(
        self, service: Service, provider_id: int, at: datetime, size: int, who: Account
    ) -> list[Choice]:
        """What speaks against it, provider by provider, who came closest first."""
        all_ = [
            self.weighed(service, self.judge(service, self.providers[one], at, size), who)
            for one in sorted(service.shares)
            if provider_id in (0, one)
        ]
        return sorted(all_, key=lambda one: -ORDER.index(one.refusals[0]) if one.refusals else -99)

    def lend(self, service: Service, slot: Slot) -> None:
        """A slot was made for who asked for anybody."""
        share = service.shares[slot.provider.id]
        share.served += 100 / share.weight
        share.last = next(self.turns)
        slot.chosen = True


def _day(slot: Slot) -> Any:
    return reading(slot.starts_at, slot.provider.time_zone).date()
