"""Times: listing them, asking why not, taking them, and moving to them."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.model.call import Call
from tests.model.machine import STAFF, TAGS, YES_OR_NO
from tests.model.offering import HALVES, MAYBE, Clinics, call
from tests.model.people import KEYS, NTH, WHO, nth_of
from tests.model.times.turn import OVERRIDES

PAST = st.sampled_from([*[0] * 9, 7])  # so many minutes after a half hour
SIZES = st.sampled_from([1, 1, 1, 2, 3])
WAIVED = st.lists(st.sampled_from(sorted(OVERRIDES)), min_size=1, max_size=4, unique=True)
WANTED = st.one_of(
    call("takes_a_time", who=WHO, nth=NTH, any_=YES_OR_NO, half=HALVES, past=PAST, size=SIZES,
         dry=MAYBE, expand=YES_OR_NO, key=KEYS),
    call("takes_a_time_for_somebody", who=STAFF, nth=NTH, any_=MAYBE, half=HALVES, past=PAST,
         waived=WAIVED, why=YES_OR_NO, dry=MAYBE),
    call("moves_to_a_time", who=WHO, nth=NTH, named=MAYBE, half=HALVES, past=PAST, tag=TAGS,
         expand=YES_OR_NO, key=KEYS),
)  # fmt: skip
ASKED = st.one_of(
    call("lists_times", who=WHO, nth=NTH, any_=YES_OR_NO, half=HALVES, hours=st.integers(1, 30),
         size=SIZES, moving=MAYBE),
    call("asks_why", who=WHO, nth=NTH, any_=YES_OR_NO, half=HALVES, past=PAST, size=SIZES),
)  # fmt: skip


class Everything(Clinics):
    """All that the model knows."""

    toured = False

    def opening(self, admin: str | None, provider_id: int) -> None:
        super().opening(admin, provider_id)
        if not type(self).toured:
            type(self).toured = True
            self.tours()

    def tours(self) -> None:
        """Whatever only now and then succeeds, once."""
        who = {"who": "admin", "key": None}
        visit, lead = next(iter(self.model.services)), self.leads[0]
        wish = {"service": visit, "starts_at": self._at(26, 0).isoformat(), "provider": lead}
        self.do(Call("me", self.who("ann")))
        self._take("ann", wish, True, False, None)
        self._take("ann", wish, False, False, None)
        booked = [*self.model.appointments][-1]
        moved = {"starts_at": self._at(28, 0).isoformat()}
        self.do(Call("retime", self.who("ann"), booked, moved))
        for hours in (1, 7):
            self.lists_times("ann", hours, False, 18, hours, 1, False)
        self.asks_why("ann", 0, True, 28, 0, 1)
        for what in ("service_get", "schedule_get", "list"):
            self.looks_at_hours(what, "admin", 1)
        self.closes(**who, nth=1, half=26, length=4, all_=False)
        for nth in (3, 0):
            self.closes(**who, nth=nth, half=0, length=0, all_=False)
        for new in (True, False):
            self.notes_a_customer(**who, nth=1, new=new)
        for what in ("per_day", "gone"):
            self.changes_a_service("admin", 1, {"per_day": 3}, what, None)

    @rule(drawn=WANTED)
    def wants(self, drawn: tuple[str, dict[str, Any]]) -> None:
        self.calls_it(*drawn)

    @rule(drawn=ASKED)
    def asks(self, drawn: tuple[str, dict[str, Any]]) -> None:
        self.calls_it(*drawn)

    def lists_times(
        self, who: str, nth: int, any_: bool, half: int, hours: int, size: int, moving: bool
    ) -> None:
        begins = self._at(half, 0)
        ends = begins + timedelta(hours=hours)
        asked: list[tuple[str, Any]] = [("from", _text(begins)), ("size", size), ("limit", 9 + nth)]
        asked += [] if any_ else [("provider", nth_of(self.leads, nth))]
        if nth % 7 == 0:
            self.do(Call("next", id=self._service(nth), filters=tuple(asked[:2] + asked[3:])))
            return
        asked += [("to", _text(ends))]
        asked += [("moving", self._appointment(nth))] if moving else []
        token = self.who(who) if moving else None
        self.do(Call("times", token, self._service(nth), filters=tuple(asked)))

    def asks_why(self, who: str, nth: int, any_: bool, half: int, past: int, size: int) -> None:
        asked: list[tuple[str, Any]] = [("starts_at", _text(self._at(half, past))), ("size", size)]
        asked += [] if any_ else [("provider", nth_of(self.leads, nth))]
        self.do(Call("explain", self.who(who), self._service(nth), filters=tuple(asked)))

    def takes_a_time(
        self, who: str, nth: int, any_: bool, half: int, past: int, size: int, dry: bool,
        expand: bool, key: str | None,
    ) -> None:  # fmt: skip
        body = self._wish(nth, any_, half, past) | ({"size": size} if size > 1 else {})
        self._take(who, body, dry, expand, key)

    def _wish(self, nth: int, any_: bool, half: int, past: int) -> dict[str, Any]:
        provider = {} if any_ else {"provider": nth_of(self.leads, nth)}
        at = self._at(half, past).isoformat()
        return {"service": self._service(nth), "starts_at": at} | provider

    def _take(
        self, who: str, body: dict[str, Any], dry: bool, expand: bool, key: str | None
    ) -> None:
        if dry:
            self.do(Call("try", self.who(who), body=body))
            return
        self.do(Call("take", self.who(who), body=body, key=key, expand=expand))

    def takes_a_time_for_somebody(
        self, who: str, nth: int, any_: bool, half: int, past: int, waived: list[str], why: bool,
        dry: bool,
    ) -> None:  # fmt: skip
        body = self._wish(nth, any_, half, past)
        everybody = [*self.model.customers, *(one.id for one in self.model.accounts.values())]
        body |= {"customer": nth_of(everybody, nth)} if nth % 3 else {}
        body |= {"override": waived, "reason": "Pain"} if why else {}
        self._take(who, body, dry, False, None)

    def moves_to_a_time(
        self, who: str, nth: int, named: bool, half: int, past: int, tag: str | None, expand: bool,
        key: str | None,
    ) -> None:  # fmt: skip
        timed = [one.id for one in self.model.appointments.values() if one.slot.service_id]
        one = nth_of(timed, nth) if timed and nth % 8 else self._appointment(nth)
        tag = self._tag(tag, self.model.appointments.get(one))
        body: dict[str, Any] = {"starts_at": self._at(half, past).isoformat()}
        body |= {"provider": nth_of(self.leads, nth)} if named else {}
        self.do(Call("retime", self.who(who), one, body, key=key, if_match=tag, expand=expand))


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
