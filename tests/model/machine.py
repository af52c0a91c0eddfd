"""Any requests in any order, by people of each kind."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from service.booking.actions import ENDINGS
from service.booking.status import APPOINTMENT_STATUSES
from tests.api.checks import NEVER
from tests.model.call import Call
from tests.model.people import KEYS, NTH, WHO, People, nth_of

STAFF = st.sampled_from([*["keeper", "admin"] * 4, "ann", "any"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"])
TAGS = st.sampled_from([*[None] * 5, "now", "now", "*", '"99"', "nonsense"])
SLOT_STATUSES = ("free", "busy", "busy-unavailable")
STATUSES = st.sampled_from([None, *APPOINTMENT_STATUSES, *SLOT_STATUSES])
CHANGES = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["free", "free", "busy-unavailable"]),
        "capacity": st.integers(1, 3),
        "per_person": st.integers(1, 2),
    },
)
TITLES = st.sampled_from(["Dr Who", "Öffentlich"])
LOOKS = st.sampled_from(["me", "tokens", "provider_get", "slot_get", "get", "get", "history"])
# Hours from the run's own one on: begun, too soon to be cancelled by customers, far away.
STARTS = st.sampled_from([-72, 2, 3, *list(range(240, 250)) * 2])
MINUTES = st.sampled_from([30, 60, 60, 60, 90])
CAPACITIES = st.sampled_from([1, 1, 2])
ENDS = st.tuples(st.just("cancel"), WHO) | st.tuples(st.sampled_from([*ENDINGS]), STAFF)
LONG_AGO, A_MINUTE = datetime(2024, 1, 1, tzinfo=UTC), timedelta(minutes=1)
YES_OR_NO = st.booleans()


class Machine(People):
    """Calendars and appointments: their rules."""

    def opening(self, admin: str | None, provider_id: int) -> None:
        """A few slots: one is too soon to be cancelled."""
        wanted = [self._new_slot(provider_id, start, 60, 1) for start in (2, 240, 241, 242)]
        made = self.do(Call("slot_create", admin, body=wanted)).json
        for name, slot in zip(("ann", "bob"), made, strict=False):
            self.do(Call("book", self.who(name), body={"slot": slot["id"]}))

    def _new_slot(self, provider_id: int, start: int, minutes: int, capacity: int) -> Any:
        at = self.hour + timedelta(hours=start)
        return {
            "provider": provider_id,
            "starts_at": at.isoformat(),
            "ends_at": (at + timedelta(minutes=minutes)).isoformat(),
            "capacity": capacity,
        }

    @rule(who=STAFF, nth=NTH, new=YES_OR_NO, name=TITLES, zone=ZONES, key=KEYS)
    def changes_providers(
        self, who: str, nth: int, new: bool, name: str, zone: str, key: str | None
    ) -> None:
        body = {"name": name, "time_zone": zone}
        if new:
            self.do(Call("provider_create", self.who(who), body=body, key=key))
            return
        if nth % 2:
            del body["time_zone"]
        one = self._provider(nth)
        tag = self._tag("now", self.model.providers.get(one)) if nth % 3 and one != NEVER else None
        self.do(Call("provider_change", self.who(who), one, body, key=key, if_match=tag))

    def _provider(self, nth: int) -> int:
        return self._id(self.model.providers, nth)

    def _slot(self, nth: int) -> int:
        return self._id(self.model.slots, nth)

    def _appointment(self, nth: int) -> int:
        return self._id(self.model.appointments, nth)

    def _id(self, things: Any, nth: int) -> int:
        return NEVER if nth == 30 else int(nth_of(things, nth))

    @rule(
        who=STAFF,
        nth=NTH,
        starts=st.lists(st.tuples(STARTS, MINUTES, CAPACITIES), min_size=1, max_size=3),
        key=KEYS,
    )
    def opens_slots(self, who: str, nth: int, starts: list[Any], key: str | None) -> None:
        bodies = [self._new_slot(self._provider(nth), *start) for start in starts]
        for one in bodies:
            one |= self._for_service(one["provider"], nth)
        body = bodies if len(bodies) > 1 else bodies[0]
        self.do(Call("slot_create", self.who(who), body=body, key=key))

    def _for_service(self, provider_id: int, nth: int) -> dict[str, Any]:
        """Now and then for a service that the provider gives."""
        given = [
            one.id
            for one in self.model.services.values()
            if provider_id in one.shares and not one.retired
        ]
        return {"service": nth_of(given, nth)} if given and nth % 2 else {}

    @rule(who=STAFF, nth=NTH, body=CHANGES, tag=TAGS, key=KEYS)
    def changes_a_slot(
        self, who: str, nth: int, body: dict[str, Any] | None, tag: str | None, key: str | None
    ) -> None:
        slot_id = self._slot(nth)
        tag = self._tag(tag, self.model.slots.get(slot_id))
        action = "slot_delete" if body is None else "slot_change"
        self.do(Call(action, self.who(who), slot_id, body, key=key, if_match=tag))

    def _tag(self, tag: str | None, thing: Any) -> str | None:
        return f'"{thing.version}"' if thing and tag == "now" else tag

    @rule(who=WHO, nth=NTH, any_nth=NTH, expand=YES_OR_NO, key=KEYS)
    def books(self, who: str, nth: int, any_nth: int, expand: bool, key: str | None) -> None:
        body = {"slot": self._slot(nth)} | ({"notes": f"n{nth}"} if nth % 2 else {})
        self.do(Call("book", self.who(who, any_nth), body=body, key=key, expand=expand))

    @rule(who=WHO, nth=NTH, to=NTH, tag=TAGS, expand=YES_OR_NO, key=KEYS)
    def moves(
        self, who: str, nth: int, to: int, tag: str | None, expand: bool, key: str | None
    ) -> None:
        one = self._appointment(nth)
        tag = self._tag(tag, self.model.appointments.get(one))
        body = {"new_slot": self._slot(to)}
        who_ = self.who(who)
        self.do(Call("reschedule", who_, one, body, key=key, if_match=tag, expand=expand))

    @rule(ending=ENDS, nth=NTH, tag=TAGS, expand=YES_OR_NO, key=KEYS)
    def ends(
        self, ending: tuple[str, str], nth: int, tag: str | None, expand: bool, key: str | None
    ) -> None:
        action, who = ending
        one = self._appointment(nth)
        if action == "noshow" and nth % 4:
            self._let_begin(one)
        tag = self._tag(tag, self.model.appointments.get(one))
        body = {"reason": f"r{nth}"} if nth % 2 else None
        who_ = self.who(who)
        self.do(Call(action, who_, one, body, key=key, if_match=tag, expand=expand))

    def _let_begin(self, appointment_id: int) -> None:
        """Time passes, for the slot of one appointment."""
        one = self.model.appointments.get(appointment_id)
        if one is None or any(slot.lead is one.slot for slot in self.model.slots.values()):
            return
        self.world.begin(one.slot.id)
        one.slot.starts_at = LONG_AGO + one.slot.id * A_MINUTE
        one.slot.ends_at = one.slot.starts_at + A_MINUTE
        one.slot.block = one.slot.block and (one.slot.starts_at, one.slot.ends_at)

    @rule(action=LOOKS, who=WHO, nth=NTH, tag=TAGS, expand=YES_OR_NO)
    def looks(self, action: str, who: str, nth: int, tag: str | None, expand: bool) -> None:
        found = {
            "get": self._appointment,
            "history": self._appointment,
            "slot_get": self._slot,
            "provider_get": self._provider,
        }
        one = found[action](nth) if action in found else 0
        tag = self._tag(tag, self.model.appointments.get(one)) if action == "get" else None
        self.do(Call(action, self.who(who, nth), one, if_none_match=tag, expand=expand))

    @rule(who=WHO, nth=NTH, status=STATUSES, provider=YES_OR_NO, expand=YES_OR_NO)
    def lists(self, who: str, nth: int, status: str | None, provider: bool, expand: bool) -> None:
        filters: list[tuple[str, Any]] = [("limit", 1 + nth % 3)]
        filters += [("status", status)] if status else []
        if status in SLOT_STATUSES:
            self.do(Call("slot_list", id=self._provider(nth), filters=tuple(filters)))
            return
        filters += [("provider", self._provider(nth))] if provider else []
        self.do(Call("list", self.who(who), filters=tuple(filters), expand=expand))

    @precondition(lambda self: self.calls)
    @rule(nth=st.integers(0, 5))
    def asks_the_same_again(self, nth: int) -> None:
        self.do(nth_of(self.calls, nth))
