"""What anybody would have been told after a commit who booked, moved or asked for a time."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from tests.prove.checker.evidence import GIVEN_BACK, Evidence, Row
from tests.prove.checker.times.model.rules import ANYBODY, ORDER, Asked, left, offers
from tests.prove.checker.times.model.wall import local_day

NOBODY = 0


class Told(NamedTuple):
    """A code, "" for success, and with whom it would be."""

    code: str
    providers: frozenset[int] = frozenset()


class Verdicts:
    """Decides on what there was after a commit."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence, self.calendar = evidence, evidence.calendar
        self._cap = evidence.facts.get("cap", 0)
        self._notice = 60 * int(
            evidence.facts.get("environment", {}).get("NOTICE_MINUTES", 0)
        )  # seconds
        self._published = {row[0]: row[1:] for row in evidence.facts.get("times", ())}

    # Of slots and appointments

    def row(self, number: int, place: int) -> tuple[Row, int] | None:
        """An appointment and its version."""
        line = self.evidence.appointments.get(number)
        at = bisect_right(line.transactions, place) - 1 if line else -1
        return (line.states[at], at + 1) if line and at >= 0 else None

    def where(self, slot: int) -> tuple[int, int]:
        """Whose slot it is, and when it begins."""
        if taken := self.calendar.slots.get(slot):
            return taken.provider, taken.starts
        provider, starts, _ = self._published.get(slot, (0, 0, 0))
        return provider, starts

    def spare(self, number: int, place: int) -> int:
        """The slot that would be free without an appointment; 0 where others share it."""
        found = self.row(number, place)
        taken = self.calendar.slots.get(found[0].slot) if found else None
        if taken is None or not taken.made:
            return 0
        booked, _ = taken.states.at(place) or (0, False)
        return taken.number if booked == self.evidence.sizes.get(number, 1) else 0

    def too_late(self, slot: int, place: int, now: float) -> bool:
        """Whether its customer could neither move nor cancel it any more."""
        taken, (_, starts) = self.calendar.slots.get(slot), self.where(slot)
        own = self.calendar.service(taken.service, place)["notice_minutes"] if taken else None
        return starts <= now + (self._notice if own is None else 60 * own)

    # Of people

    def counts(
        self, account: int, asked: Asked, place: int, now: float, without: int = 0
    ) -> tuple[int, int, int, int]:
        """How many appointments a person had: of the service on that day, of the service and of all
        to come, and in the slot that stands at the time."""
        day = local_day(asked.at, self.calendar.zones[asked.provider])
        shared = self.calendar.shared(asked.service, asked.provider, asked.at, place, asked.spare)
        of_day = of_service = coming = inside = 0
        for row in self._held(account, place, without):
            provider, starts = self.where(row.slot)
            taken = self.calendar.slots.get(row.slot)
            mine = taken is not None and taken.service == asked.service
            open_ = row.status == "booked" and starts > now
            of_day += mine and self._day(provider, starts) == day
            of_service += mine and open_
            coming += open_
            inside += shared is not None and row.slot == shared.number
        return of_day, of_service, coming, inside

    def _held(self, account: int, place: int, without: int) -> Iterator[Row]:
        for number in self.evidence.owned.get(account, ()):
            found = self.row(number, place) if number != without else None
            if found and found[0].status not in GIVEN_BACK:
                yield found[0]

    def _day(self, provider: int, starts: int) -> date | None:
        zone = self.calendar.zones.get(provider)
        return local_day(starts, zone) if zone else None

    def limited(self, account: int, asked: Asked, place: int, now: float) -> str:
        """The first limit of a person that was met; "" for none."""
        service = self.calendar.service(asked.service, place)
        of_day, of_service, coming, _ = self.counts(account, asked, place, now)
        if service["per_customer_day"] is not None and of_day >= service["per_customer_day"]:
            return "per_customer_day"
        if service["per_customer_open"] is not None and of_service >= service["per_customer_open"]:
            return "per_customer_open"
        return "open" if self._cap and coming >= self._cap else ""

    # Of times

    def take(self, args: dict[str, Any], account: int, place: int, now: float) -> Told:
        """What booking a time would have been told."""
        service, asked_for = args["service"], args["provider"]
        overrides = args.get("override", ())
        offered = offers(self.calendar, service, place)
        able = offered if asked_for == ANYBODY else [asked_for] if asked_for in offered else []
        if not able:
            return Told("not_offered")
        asked = [Asked(service, one, args["at"], args["size"]) for one in able]
        found = [(one, left(self.calendar, place, one, now, overrides)) for one in asked]
        free = [one for one, codes in found if not codes]
        if not free:
            last = max(found, key=lambda one: ORDER.index(one[1][0]))
            if last[1][0] != "slot_taken":
                return Told(last[1][0])
        chosen = self._in_turn(free, place)
        best = chosen[0] if chosen else found[0][0]
        if account and "limit" not in overrides and self.limited(account, best, place, now):
            return Told("limit_reached")
        if not free:
            return Told("slot_taken")
        if account and self.is_in(account, best, place, now):
            return Told("already_booked")
        return Told("", frozenset(one.provider for one in free))

    def is_in(self, account: int, asked: Asked, place: int, now: float) -> bool:
        """Whether a person was in the slot that stands at a time, where others can join it."""
        shared = self.calendar.shared(asked.service, asked.provider, asked.at, place)
        joined = shared is not None and shared.capacity > 1
        return joined and self.counts(account, asked, place, now)[3] > 0

    def _in_turn(self, free: list[Asked], place: int) -> list[Asked]:
        """Those who are free, in the order in which they are taken."""

        def order(one: Asked) -> Any:
            shared = self.calendar.shared(one.service, one.provider, one.at, place)
            _, served, last = self.calendar.served[one.service, one.provider].at(place) or (
                100,
                0.0,
                None,
            )
            return (
                shared is None,
                shared.number if shared else 0,
                round(served, 6),
                last is not None,
                last or "",
                one.provider,
            )

        return sorted(free, key=order)

    def line(self, args: dict[str, Any], place: int, now: float) -> list[int]:
        """With whom a time goes that anybody may give: who is free, in turn."""
        able = offers(self.calendar, args["service"], place)
        asked = [Asked(args["service"], one, args["at"], args["size"]) for one in able]
        free = [
            one
            for one in asked
            if not left(self.calendar, place, one, now, args.get("override", ()))
        ]
        return [one.provider for one in self._in_turn(free, place)]

    def shift(self, args: dict[str, Any], staff: bool, place: int, now: float) -> Told:
        """What moving an appointment to a time would have been told."""
        number = args["appointment"]
        if not (found := self.row(number, place)):
            return Told("not_found")
        row, version = found
        if args.get("version", version) != version:
            return Told("precondition_failed")
        if row.status != "booked":
            return Told("not_active")
        whose, starts = self.where(row.slot)
        origin, provider = self.calendar.slots.get(row.slot), args["provider"] or whose
        if (provider, args["at"]) == (whose, starts):
            return Told("same_slot")
        if not staff and self.too_late(row.slot, place, now):
            return Told("too_late")
        if origin is None or provider not in offers(self.calendar, origin.service, place):
            return Told("not_offered")
        size = self.evidence.sizes.get(number, 1)
        asked = Asked(origin.service, provider, args["at"], size, self.spare(number, place))
        codes = left(self.calendar, place, asked, now)
        if codes and codes[0] != "slot_taken":
            return Told(codes[0])
        most = self.calendar.service(origin.service, place)["per_customer_day"]
        counts = self.counts(row.account, asked, place, now, number)
        if most is not None and counts[0] >= most:
            return Told("limit_reached")
        shared = self.calendar.shared(asked.service, asked.provider, asked.at, place, asked.spare)
        if not codes and shared and shared.capacity > 1 and counts[3]:
            return Told("already_booked")
        return Told(codes[0] if codes else "", frozenset({provider}))
