"""The model of services, hours and closures, and of the times that come of them."""

from datetime import date, datetime, time
from typing import Any

from service.booking.calendar.hours.document import WEEKDAYS
from service.booking.calendar.hours.windows import Hours, Schedule, Special, Weekly
from tests.model.calendar import check_version
from tests.model.call import Call, Expected, Refused
from tests.model.holds import Holds
from tests.model.offered import Closure, Service, Share
from tests.model.things import EVERYWHERE, Account, Appointment, Provider
from tests.model.times.judge import meet
from tests.model.times.wall import window_at

Document = dict[str, Any]
LISTS = ("providers", "needs")


class Clinic(Holds):
    """What can be booked, and when."""

    # Services

    def _service(self, service_id: int) -> Service:
        one = self.services.get(service_id)
        if one is None or one.retired:
            raise Refused("not_found")
        return one

    def _service_create(self, call: Call, who: Account, made: list[int]) -> Expected:
        def create() -> Expected:
            terms = {name: said for name, said in call.body.items() if name not in LISTS}
            new = Service(made[0], terms)
            self.services[new.id] = new
            self._staff(new, call.body)
            return Expected(201, new.document(), "1")

        return self._once(call, who.id, create)

    def _staff(self, service: Service, body: Document) -> None:
        """Who gives it and what it needs; who joins has served as little as who has the least."""
        concerned = self._concerned(service)
        if "providers" in body:
            offers = {one["provider"]: one["weight"] for one in body["providers"]}
            stay = {one: share for one, share in service.shares.items() if one in offers}
            least = min((share.served for share in stay.values()), default=0)
            service.shares = {one: stay.get(one) or Share(served=least) for one in offers}
            for one, weight in offers.items():
                service.shares[one].weight = weight
        service.needs = body.get("needs", service.needs)
        for one in concerned | self._concerned(service):
            self.providers[one].calendar_version += 1

    def _concerned(self, service: Service) -> set[int]:
        return {*service.shares, *(one for ids in service.needs.values() for one in ids)}

    def _service_get(self, call: Call, _: None, made: list[int]) -> Expected:
        one = self._service(call.id)
        return Expected(200, one.document(), str(one.version))

    def _service_change(self, call: Call, who: Account, made: list[int]) -> Expected:
        def change() -> Expected:
            one = self._service(call.id)
            check_version(call, one.version)
            follows = one.terms["step_minutes"] == one.terms["duration_minutes"]
            one.terms |= {name: value for name, value in call.body.items() if name not in LISTS}
            if follows and "step_minutes" not in call.body:
                one.terms["step_minutes"] = one.terms["duration_minutes"]
            self._staff(one, call.body)
            one.version += 1
            return Expected(200, one.document(), str(one.version))

        return self._once(call, who.id, change)

    def _service_retire(self, call: Call, who: Account, made: list[int]) -> Expected:
        def retire() -> Expected:
            if call.if_match is not None:
                check_version(call, self._service(call.id).version)
            if call.id not in self.services:
                raise Refused("not_found")
            one = self.services[call.id]
            if not one.retired:
                one.retired = True
                self._staff(one, {})
            return Expected(204)

        return self._once(call, who.id, retire)

    # Hours

    def _kept(self, provider_id: int | None, who: Account) -> list[Provider]:
        """The provider that one may close, or all."""
        if not (who.staff_of == EVERYWHERE if provider_id is None else who.keeps(provider_id)):
            raise Refused("permission_denied")
        if provider_id is None:
            return [*self.providers.values()]
        if provider_id not in self.providers:
            raise Refused("not_found")
        return [self.providers[provider_id]]

    def _schedule(self, call: Call, who: Account, made: list[int]) -> Expected:
        def replace() -> Expected:
            [one] = self._kept(call.id, who)
            one.schedule, one.opened = _schedule(call.body), True
            one.calendar_version += 1
            return Expected(
                200, self._hours(one) | self._conflicts([one]), str(one.calendar_version)
            )

        return self._once(call, who.id, replace)

    def _schedule_get(self, call: Call, _: None, made: list[int]) -> Expected:
        if call.id not in self.providers:
            raise Refused("not_found")
        return Expected(200, self._hours(self.providers[call.id]))

    def _hours(self, one: Provider) -> Document:
        shown = {"provider": one.id, "time_zone": one.time_zone, "version": one.calendar_version}
        rules = [
            {"days": [WEEKDAYS[day] for day in sorted(rule.weekdays)]} | _shown(rule.hours)
            for rule in one.schedule.weekly
        ]
        days = [
            {"date": each.day.isoformat(), "hours": [_shown(hours) for hours in each.hours]}
            for each in one.schedule.days
        ]
        return shown | {"weekly": rules, "days": sorted(days, key=lambda each: str(each["date"]))}

    def _conflicts(self, closed: list[Provider], span: Closure | None = None) -> Document:
        """Coming appointments that are outside of hours, or in the way of a closure."""
        found = [
            (one.slot.starts_at, one.id, "closure" if span else self.outside(one))
            for one in self.appointments.values()
            if one.slot.provider in closed and self.outside(one)
            if span is None
            or meet((one.slot.starts_at, one.slot.ends_at), span.times(one.slot.provider.time_zone))
        ]
        told = [
            {"appointment_id": one, "starts_at": at.isoformat(), "reason": why}
            for at, one, why in sorted(found)
        ]
        return {"conflicts": told, "conflicts_total": len(told)}

    def outside(self, one: Appointment) -> str | None:
        """Why a coming appointment would not be had now."""
        slot, provider = one.slot, one.slot.provider
        if one.is_hold or not self.times.comes(one) or "closed" in slot.overridden:
            return None
        span, zone = (slot.starts_at, slot.ends_at), provider.time_zone
        for shut in self.closures.values():
            if shut.provider_id in (None, provider.id) and meet(shut.times(zone), span):
                return "closure"
        if slot.block is None or not provider.opened:
            return None
        window = window_at(provider.schedule, zone, slot.starts_at, slot.service_id or 0)
        return None if window and slot.ends_at <= window.ends else "hours"

    # Closures

    def _closure_create(self, call: Call, who: Account, made: list[int]) -> Expected:
        def create() -> Expected:
            closed = self._kept(call.body.get("provider"), who)
            new = _closure(made[0] if made else 0, call.body)
            self.closures[new.id] = new
            for one in closed:
                one.calendar_version += 1
            return Expected(201, new.document() | self._conflicts(closed, new))

        return self._once(call, who.id, create)

    def _closure_get(self, call: Call, who: Account, made: list[int]) -> Expected:
        return Expected(200, self._shut(call.id, who).document())

    def _shut(self, closure_id: int, who: Account) -> Closure:
        one = self.closures.get(closure_id)
        if one is None or not (one.provider_id is None or who.keeps(one.provider_id)):
            raise Refused("not_found")
        return one

    def _closure_delete(self, call: Call, who: Account, made: list[int]) -> Expected:
        def delete() -> Expected:
            gone = self._shut(call.id, who)
            for one in self._kept(gone.provider_id, who):
                one.calendar_version += 1
            del self.closures[gone.id]
            return Expected(204)

        return self._once(call, who.id, delete)


def _schedule(body: Document) -> Schedule:
    weekly = tuple(
        Weekly(frozenset(WEEKDAYS.index(day) for day in rule["days"]), _hours(rule))
        for rule in body["weekly"]
    )
    days = tuple(
        Special(date.fromisoformat(one["date"]), tuple(_hours(each) for each in one["hours"]))
        for one in body["days"]
    )
    return Schedule(weekly, days)


def _hours(body: Document) -> Hours:
    services = tuple(body["services"]) if "services" in body else None
    closes = body["closes"].replace("24:00", "00:00")
    return Hours(time.fromisoformat(body["opens"]), time.fromisoformat(closes), services)


def _shown(hours: Hours) -> Document:
    closes = "24:00" if hours.closes == time() else f"{hours.closes:%H:%M}"
    some = {"services": [*hours.services]} if hours.services else {}
    return {"opens": f"{hours.opens:%H:%M}", "closes": closes} | some


def _closure(closure_id: int, body: Document) -> Closure:
    days, instants = None, None
    if "from" in body:
        days = date.fromisoformat(body["from"]), date.fromisoformat(body["to"])
    else:
        instants = (
            datetime.fromisoformat(body["starts_at"]),
            datetime.fromisoformat(body["ends_at"]),
        )
    return Closure(closure_id, body.get("provider"), days, instants)
