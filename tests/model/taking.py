"""Times: listing them, asking why not, taking them, and moving to them."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model.call import Call
from tests.model.machine import STAFF, TAGS, YES_OR_NO
from tests.model.offering import HALVES, MAYBE, Clinics
from tests.model.people import KEYS, NTH, WHO, nth_of
from tests.model.times.turn import OVERRIDES

PAST = st.sampled_from([*[0] * 9, 7])  # so many minutes after a half hour
SIZES = st.sampled_from([1, 1, 1, 2, 3])
WAIVED = st.lists(st.sampled_from(sorted(OVERRIDES)), min_size=1, max_size=4, unique=True)


class Everything(Clinics):
    """All that the model knows."""

    @rule(who=WHO, nth=NTH, any_=YES_OR_NO, half=HALVES, hours=st.integers(1, 30), size=SIZES,
          moving=MAYBE)  # fmt: skip
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

    @rule(who=WHO, nth=NTH, any_=YES_OR_NO, half=HALVES, past=PAST, size=SIZES)
    def asks_why(self, who: str, nth: int, any_: bool, half: int, past: int, size: int) -> None:
        asked: list[tuple[str, Any]] = [("starts_at", _text(self._at(half, past))), ("size", size)]
        asked += [] if any_ else [("provider", nth_of(self.leads, nth))]
        self.do(Call("explain", self.who(who), self._service(nth), filters=tuple(asked)))

    @rule(who=WHO, nth=NTH, any_=YES_OR_NO, half=HALVES, past=PAST, size=SIZES, dry=MAYBE,
          expand=YES_OR_NO, key=KEYS)  # fmt: skip
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

    @rule(who=STAFF, nth=NTH, any_=MAYBE, half=HALVES, past=PAST, waived=WAIVED, why=YES_OR_NO,
          dry=MAYBE)  # fmt: skip
    def takes_a_time_for_somebody(
        self, who: str, nth: int, any_: bool, half: int, past: int, waived: list[str], why: bool,
        dry: bool,
    ) -> None:  # fmt: skip
        body = self._wish(nth, any_, half, past)
        everybody = [*self.model.customers, *(one.id for one in self.model.accounts.values())]
        body |= {"customer": nth_of(everybody, nth)} if nth % 3 else {}
        body |= {"override": waived, "reason": "Pain"} if why else {}
        self._take(who, body, dry, False, None)

    @precondition(lambda self: self.model.appointments)
    @rule(who=WHO, nth=NTH, named=MAYBE, half=HALVES, past=PAST, tag=TAGS, expand=YES_OR_NO,
          key=KEYS)  # fmt: skip
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

    @rule(who=STAFF, nth=NTH, new=YES_OR_NO, key=KEYS)
    def notes_a_customer(self, who: str, nth: int, new: bool, key: str | None) -> None:
        if new or not self.model.customers:
            body = {"name": f"Zoë {nth}"} | ({"email": "z@example.org"} if nth % 2 else {})
            self.do(Call("customer_create", self.who(who), body=body, key=key))
            return
        one = self._id(self.model.customers, nth)
        self.do(Call("customer_get", self.who(who), one))


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
