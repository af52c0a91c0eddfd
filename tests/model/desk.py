"""The model of appointments: book, reschedule, cancel, and what staff note."""

from datetime import UTC, datetime, timedelta
from typing import Any

from service.booking.actions import ENDINGS, NOSHOW, RESCHEDULE
from tests.model.accounts import STAFF_ONLY
from tests.model.calendar import MAX_OPEN, Calendar, check_version
from tests.model.call import Call, Expected, Refused
from tests.model.things import Account, Appointment, Slot
from tests.model.times.seats import count, leave

NOTICE = timedelta(minutes=600)


class Desk(Calendar):
    """Appointments, in slots that there are."""

    def _visible(self, appointment_id: int, who: Account) -> Appointment:
        one = self.appointments.get(appointment_id)
        if (
            one is None
            or one.is_hold
            or not (one.account is who or who.keeps(one.slot.provider.id))
        ):
            raise Refused("not_found")
        return one

    def _check_room(self, slot: Slot, account: Account, size: int = 1) -> None:
        if slot.starts_at <= datetime.now(UTC):
            raise Refused("slot_in_past")
        if slot.status != "free" or size > slot.capacity - slot.booked:
            raise Refused("slot_taken", alternatives=self._alternatives(slot))
        if slot.per_person <= self.seats(slot, account):
            raise Refused("already_booked")

    def _alternatives(self, lost: Slot) -> list[Any]:
        later = [
            slot
            for slot in self.slots.values()
            if slot.provider is lost.provider and not slot.deleted and slot.status == "free"
            if slot.starts_at > max(lost.starts_at, datetime.now(UTC))
        ]
        return [slot.full() for slot in sorted(later, key=lambda slot: slot.starts_at)[:3]]

    def _book(self, call: Call, who: Account, made: list[int]) -> Expected:
        def book() -> Expected:
            slot = self._there(call.body["slot"])
            self._check_room(slot, who)
            if self.times.coming(who) >= MAX_OPEN:
                raise Refused("limit_reached")
            notes = call.body.get("notes", "")
            new = Appointment(made[0], slot, who, notes)
            self.appointments[new.id] = new
            count(slot, 1)
            new.changed("book", who, to_slot=slot.id)
            return Expected(201, new.whole(call.expand), "1")

        return self._once(call, who.id, book)

    def _reschedule(self, call: Call, who: Account, made: list[int]) -> Expected:
        def move() -> Expected:
            one = self._visible(call.id, who)
            old, target = one.slot, self.slots.get(call.body["new_slot"])
            check_version(call, one.version)
            if one.status != RESCHEDULE.before:
                raise Refused("not_active")
            if old is target:
                raise Refused("same_slot")
            self._check_notice(old, who)
            if target is None or target.deleted:
                raise Refused("not_found")
            if one.account is not who and not who.keeps(target.provider.id):
                raise Refused("permission_denied")
            self._check_room(target, one.account, one.size)
            leave(self.times, old, one.size)
            count(target, one.size)
            return self._moved(call, who, one, target)

        return self._once(call, who.id, move)

    def _moved(self, call: Call, who: Account, one: Appointment, target: Slot) -> Expected:
        """An appointment is in another slot now."""
        old, one.slot = one.slot, target
        one.changed("reschedule", who, from_slot=old.id, to_slot=target.id)
        shown = {
            "message": RESCHEDULE.message,
            "appointment_id": one.id,
            "old_slot": old.full() if call.expand else old.id,
            "new_slot": target.full() if call.expand else target.id,
        }
        return Expected(200, shown, str(one.version))

    def _end(self, call: Call, who: Account, made: list[int]) -> Expected:
        action = ENDINGS[call.action]

        def end() -> Expected:
            one = self._visible(call.id, who)
            if call.action in STAFF_ONLY and not who.keeps(one.slot.provider.id):
                raise Refused("permission_denied")
            check_version(call, one.version)
            if one.status != action.after:
                if one.status != action.before:
                    raise Refused("not_active")
                if action is NOSHOW and one.slot.starts_at > datetime.now(UTC):
                    raise Refused("too_early")
                self._check_notice(one.slot, who)
                self._change_status(one, call, who, action.after)
            shown = {
                "message": action.message,
                "appointment_id": one.id,
                "slot": one.slot.full() if call.expand else one.slot.id,
            }
            return Expected(200, shown, str(one.version))

        return self._once(call, who.id, end)

    def _change_status(self, one: Appointment, call: Call, who: Account, status: str) -> None:
        one.status = status
        if status == "cancelled":
            leave(self.times, one.slot, one.size)
        one.changed(
            call.action,
            who,
            from_slot=one.slot.id,
            to_slot=one.slot.id if one.seated else None,
            reason=(call.body or {}).get("reason", ""),
        )

    def _get(self, call: Call, who: Account, made: list[int]) -> Expected:
        one = self._visible(call.id, who)
        shown = f"{one.version}.{one.slot.version}" if call.expand else one.version
        version = one.slot.provider.tag(shown)
        if call.if_none_match in ("*", f'"{version}"'):
            return Expected(304, None, version)
        return Expected(200, one.whole(call.expand), version)

    def _list(self, call: Call, who: Account, made: list[int]) -> Expected:
        filters = dict(call.filters)
        provider_id = filters.get("provider")
        found = [
            one
            for one in sorted(self.appointments.values(), key=lambda one: one.id)
            if not one.is_hold and filters.get("status") in (None, one.status)
            if provider_id in (None, one.slot.provider.id)
        ]
        if filters.get("outside_hours"):
            if not who.keeps(provider_id):
                raise Refused("permission_denied")
            found = [one for one in found if self.outside(one)]
        if provider_id is not None and who.keeps(provider_id):
            found.sort(key=lambda one: (one.slot.starts_at, one.slot.id))
            return Expected(200, [one.whole(call.expand) for one in found])
        return Expected(200, [one.own(call.expand) for one in found if one.account is who])

    def _history(self, call: Call, who: Account, made: list[int]) -> Expected:
        return Expected(200, self._visible(call.id, who).told(who))

    def _check_notice(self, slot: Slot, who: Account) -> None:
        """As the service said when the slot was made, or else the settings."""
        notice = NOTICE if slot.notice is None else slot.notice
        if not who.keeps(slot.provider.id) and slot.starts_at <= datetime.now(UTC) + notice:
            raise Refused("too_late")
