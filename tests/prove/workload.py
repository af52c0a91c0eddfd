"""What is asked: one request after the other for one person, by chance from one seed."""

from typing import Any

from tests.prove.around.wishes import Around
from tests.prove.ask import Ask
from tests.prove.odd import Odd
from tests.prove.people import Person, World
from tests.prove.staff import Staff
from tests.prove.times.desk import Desk

READS = {"search": 9, "me": 5, "list": 10, "get": 7, "slot": 6, "history": 2}
WRITES = {"book": 22.0, "move": 15.0, "cancel": 16.0}
ACCOUNTS = {"login": 1.5, "logout": 1.2, "password": 0.6, "register": 0.5, "guess": 2.5}
ODD = {"foreign": 1.5, "dead": 2.0, "replay": 1.5, "reuse": 0.7, "borrow": 0.5, "any": 4.0,
       "abandon": 2.0}  # fmt: skip
TIMES = {"times": 6.0, "soonest": 1.0, "explain": 3.0, "dry": 3.0, "take": 14.0, "shift": 9.0}
CUSTOMER = READS | WRITES | ACCOUNTS | ODD | TIMES
STAFF = {"noshow": 2, "fulfill": 2, "close": 3, "open": 3, "capacity": 2, "slot": 2, "cancel": 1,
         "calendar": 4, "any": 1, "me": 1, "history": 3, "get": 6, "move": 3, "take_for": 5,
         "hours": 2, "shut": 2, "unshut": 2, "adjust": 2, "shift": 1}  # fmt: skip


class Workload(Staff, Odd, Desk, Around):
    """Chooses who asks what."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._tables = {staff: _table(STAFF if staff else CUSTOMER) for staff in (False, True)}

    def next(self, person: Person) -> Ask:
        """What this person asks now."""
        if not person.tokens:
            return self.login(person, self._random.choice(person.passwords))
        if person.around:
            return self.around(person) or self.search(person)
        verbs, weights = self._tables[person.staff]
        verb = self._random.choices(verbs, cum_weights=weights)[0]
        return getattr(self, verb)(person) or self.search(person)


def _table(weights: dict[str, Any]) -> tuple[list[str], list[float]]:
    total, sums = 0.0, []
    for weight in weights.values():
        total += weight
        sums.append(total)
    return list(weights), sums
