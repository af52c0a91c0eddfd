"""Services, hours and closures: their rules."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from service.booking.calendar.hours.document import WEEKDAYS
from service.booking.calendar.service import USUAL
from tests.model.call import Call
from tests.model.machine import STAFF, TAGS, YES_OR_NO, Machine
from tests.model.people import KEYS, NTH, nth_of

BOSS = st.sampled_from([*["admin"] * 8, "keeper", "ann"])
TERMS = st.fixed_dictionaries(
    {
        "duration_minutes": st.sampled_from([30, 60, 60, 90]),
        "step_minutes": st.sampled_from([30, 60]),
        "buffer_before_minutes": st.sampled_from([0, 0, 10]),
        "buffer_after_minutes": st.sampled_from([0, 0, 30]),
        "lead_minutes": st.sampled_from([0, 0, 60, 11 * 24 * 60]),
        "horizon_days": st.sampled_from([30, 30, 11]),
        "per_day": st.sampled_from([None, None, 1, 2]),
        "per_customer_day": st.sampled_from([None, None, 1]),
        "per_customer_open": st.sampled_from([None, None, 1, 2]),
        "notice_minutes": st.sampled_from([None, None, 0, 20 * 24 * 60]),
        "capacity": st.sampled_from([2, 2, 3]),
        "party_max": st.sampled_from([1, 2]),
    }
)
ALONE = {"capacity": 1, "party_max": 1}
CHANGED = ("duration_minutes", "per_day", "buffer_after_minutes", "notice_minutes", "lead_minutes")
WINDOWS = st.sampled_from([
    [("00:00", "12:00")], [("09:00", "17:00")], [("22:00", "06:00"), ("09:00", "12:30")],
    [("00:00", "24:00")], [],
])  # fmt: skip
# Half hours from midnight ten days from now.
HALVES = st.sampled_from([*range(60), *range(18, 34)])
MAYBE = st.sampled_from([False, False, True])


def call(name: str, **given: Any) -> Any:
    """A call of a method, with what is drawn of each."""
    return st.tuples(st.just(name), st.fixed_dictionaries(given))


ARRANGED = st.one_of(
    call("offers_a_service", who=BOSS, terms=TERMS, alone=YES_OR_NO, two=YES_OR_NO, room=YES_OR_NO,
         key=KEYS),
    call("changes_a_service", who=BOSS, nth=NTH, terms=TERMS, tag=TAGS,
         what=st.sampled_from([*CHANGED, "", "gone"])),
    call("writes_hours", who=STAFF, nth=NTH, windows=WINDOWS, own=WINDOWS, special=MAYBE,
         some=MAYBE, key=KEYS),
    call("closes", who=STAFF, nth=NTH, half=HALVES, length=st.integers(0, 6), all_=MAYBE, key=KEYS),
    call("looks_at_hours", what=st.sampled_from(["service_get", "schedule_get", "list"]),
         who=STAFF, nth=NTH),
    call("notes_a_customer", who=STAFF, nth=NTH, new=YES_OR_NO, key=KEYS),
)  # fmt: skip


class Clinics(Machine):
    """What can be booked, and when."""

    def opening(self, admin: str | None, provider_id: int) -> None:
        """Two who give two services besides, one in a room."""
        super().opening(admin, provider_id)
        self.day = self.hour.replace(hour=0) + timedelta(days=10)
        new = [{"name": name, "time_zone": "UTC"} for name in ("Room", "Two")]
        self.room, other = (
            self.do(Call("provider_create", admin, body=body)).json["id"] for body in new
        )
        self.leads = [provider_id, other]
        body = {"name": "Visit", "duration_minutes": 60, "step_minutes": 30}
        self.do(Call("service_create", admin, body=self._document(body, self.leads, True)))
        group = body | {"capacity": 3, "party_max": 2}
        self.do(Call("service_create", admin, body=self._document(group, self.leads[:1], False)))
        for one in self.leads:
            self.do(Call("schedule", admin, one, self._hours([("09:00", "17:00")])))

    def teardown(self) -> None:
        """What closes everybody would close the next run."""
        for one in [one.id for one in self.model.closures.values() if one.provider_id is None]:
            self.do(Call("closure_delete", self.who("admin"), one))

    def _document(self, terms: dict[str, Any], leads: list[int], room: bool) -> dict[str, Any]:
        usual = {name: USUAL[name] for name in USUAL}
        offers = [{"provider": one, "weight": 50 * (n + 1)} for n, one in enumerate(leads)]
        needs = {"room": [self.room]} if room else {}
        return {"name": "Visit", **usual, **terms, "providers": offers, "needs": needs}

    def _hours(self, windows: list[Any], days: Any = (), services: Any = None) -> dict[str, Any]:
        some = {"services": services} if services else {}
        weekly = [
            {"days": [*WEEKDAYS], "opens": opens, "closes": closes} | some
            for opens, closes in windows
        ]
        return {"weekly": weekly, "days": [*days]}

    def _service(self, nth: int) -> int:
        return self._id(self.model.services, nth)

    def _at(self, half: int, past: int) -> datetime:
        return self.day + timedelta(minutes=30 * half + past)

    @rule(drawn=ARRANGED)
    def arranges(self, drawn: tuple[str, dict[str, Any]]) -> None:
        """All of these as one rule, or the others would hardly get their turn."""
        self.calls_it(*drawn)

    def calls_it(self, name: str, given: dict[str, Any]) -> None:
        getattr(self, name)(**given)

    def offers_a_service(
        self, who: str, terms: dict[str, Any], alone: bool, two: bool, room: bool, key: str | None
    ) -> None:
        terms |= ALONE if alone else {}
        body = self._document(terms, self.leads if two else self.leads[:1], room)
        self.do(Call("service_create", self.who(who), body=body, key=key))

    def changes_a_service(
        self, who: str, nth: int, terms: dict[str, Any], what: str, tag: str | None
    ) -> None:
        one = self._service(nth)
        tag = self._tag(tag, self.model.services.get(one))
        if what == "gone":
            if nth % 2:
                self.do(Call("service_retire", self.who(who), one, if_match=tag))
            return
        if what:
            body = {what: terms[what]}
        else:
            offers = self._document({}, self.leads[nth % 2 :], False)["providers"]
            body = {"providers": offers}
        self.do(Call("service_change", self.who(who), one, body, if_match=tag))

    def writes_hours(
        self, who: str, nth: int, windows: Any, own: Any, special: bool, some: bool, key: str | None
    ) -> None:
        days = []
        if special:
            hours = [{"opens": opens, "closes": closes} for opens, closes in own[-1:]]
            days = [{"date": self.day.date().isoformat(), "hours": hours}]
        services = [self._service(nth)] if some and nth != 30 else None
        if special:
            windows = [one for one in windows if one[0] < one[1]]
        body = self._hours(windows, days, services)
        provider_id = nth_of(self.leads, nth) if nth % 5 else self._provider(nth)
        self.do(Call("schedule", self.who(who), provider_id, body, key=key))

    def closes(
        self, who: str, nth: int, half: int, length: int, all_: bool, key: str | None
    ) -> None:
        if nth % 3 == 0 and self.model.closures:
            one = self._id(self.model.closures, nth)
            action = "closure_get" if nth % 2 else "closure_delete"
            self.do(Call(action, self.who(who), one))
            return
        body: dict[str, Any] = {} if all_ else {"provider": nth_of([self.room, *self.leads], nth)}
        begins = self._at(half, 0)
        if length:
            ends = begins + timedelta(minutes=30 * length)
            body |= {"starts_at": begins.isoformat(), "ends_at": ends.isoformat()}
        else:
            day = begins.date().isoformat()
            body |= {"from": day, "to": day}
        self.do(Call("closure_create", self.who(who), body=body, key=key))

    def looks_at_hours(self, what: str, who: str, nth: int) -> None:
        if what == "list":
            filters = (("limit", 1 + nth % 3), ("provider", nth_of(self.leads, nth)),
                       ("outside_hours", "true"))  # fmt: skip
            self.do(Call("list", self.who(who), filters=filters))
            return
        one = self._service(nth) if what == "service_get" else self._provider(nth)
        self.do(Call(what, id=one))

    def notes_a_customer(self, who: str, nth: int, new: bool, key: str | None) -> None:
        if new or not self.model.customers:
            body = {"name": f"Zoë {nth}"} | ({"email": "z@example.org"} if nth % 2 else {})
            self.do(Call("customer_create", self.who(who), body=body, key=key))
            return
        one = self._id(self.model.customers, nth)
        self.do(Call("customer_get", self.who(who), one))
