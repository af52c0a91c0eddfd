"""The model of times: which there are, why not, and who takes them."""

from datetime import datetime
from typing import Any

from tests.model.calendar import check_version
from tests.model.call import Call, Expected, Refused
from tests.model.clinic import Clinic
from tests.model.offered import Service
from tests.model.things import EVERYWHERE, Account, Appointment, Provider, Slot
from tests.model.times.judge import Found
from tests.model.times.seats import enter, leave
from tests.model.times.turn import Choice
from tests.model.times.wall import DAY

Document = dict[str, Any]


class Booking(Clinic):
    """Everything: the model of the whole API."""

    def __init__(self) -> None:
        super().__init__()
        self.customers: dict[int, Account] = {}
        self.made_rooms: dict[int, int] = {}  # of the last slot that was made, by provider

    def rooms_of(self, service_id: int) -> set[int]:
        """All that may go with a service."""
        needs = self.services[service_id].needs if service_id else {}
        return {one for ids in needs.values() for one in ids}

    # Which times there are

    def _times(self, call: Call, who: Account | None, made: list[int]) -> Expected:
        asked, service = dict(call.filters), self._service(call.id)
        spared = self._spared(asked, call)
        span = _instant(asked["from"]), _instant(asked["to"])
        provider_id, size = asked.get("provider", 0), asked.get("size", 1)
        found = self.times.found(service, provider_id, span, size, spared)
        return Expected(200, _page(found, provider_id))

    def _spared(self, asked: Document, call: Call) -> Slot | None:
        """The slot of one's own appointment, if nobody else is in it."""
        if "moving" not in asked:
            return None
        who = self._who(call)
        one = self._visible(asked["moving"], who)
        if one.status != "booked":
            raise Refused("not_found")
        return one.slot if one.slot.block and one.slot.booked == one.size else None

    def _next(self, call: Call, _: None, made: list[int]) -> Expected:
        asked, service = dict(call.filters), self._service(call.id)
        provider_id, at = asked.get("provider", 0), _instant(asked["from"])
        for n in range(service.terms["horizon_days"] + 3):
            span = at + n * DAY, at + (n + 1) * DAY
            found = self.times.found(service, provider_id, span, asked.get("size", 1))
            if found:
                return Expected(200, _page(found, provider_id)[0])
        return Expected(200, None)

    def _explain(self, call: Call, who: Account, made: list[int]) -> Expected:
        asked, service = dict(call.filters), self._service(call.id)
        provider_id, size = asked.get("provider", 0), asked.get("size", 1)
        at = _instant(asked["starts_at"])
        all_ = self.times.explained(service, provider_id, at, size, who)
        bookable = any(not one.refusals for one in all_)
        reasons = [
            {"code": code, "provider_id": one.judged.provider.id}
            for one in all_
            for code in one.refusals
        ]
        if not all_:
            reasons = [{"code": "not_offered", "provider_id": provider_id or None}]
        near = [_time(one) for one in self.times.near(service, provider_id, at, size)]
        shown = {"bookable": bookable, "reasons": [] if bookable else reasons, "next": near}
        return Expected(200, shown)

    # Who takes them

    def _take(self, call: Call, who: Account, made: list[int]) -> Expected:
        def book() -> Expected:
            service, whom, choice = self._choice(call, who)
            size, anybody = call.body.get("size", 1), "provider" not in call.body
            slot_id, appointment_id = made
            rooms = self.made_rooms
            slot = enter(self.times, service, choice, size, slot_id, rooms, anybody)
            new = Appointment(appointment_id, slot, whom, call.body.get("notes", ""), size=size)
            self.appointments[new.id] = new
            new.changed("book", who, to_slot=slot.id, reason=call.body.get("reason", ""))
            return Expected(201, new.whole(call.expand), "1")

        return self._once(call, who.id, book)

    def _try(self, call: Call, who: Account, made: list[int]) -> Expected:
        _, _, choice = self._choice(call, who)
        return Expected(200, {"bookable": True, "provider_id": choice.judged.provider.id})

    def _choice(self, call: Call, who: Account) -> tuple[Service, Account, Choice]:
        """What a wish comes to, if nothing speaks against it."""
        body, override = call.body, frozenset(call.body.get("override", ()))
        customer = body.get("customer", who.id)
        if (customer != who.id or override) and not who.staff_of:
            raise Refused("permission_denied")
        if override and not body.get("reason"):
            raise Refused("invalid", errors={"reason": ["This field is required with override."]})
        service, whom = self._service(body["service"]), self._whom(customer, who)
        provider_id, at = body.get("provider", 0), datetime.fromisoformat(body["starts_at"])
        size = body.get("size", 1)
        choice = self.times.chosen(service, provider_id, at, size, whom, override)
        if choice is None:
            raise Refused("not_offered")
        mine = who.keeps(choice.judged.provider.id)
        if (whom is not who or override) and not mine:
            raise Refused("permission_denied")
        self._refuse(service, choice, provider_id, size)
        return service, whom, choice

    def _whom(self, customer: int, who: Account) -> Account:
        """Somebody whom staff may book for, or oneself."""
        if customer == who.id:
            return who
        known = {one.id: one for one in self.accounts.values()} | self.customers
        one = known.get(customer)
        if one is None or not self._sees(who, one):
            raise Refused("not_found")
        return one

    def _sees(self, who: Account, one: Account) -> bool:
        """Whether a customer is one of somebody's."""
        if one.role != "customer":
            return False
        if who.staff_of == EVERYWHERE or (one.made_by and one.made_by == who.staff_of):
            return True
        return any(
            self.slots[line["to_slot"]].provider.id == who.staff_of
            for each in self.appointments.values()
            if each.account is one
            for line in each.history
            if line["to_slot"]
        )

    def _refuse(
        self, service: Service, choice: Choice, provider_id: int, size: int,
        spared: Slot | None = None,
    ) -> None:  # fmt: skip
        if not choice.refusals:
            return
        code, more = choice.refusals[0], dict[str, Any]()
        if code == "limit_reached":
            more = {"limit": choice.met}
        if code == "slot_taken":
            at = choice.judged.at
            near = self.times.near(service, provider_id, at, size, spared)
            more = {"times": [_time(one) for one in near]} | _left(choice.judged.slot)
        raise Refused(code, **more)

    def _retime(self, call: Call, who: Account, made: list[int]) -> Expected:
        def move() -> Expected:
            one = self._visible(call.id, who)
            old, at = one.slot, datetime.fromisoformat(call.body["starts_at"])
            provider = self.providers.get(call.body.get("provider", old.provider.id))
            check_version(call, one.version)
            if one.status != "booked":
                raise Refused("not_active")
            if old.provider is provider and old.starts_at == at:
                raise Refused("same_slot")
            self._check_notice(old, who)
            service = self.services.get(old.service_id or 0)
            if not service or service.retired or not provider or provider.id not in service.shares:
                raise Refused("not_offered")
            if one.account is not who and not who.keeps(provider.id):
                raise Refused("permission_denied")
            choice = self._moving(service, provider, one, at)
            leave(self.times, old, one.size)
            slot_id = made[0] if made else 0
            rooms = self.made_rooms
            target = enter(self.times, service, choice, one.size, slot_id, rooms, left=old)
            return self._moved(call, who, one, target)

        return self._once(call, who.id, move)

    def _moving(
        self, service: Service, provider: Provider, one: Appointment, at: datetime
    ) -> Choice:
        """What a move comes to, if nothing speaks against it."""
        spared = one.slot if one.slot.block and one.slot.booked == one.size else None
        judged = self.times.judge(service, provider, at, one.size, spared)
        choice = self.times.weighed(service, judged, one.account, one)
        self._refuse(service, choice, provider.id, one.size, spared)
        return choice

    # Customers

    def _customer_create(self, call: Call, who: Account, made: list[int]) -> Expected:
        def create() -> Expected:
            name = call.body["name"]
            new = Account(made[0], name, call.body.get("email"), "", made_by=who.provider_id)
            self.customers[new.id] = new
            return Expected(201, _customer(new))

        return self._once(call, who.id, create)

    def _customer_get(self, call: Call, who: Account, made: list[int]) -> Expected:
        one = self.customers.get(call.id)
        if one is None or not self._sees(who, one):
            raise Refused("not_found")
        return Expected(200, _customer(one))


def _left(slot: Slot | None) -> Document:
    """How many places there are, too few for who comes."""
    left = slot.capacity - slot.booked if slot and not slot.closed else 0
    return {"remaining": left} if left else {}


def _customer(one: Account) -> Document:
    unsaid = dict.fromkeys(("username", "phone", "time_zone", "language"))
    said = {"id": one.id, "name": one.username, "email": one.email}
    return unsaid | said | {"made_by": one.made_by or None}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _time(one: Found) -> Document:
    shown = Slot(0, one.provider, one.at, one.ends_at, 1).full()
    names = ("starts_at", "ends_at", "date", "start_time", "end_time", "time_zone", "provider",
             "provider_id")  # fmt: skip
    slot = {"slot": one.slot.id} if one.slot else {}
    return {name: shown[name] for name in names} | {"remaining": one.remaining} | slot


def _page(found: list[Found], provider_id: int) -> list[Document]:
    """With one provider each by itself, else each start once."""
    if provider_id:
        return [_time(one) for one in found]
    starts: dict[datetime, list[Found]] = {}
    for one in found:
        starts.setdefault(one.at, []).append(one)
    return [
        {name: said for name, said in _time(each[0]).items()
         if name not in ("provider", "provider_id", "slot")}
        | {"remaining": sum(one.remaining for one in each), "providers": len(each)}
        for each in starts.values()
    ]  # fmt: skip
