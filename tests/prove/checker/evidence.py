"""Everything that a run has left behind, read once and put in order for the checks."""

from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tests.prove import history
from tests.prove.checker.timeline import ALWAYS, NEVER, Timeline
from tests.prove.checker.times.model.calendar import Calendar
from tests.prove.hooks.hearing import Heard
from tests.prove.records import Fault, Operation
from tests.prove.witness import Transaction

OPERATIONS, STREAM, LOOKS, FAULTS, FEED, HEARD, FACTS = (
    "operations.jsonl.gz",
    "stream.jsonl.gz",
    "looks.jsonl.gz",
    "faults.jsonl.gz",
    "feed.jsonl.gz",
    "heard.jsonl.gz",
    "facts.json",
)
PROBE = "probe-"  # accounts of the probe, which are no part of the history
STAFF_VERBS = frozenset({"open", "close", "capacity"})
DESK = frozenset({"hours", "shut", "unshut", "adjust"})  # changes of what can be booked at all
TAKES, MOVES = ("book", "take"), ("move", "shift")  # of slots, of times
GIVEN_BACK = frozenset({"cancelled", "declined", "expired"})  # statuses of who has no place


class Change(msgspec.Struct, gc=False):
    """One committed change and the request that it is joined with: the tag is "" for none."""

    transaction: int
    verb: str  # book, move, one of ENDINGS, slot, register, password; take, shift, one of DESK
    subject: int  # an appointment, a slot, an account; a provider, a closure, a service
    version: int
    actor: int  # account; 0 where the stream does not say
    slot: int = 0
    origin: int = 0
    tag: str = ""


class Row(NamedTuple):
    """An appointment at one version."""

    slot: int
    place: int | None
    account: int
    status: str


class Place(NamedTuple):
    """A slot at one version."""

    capacity: int
    booked: int
    closed: bool

    @property
    def full(self) -> bool:
        """Whether it could not be booked."""
        return not self.takes(1)

    def takes(self, size: int) -> bool:
        """Whether so many more could come."""
        return not self.closed and self.booked + size <= self.capacity


class Aside:
    """Whose appointments are judged by what happens around a booking, and by that alone."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.accounts = frozenset(facts.get("accounts", ()))
        self.providers = frozenset(facts.get("providers", ()))
        self.slots = frozenset(facts.get("slots", ()))
        self.closures: set[int] = set()

    def has(self, slot: int, made: list[list[Any]]) -> bool:
        """Whether a slot is theirs; `made` is what its row has where it is of a service."""
        return slot in self.slots or bool(made and made[0][0] in self.providers)


class Evidence:
    """The records of a run and what follows from joining them."""

    def __init__(
        self,
        operations: list[Operation],
        stream: list[Transaction],
        *,
        looks: list[dict[str, Any]] | None = None,
        faults: list[Fault] | None = None,
        feed: list[dict[str, Any]] | None = None,
        heard: list[Heard] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> None:
        self.operations = sorted(operations, key=lambda one: one.sent_at)
        self.by_number = {one.number: one for one in operations}
        self.stream = stream
        self.looks, self.faults, self.facts = looks or [], faults or [], facts or {}
        self.feed = feed or []  # pages of events, as they were read
        self.heard = heard or []
        self.groups: dict[str, list[Operation]] = defaultdict(list)  # by tag: one request each
        self.nonces: dict[str, list[Operation]] = defaultdict(list)
        for one in self.operations:
            if tag := one.args.get("tag"):
                self.groups[tag].append(one)
            if one.nonce:
                self.nonces[one.nonce].append(one)
        self.staff = set(self.facts.get("staff", ()))
        self.keeps: dict[str, int] = self.facts.get("keeps", {})  # staff of one provider only
        self.providers = {row[0]: row[1] for row in self.facts.get("times", ())}  # by slot
        self.calendar = Calendar(self.facts)
        self.aside = Aside(self.facts.get("around", {}))
        self.sizes: dict[int, int] = {}  # by appointment, where more than one comes
        self.accounts: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self.changes: list[Change] = []
        self.effects: dict[str, list[Change]] = defaultdict(list)  # by tag
        self.appointments: dict[int, Timeline] = defaultdict(Timeline)
        self.slots: dict[int, Timeline] = defaultdict(Timeline)
        self.owned: dict[int, list[int]] = defaultdict(list)  # appointments by account
        self.earliest: list[float] = []
        self.latest: list[float] = []

    @classmethod
    def load(cls, folder: Path) -> "Evidence":
        """Read and join the files of a run."""
        from tests.prove.checker.join import join

        evidence = cls(
            list(history.read(folder / OPERATIONS, Operation)),
            list(history.read(folder / STREAM, Transaction)),
            looks=list(history.read(folder / LOOKS)),
            faults=list(history.read(folder / FAULTS, Fault)),
            feed=list(history.read(folder / FEED)),
            heard=list(history.read(folder / HEARD, Heard)),
            facts=msgspec.json.decode((folder / FACTS).read_bytes()),
        )
        return join(evidence)

    @property
    def one_at_a_time(self) -> bool:
        """Whether the servers were told that nobody may be in two places at one time."""
        told = self.facts.get("environment", {}).get("CUSTOMER_OVERLAP")
        return bool(told == "refuse")

    def account(self, operation: Operation) -> int:
        """The account of whoever asked; 0 where the stream knows none."""
        return self.accounts.get(operation.user, 0)

    def customer(self, operation: Operation) -> int:
        """The account that a booking is for."""
        return self.accounts.get(operation.args.get("customer", ""), self.account(operation))

    def keeps_slot(self, name: str, slot: int) -> bool:
        """Whether a slot is in a calendar that this person keeps."""
        if name not in self.staff:
            return False
        taken = self.calendar.slots.get(slot)
        whose = taken.provider if taken else self.providers.get(slot)
        return name not in self.keeps or self.keeps[name] == whose

    def may_be_of(self, one: Operation) -> set[bool]:
        """Whether the appointment of an operation was one of a calendar that its person keeps: both
        where it came or went meanwhile."""
        line = self.appointments.get(one.args["appointment"])
        states = line.states_between(one.sent_at, one.answered_at) if line else []
        return {self.keeps_slot(one.user, state.slot) for state in states}

    def is_probe(self, change: Change) -> bool:
        """Whether it is the probe's doing, not a person's."""
        return self.names.get(change.actor, "").startswith(PROBE)

    def done(self, tag: str) -> list[Operation]:
        """The operations of a request that were answered with success."""
        return [one for one in self.groups[tag] if one.outcome == "ok"]

    def date(self) -> None:
        """Bound every commit in time, then every version of every row."""
        count = len(self.stream)
        self.earliest, self.latest = [ALWAYS] * count, [NEVER] * count
        for change in self.changes:
            group = self.groups.get(change.tag)
            if group and change.verb != "password":  # those without a key may be mixed up
                at = change.transaction
                asked = [one for one in group if one.outcome != "fail"] or group
                self.earliest[at] = max(self.earliest[at], min(one.sent_at for one in asked))
                heard = [one.answered_at for one in group if one.outcome == "ok"]
                self.latest[at] = min([self.latest[at], *heard])
        for at in self.facts.get("setting", ()):
            self.latest[at] = ALWAYS
        for at in range(1, count):
            self.earliest[at] = max(self.earliest[at], self.earliest[at - 1])
        for timeline in (*self.appointments.values(), *self.slots.values()):
            timeline.date(self.earliest, self.latest)
