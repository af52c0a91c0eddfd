"""A day of three people and a desk around two slots and the times of one provider."""

from typing import Any

from tests.prove.checker.around.sets import DAY
from tests.prove.story import Story

ADA, BEN, CY, ROOT = 1, 2, 3, 9
PROVIDER, SERVICE = 5, 7
TEN = 36_000


class Line:
    """Writes commits with the times at which they were made."""

    def __init__(self) -> None:
        self.story = Story({"ada": ADA, "ben": BEN, "cy": CY, "root": ROOT}, {1: 1, 2: 1})
        self.story.facts["around"] = {
            "accounts": [ADA, BEN, CY], "slots": [1, 2], "providers": [PROVIDER],
            "held": PROVIDER, "held_service": SERVICE,
        }  # fmt: skip
        self._slots = {1: [0, 1], 2: [0, 1]}
        self._rows: dict[int, list[Any]] = {}

    def commit(self, when: float, *rows: list[Any]) -> None:
        self.story.commit(*rows).committed = when

    def key(self, who: int, tag: str) -> list[Any]:
        return ["idempotency", "INSERT", who, tag, 7, 1, 1]

    def slot(self, number: int, more: int) -> list[Any]:
        """A slot in which so many more are."""
        found = self._slots[number]
        found[0], found[1] = found[0] + more, found[1] + 1
        return ["slot", "UPDATE", number, 1, found[0], False, found[1]]

    def appointment(
        self, number: int, slot: int, who: int, status: str, tag: str = "", expires: float = 0.0
    ) -> list[Any]:
        """An appointment as it is now."""
        version = self._rows[number][4] + 1 if number in self._rows else 1
        place = None if status in ("expired", "declined") else 1
        self._rows[number] = [slot, who, status, tag, version]
        more = [1, expires] if expires else []
        return ["appointment", "UPDATE" if version > 1 else "INSERT", number, slot, place, who,
                status, tag, version, *more]  # fmt: skip

    @staticmethod
    def step(number: int, who: int, what: str, slot: int, status: str, origin: Any = None) -> Any:
        return ["appointment_history", "INSERT", number, who, what, origin, slot, status, ""]

    @staticmethod
    def waiting(number: int, who: int, hold: int = 0) -> list[Any]:
        """Somebody in line for the first slot."""
        verb = "UPDATE" if hold else "INSERT"
        return ["waiting", verb, number, who, 1, 0, 0, 100.0, 200.0, 1, hold, 0.0]

    def offer(self, number: int, who: int, entry: int, expires: float) -> list[list[Any]]:
        return [
            self.appointment(number, 1, who, "held", "", expires),
            self.slot(1, 1),
            self.waiting(entry, who, number),
            self.step(number, 0, "offer", 1, "held"),
        ]


def day() -> Line:
    """Ada holds what Ben and Cy wait for, has it and leaves it; Ben lets it run out, Cy has it."""
    line = Line()
    asked, commit = line.story.asked, line.commit
    asked("hold", "ada", 9.9, 201, {"id": 10, "slot": 1}, tag="h1", nonce="h1", place=1)
    commit(10, line.appointment(10, 1, ADA, "held", "h1", 20.0), line.slot(1, 1),
           line.step(10, ADA, "hold", 1, "held"), line.key(ADA, "h1"))  # fmt: skip
    for number, (name, who) in enumerate((("ben", BEN), ("cy", CY)), start=1):
        asked("wait", name, 11.9, 201, {"id": number}, tag=f"w{number}", nonce=f"w{number}")
        commit(12, line.waiting(number, who), line.key(who, f"w{number}"))
    asked("seal", "ada", 14.9, 201, {"id": 10, "slot": 1}, tag="s1", nonce="s1", appointment=10)
    commit(15, line.appointment(10, 1, ADA, "booked", "h1"), line.slot(1, 0),
           line.step(10, ADA, "confirm", 1, "booked", 1), line.key(ADA, "s1"))  # fmt: skip
    asked("drop", "ada", 29.9, 200, {}, tag="d1", nonce="d1", appointment=10)
    commit(30, line.appointment(10, 1, ADA, "cancelled", "h1"), line.slot(1, -1),
           line.step(10, ADA, "cancel", 0, "cancelled", 1), line.key(ADA, "d1"),
           *line.offer(11, BEN, 1, 90.0))  # fmt: skip
    asked("grab", "cy", 31.0, 409, {"code": "slot_taken"}, tag="g0", nonce="g0", place=1)
    asked("grab", "ada", 31.9, 201, {"id": 13, "slot": 2}, tag="g1", nonce="g1", place=2)
    commit(32, line.appointment(13, 2, ADA, "booked", "g1"), line.slot(2, 1),
           line.step(13, ADA, "book", 2, "booked"), line.key(ADA, "g1"))  # fmt: skip
    commit(96, line.appointment(11, 1, BEN, "expired"), line.slot(1, -1),
           line.step(11, 0, "expire", 0, "expired", 1), *line.offer(12, CY, 2, 156.0))  # fmt: skip
    asked("moves", "root", 119.9, 200, {}, tag="m1", nonce="m1", moves=[[12, 2], [13, 1]])
    commit(120, line.appointment(12, 2, CY, "held", "", 156.0), line.slot(2, 0),
           line.appointment(13, 1, ADA, "booked", "g1"), line.slot(1, 0),
           line.step(12, ROOT, "reschedule", 2, "held", 1),
           line.step(13, ROOT, "reschedule", 1, "booked", 2), line.key(ROOT, "m1"))  # fmt: skip
    dates = [[TEN, 14, ""], [TEN + DAY, 15, ""]]
    asked("series", "ben", 129.9, 201, {"id": 1, "dates": dates}, tag="r1", nonce="r1",
          starts=TEN, count=2, conflicts="refuse")  # fmt: skip
    commit(130, line.key(BEN, "r1"), *(
        row for at, number, _ in dates for row in (
            ["slot", "INSERT", number + 50, 1, 1, False, 1,
             [PROVIDER, at, at + 1800, SERVICE, 1, 0, at, at + 1800, [], False, False, ""]],
            line.appointment(number, number + 50, BEN, "booked", "r1"),
            line.step(number, BEN, "book", number + 50, "booked"),
        )))  # fmt: skip
    return line
