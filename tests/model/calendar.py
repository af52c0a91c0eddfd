"""The model of providers and slots."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.model.accounts import Accounts
from tests.model.call import Call, Expected, Refused
from tests.model.offered import Closure, Service
from tests.model.things import Account, Appointment, Provider, Slot
from tests.model.times.turn import Turns

MAX_OPEN = 3


class Calendar(Accounts):
    """Providers with their slots."""

    def __init__(self) -> None:
        super().__init__()
        self.providers: dict[int, Provider] = {}
        self.slots: dict[int, Slot] = {}
        self.appointments: dict[int, Appointment] = {}
        self.services: dict[int, Service] = {}
        self.closures: dict[int, Closure] = {}
        self.times = Turns(
            self.providers, self.services, self.slots, self.closures, self.appointments
        )
        self.times.max_open = MAX_OPEN

    def _provider_create(self, call: Call, who: Account, made: list[int]) -> Expected:
        def create() -> Expected:
            new = Provider(made[0], **call.body)
            self.providers[new.id] = new
            return Expected(201, new.document(), str(new.version))

        return self._once(call, who.id, create)

    def _provider_get(self, call: Call, _: None, made: list[int]) -> Expected:
        if call.id not in self.providers:
            raise Refused("not_found")
        one = self.providers[call.id]
        return Expected(200, one.document(), str(one.version))

    def _provider_change(self, call: Call, who: Account, made: list[int]) -> Expected:
        def change() -> Expected:
            if not who.keeps(call.id):
                raise Refused("permission_denied")
            if call.id not in self.providers:
                raise Refused("not_found")
            one = self.providers[call.id]
            check_version(call, one.version)
            vars(one).update(call.body)
            one.version += 1
            one.calendar_version += 1
            return Expected(200, one.document(), str(one.version))

        return self._once(call, who.id, change)

    def _slot_create(self, call: Call, who: Account, made: list[int]) -> Expected:
        wanted = call.body if isinstance(call.body, list) else [call.body]

        def create() -> Expected:
            if not all(who.keeps(one["provider"]) for one in wanted):
                raise Refused("permission_denied")
            if not all(one["provider"] in self.providers for one in wanted):
                raise Refused("not_found")
            times = [self._free_time(wanted, number) for number in range(len(wanted))]
            new = [
                Slot(slot_id, self.providers[one["provider"]], *time, one["capacity"])
                for slot_id, one, time in zip(made, wanted, times, strict=True)
            ]
            for slot, one in zip(new, wanted, strict=True):
                self._for_service(slot, one.get("service"))
                self.slots[slot.id] = slot
            shown = [slot.alone() for slot in new]
            return Expected(201, shown if isinstance(call.body, list) else shown[0])

        return self._once(call, who.id, create)

    def _for_service(self, slot: Slot, service_id: int | None) -> None:
        """What the service says now of such a slot."""
        slot.service_id = service_id
        notice = self.services[service_id].terms["notice_minutes"] if service_id else None
        slot.notice = None if notice is None else timedelta(minutes=notice)

    def _free_time(self, wanted: list[Any], number: int) -> tuple[datetime, datetime]:
        """When a new slot is; refused when the provider has another one then."""
        one = wanted[number]
        starts_at, ends_at = _times(one)
        others = [
            slot.busy
            for slot in self.times.live(one["provider"])
            if not {"overlap", "buffer"} & {*slot.overridden}
        ]
        others += [_times(o) for o in wanted[:number] if o["provider"] == one["provider"]]
        if any(starts_at < end and start < ends_at for start, end in others):
            raise Refused("slot_overlap")
        return starts_at, ends_at

    def _there(self, slot_id: int) -> Slot:
        slot = self.slots.get(slot_id)
        if slot is None or slot.deleted:
            raise Refused("not_found")
        return slot

    def _slot_get(self, call: Call, _: None, made: list[int]) -> Expected:
        slot = self._there(call.id)
        return Expected(200, slot.alone(), slot.provider.tag(slot.version))

    def _slot_list(self, call: Call, _: None, made: list[int]) -> Expected:
        filters = dict(call.filters)
        found = [
            slot
            for slot in self.slots.values()
            if slot.provider.id == call.id and not slot.deleted
            if slot.starts_at > datetime.now(UTC)
            if filters.get("status") in (None, slot.status)
        ]
        found.sort(key=lambda slot: (slot.starts_at, slot.id))
        return Expected(200, [slot.full() for slot in found])

    def _slot_change(self, call: Call, who: Account, made: list[int]) -> Expected:
        capacity = call.body.get("capacity", 0)

        def change() -> Expected:
            slot = self._changeable(call, who)
            if (capacity and slot.booked > capacity) or (capacity > 1 and slot.lead):
                raise Refused("slot_in_use")
            slot.capacity = capacity or slot.capacity
            slot.per_person = call.body.get("per_person", slot.per_person)
            if "status" in call.body:
                slot.closed = call.body["status"] == "busy-unavailable"
            slot.version += 1
            return Expected(200, slot.alone(), str(slot.version))

        return self._once(call, who.id, change)

    def _slot_delete(self, call: Call, who: Account, made: list[int]) -> Expected:
        def delete() -> Expected:
            slot = self._changeable(call, who)
            if slot.booked:
                raise Refused("slot_in_use")
            slot.deleted = True
            slot.version += 1
            return Expected(204)

        return self._once(call, who.id, delete)

    def _changeable(self, call: Call, who: Account) -> Slot:
        slot = self._there(call.id)
        if not who.keeps(slot.provider.id):
            raise Refused("permission_denied")
        check_version(call, slot.version)
        return slot

    def seats(self, slot: Slot, who: Account) -> int:
        """How many places somebody has in the slot."""
        return sum(
            one.slot is slot and one.account is who and one.seated
            for one in self.appointments.values()
        )


def _times(wanted: Any) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(wanted["starts_at"]), datetime.fromisoformat(wanted["ends_at"])


def check_version(call: Call, version: int) -> None:
    """Refused when If-Match names another one."""
    if call.if_match not in (None, "*", f'"{version}"'):
        raise Refused("precondition_failed")
