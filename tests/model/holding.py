"""Holds: having a place for a while, and what becomes of it."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.api.checks import NEVER
from tests.model.call import Call
from tests.model.machine import YES_OR_NO
from tests.model.offering import call
from tests.model.people import KEYS, NTH, WHO, nth_of
from tests.model.taking import Everything

WHAT = st.sampled_from(["confirm", "confirm", "release", "hold_get", "run out"])
HELD = st.one_of(
    call("holds", who=WHO, nth=NTH, expand=YES_OR_NO, key=KEYS),
    call("goes_on", what=WHAT, who=WHO, nth=NTH, notes=YES_OR_NO, key=KEYS),
)


class WithHolds(Everything):
    """All that the model knows, and holds of slots."""

    @rule(drawn=HELD)
    def has_for_a_while(self, drawn: tuple[str, dict[str, Any]]) -> None:
        self.calls_it(*drawn)

    def tours(self) -> None:
        super().tours()
        self.holds("bob", 0, False, None)
        for what in ("hold_get", "release"):
            self.goes_on(what, "admin", 0, False, None)
        self.holds("admin", 0, True, None)
        self.goes_on("confirm", "admin", 0, True, None)
        self.ends(("fulfill", "admin"), 0, None, False, None)

    def holds(self, who: str, nth: int, expand: bool, key: str | None) -> None:
        published = [one.id for one in self.model.slots.values() if not one.block]
        slot = NEVER if nth == 30 else nth_of(published, nth)
        body = {"slot": slot} | ({"seconds": 86_400} if nth % 2 else {})
        self.do(Call("hold", self.who(who), body=body, key=key, expand=expand))

    def goes_on(self, what: str, who: str, nth: int, notes: bool, key: str | None) -> None:
        held = [one for one in self.model.appointments.values() if one.was_held]
        one = nth_of(held, nth) if held and nth % 8 != 7 else None
        if what == "run out":
            if one and one.status == "held":
                self.world.run_out(one.id)
                self.model.expired(one, "expire", one.account)
            return
        number = one.id if one else self._appointment(nth)
        body = {"notes": f"n{nth}"} if notes and what == "confirm" else None
        key = None if what == "hold_get" else key
        self.do(Call(what, self.who(who, nth), number, body, key=key))
