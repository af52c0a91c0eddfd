"""The log once more, as those see it who hold and wait: who has what, and who stands in line."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.prove.checker.evidence import Evidence

LIVE = frozenset({"booked", "held", "pending", "fulfilled", "noshow"})
NEVER = float("inf")
ABOUT = 5.0  # seconds in which two who are under way may not know of each other

Key = tuple[int, int]  # a published slot and 0; or a provider and when a time of it begins


class Owner(NamedTuple):
    """An appointment in one version."""

    number: int
    slot: int
    account: int
    status: str
    expires: float
    size: int
    tag: str

    @property
    def until(self) -> float:
        """When it runs out by itself."""
        return self.expires or NEVER


class Waiting(NamedTuple):
    """An entry of a line in one version, and since when it stands there."""

    number: int
    account: int
    slot: int
    service: int
    provider: int
    begins: float
    ends: float
    size: int
    hold: int
    left: float
    since: float

    @property
    def waits(self) -> bool:
        """Whether it was neither offered anything nor left."""
        return not self.hold and not self.left


class Place(NamedTuple):
    """Who has a slot, or a time, after a commit; no capacity where nothing is there."""

    owners: tuple[Owner, ...]
    capacity: int
    booked: int

    @property
    def room(self) -> int:
        """How many places are free for all that the rows say."""
        return self.capacity - self.booked


class Commit(NamedTuple):
    """What one commit did here."""

    at: int
    when: float
    before: dict[Key, Place]
    after: dict[Key, Place]
    steps: list[list[Any]]  # rows of history
    owners: dict[int, tuple[Owner | None, Owner]]  # each before and after
    offers: list[Waiting]  # who was offered something
    opened: list[tuple[float, float]]  # closures that went
    keys: frozenset[str]


class Replay:
    """All commits that matter, in their order, and what was when."""

    def __init__(self, evidence: "Evidence") -> None:
        self.evidence = evidence
        self.aside = evidence.aside
        facts = evidence.facts.get("around", {})
        self.held, self.service = facts.get("held", 0), facts.get("held_service", 0)
        self.owners: dict[int, Owner] = {}
        self.line: dict[int, Waiting] = {}
        self.closures: dict[int, tuple[float, float]] = {}
        self.everywhere: set[int] = set()  # closures that are of all providers
        self.keys: dict[int, Key] = {slot: (slot, 0) for slot in self.aside.slots}
        # When an entry of the line is offered something, or leaves, and the hold that it gets.
        self.goes: dict[int, tuple[float, int]] = {}
        self.first_slot: dict[int, int] = {}  # of each appointment
        self.places: dict[Key, list[tuple[float, Place]]] = defaultdict(list)
        self.commit_of: dict[str, int] = {}  # by key, which is the tag of the request
        self._slots: dict[int, tuple[int, int]] = {}  # capacity and booked; none where it is gone
        self._inside: dict[int, set[int]] = defaultdict(set)  # appointments by slot
        self._of: dict[Key, set[int]] = defaultdict(set)  # slots by key
        self.spans = {row[0]: (row[2], row[3]) for row in evidence.facts.get("times", ())}
        for slot in self.aside.slots:
            self._of[slot, 0].add(slot)
        self._foresee()

    def _foresee(self) -> None:
        for at, transaction in enumerate(self.evidence.stream):
            for row in transaction.rows:
                if row[0] == "waiting" and (row[10] or row[11]):
                    self.goes.setdefault(row[2], (transaction.committed, row[10]))
                elif row[0] == "appointment" and row[1] != "DELETE":
                    self.first_slot.setdefault(row[2], row[3])
                elif row[0] == "slot" and row[7:] and self._ours(row):
                    self.keys[row[2]] = (row[7][0], row[7][1])
                    self._of[self.keys[row[2]]].add(row[2])
                    self.spans[row[2]] = (row[7][1], row[7][2])
                elif row[0] == "closure" and row[1] == "INSERT" and not row[3]:
                    self.everywhere.add(row[2])
                elif row[0] == "idempotency" and row[1] == "INSERT":
                    self.commit_of.setdefault(row[3], at)

    def commits(self) -> Iterator[Commit]:
        """Each commit; meanwhile owners, line and closures are as it leaves them."""
        for at, transaction in enumerate(self.evidence.stream):
            rows = [row for row in transaction.rows if self._ours(row)]
            if rows:
                yield self._taken_in(at, transaction.committed, rows)

    def _ours(self, row: list[Any]) -> bool:
        match row[0]:
            case "appointment":
                return row[5] in self.aside.accounts
            case "slot":
                return row[1] != "DELETE" and self.aside.has(row[2], row[7:])
            case "closure":
                return row[2] in self.aside.closures or row[2] in self.everywhere
        return row[0] in ("appointment_history", "waiting", "idempotency") and row[1] != "DELETE"

    def _taken_in(self, at: int, when: float, rows: list[list[Any]]) -> Commit:
        touched = self._touched(rows)
        before = {key: self.place(key) for key in touched}
        owners: dict[int, tuple[Owner | None, Owner]] = {}
        offers: list[Waiting] = []
        opened: list[tuple[float, float]] = []
        steps: list[list[Any]] = []
        keys: set[str] = set()
        for row in rows:
            match row[0]:
                case "appointment":
                    now = self._owner(row)
                    first = owners.get(now.number, (self.owners.get(now.number), now))[0]
                    self._move(self.owners.get(now.number), now)
                    owners[now.number] = (first, now)
                case "slot":
                    self._slot(row)
                case "waiting":
                    before_it = self.line.get(row[2])
                    since = before_it.since if before_it else when
                    one = Waiting(*row[2:], since)
                    self.line[one.number] = one
                    if one.hold and before_it and not before_it.hold:
                        offers.append(one)
                case "closure" if row[1] == "DELETE":
                    opened.append(self.closures.pop(row[2]))
                case "closure":
                    self.closures[row[2]] = (row[6], row[7])
                case "appointment_history":
                    steps.append(row)
                case "idempotency":
                    keys.add(row[3])
        steps = [row for row in steps if row[2] in self.owners]
        after = {key: self.place(key) for key in touched}
        for key, place in after.items():
            self.places[key].append((when, place))
        return Commit(at, when, before, after, steps, owners, offers, opened, frozenset(keys))

    def _touched(self, rows: list[list[Any]]) -> set[Key]:
        found: set[Key] = set()
        for row in rows:
            if row[0] == "slot":
                found.add(self.keys[row[2]])
            if row[0] == "appointment":
                old = self.owners.get(row[2])
                found |= {self.keys[one] for one in {row[3], old.slot if old else row[3]}
                          if one in self.keys}  # fmt: skip
        return found

    @staticmethod
    def _owner(row: list[Any]) -> Owner:
        _, _, number, slot, _, account, status, tag, _, *more = row
        size, expires = (*more, 1, 0.0)[:2] if len(more) != 1 else (more[0], 0.0)
        return Owner(number, slot, account, status, expires, size, tag)

    def _move(self, old: Owner | None, now: Owner) -> None:
        if old:
            self._inside[old.slot].discard(old.number)
        if now.status in LIVE:
            self._inside[now.slot].add(now.number)
        self.owners[now.number] = now

    def _slot(self, row: list[Any]) -> None:
        _, _, number, capacity, booked, closed, _, *made = row
        gone = closed or bool(made and made[0][10])
        self._slots[number] = (0, 0) if gone else (capacity, booked)

    def place(self, key: Key) -> Place:
        """Who has something just now. Of a time that nobody has one place is free."""
        slots = [one for one in self._of[key] if self._slots.get(one, (0, 0)) != (0, 0)]
        inside = {number for one in self._of[key] for number in self._inside[one]}
        capacity = sum(self._slots[one][0] for one in slots) or int(key[1] > 0)
        booked = sum(self._slots[one][1] for one in slots)
        return Place(tuple(self.owners[one] for one in sorted(inside)), capacity, booked)

    def busy(self, number: int, key: Key, when: float) -> bool:
        """Whether an entry of the line was just being offered something else, or left."""
        at, hold = self.goes.get(number, (NEVER, 0))
        return abs(at - when) < ABOUT and self.keys.get(self.first_slot.get(hold, 0)) != key

    def closed(self, key: Key) -> bool:
        """Whether a time of the provider is closed just now."""
        return key[0] == self.held and any(a <= key[1] < b for a, b in self.closures.values())

    def fits(self, one: Waiting, key: Key, room: int) -> bool:
        """Whether a place would suit somebody in line."""
        if not one.waits or one.size > room:
            return False
        if key[1] == 0:
            return one.slot == key[0]
        return (
            key[0] == self.held
            and one.service == self.service
            and one.provider in (0, key[0])
            and one.begins <= key[1] < one.ends
            and not self.closed(key)
        )
