"""The model of holds of slots: held for a while, confirmed, let go of, or run out."""

from datetime import UTC, datetime
from typing import Any

from service.booking.actions import HOLD, RELEASE
from tests.model.calendar import MAX_OPEN
from tests.model.call import Call, Expected, Refused
from tests.model.desk import Desk
from tests.model.things import Account, Appointment
from tests.model.times.seats import count


class Holds(Desk):
    """Appointments that are none yet, in slots that there are."""

    def _held(self, hold_id: int, who: Account) -> Appointment:
        """What is a hold of one's own, or of the calendar that one keeps, or was one."""
        one = self.appointments.get(hold_id)
        if one is None or not one.was_held:
            raise Refused("not_found")
        if one.account is not who and not who.keeps(one.slot.provider.id):
            raise Refused("not_found")
        return one

    def _hold(self, call: Call, who: Account, made: list[int]) -> Expected:
        def hold() -> Expected:
            slot = self._there(call.body["slot"])
            if slot.starts_at <= datetime.now(UTC):
                raise Refused("slot_in_past")
            if self.times.coming(who) >= MAX_OPEN:
                raise Refused("limit_reached", limit="open")
            self._check_room(slot, who)
            new = Appointment(made[0], slot, who, "", status=HOLD.after)
            self.appointments[new.id] = new
            count(slot, 1)
            slot.held += 1
            new.changed("hold", who, to_slot=slot.id)
            return Expected(201, new.held_document(call.expand), "1")

        return self._once(call, who.id, hold)

    def _hold_get(self, call: Call, who: Account, made: list[int]) -> Expected:
        one = self._held(call.id, who)
        if one.status != HOLD.after:
            raise Refused("not_found")
        version = one.slot.provider.tag(one.version)
        return Expected(200, one.held_document(False), version)

    def _confirm(self, call: Call, who: Account, made: list[int]) -> Expected:
        def confirm() -> Expected:
            one = self._held(call.id, who)
            if one.status == RELEASE.after:
                raise Refused("hold_expired")
            if one.status not in ("held", "booked"):
                raise Refused("not_active")
            if one.status == "held":
                one.status = "booked"
                one.notes = (call.body or {}).get("notes", one.notes)
                one.slot.held -= 1
                one.slot.version += 1
                here = one.slot.id
                one.changed("confirm", who, from_slot=here, to_slot=here)
            return Expected(201, one.whole(call.expand), str(one.version))

        return self._once(call, who.id, confirm)

    def _release(self, call: Call, who: Account, made: list[int]) -> Expected:
        def release() -> Expected:
            one = self._held(call.id, who)
            if not one.is_hold:
                raise Refused("not_found")
            if one.status == HOLD.after:
                self.expired(one, RELEASE.name, who)
            return Expected(204)

        return self._once(call, who.id, release)

    def expired(self, one: Appointment, action: str, who: Any) -> None:
        """A hold is none any more, and its place is free."""
        one.status = RELEASE.after
        count(one.slot, -1)
        one.slot.held -= 1
        one.changed(action, who, from_slot=one.slot.id)
