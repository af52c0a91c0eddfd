"""Who asks: what each person believes to be true, and what all of them share."""

import hashlib
import random
from typing import Any, NamedTuple

from tests.prove.around.queue import Queue
from tests.prove.sheet import Sheet
from tests.prove.times.offers import Offers, Wanted

PASSWORD = "correct horse 0"
LOOKS = 20  # people among whom staff look for somebody of theirs


class Token(NamedTuple):
    """A token, the short digest that stands for it in the history, and its header."""

    text: str
    digest: str
    lines: bytes

    @classmethod
    def of(cls, text: str) -> "Token":
        """What goes with a token."""
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        return cls(text, digest, f"Authorization: Token {text}\r\n".encode())


class Person:
    """One account and what its owner knows; may be wrong after a lost answer, as in life."""

    def __init__(
        self,
        name: str,
        *,
        staff: bool = False,
        keeps: int = 0,
        crowd: bool = False,
        around: bool = False,
    ) -> None:
        self.name, self.staff, self.crowd, self.around = name, staff, crowd, around
        self.keeps = keeps  # the provider whose calendar it keeps; 0: all of them, or none
        self.passwords = [PASSWORD]  # more than one after a change whose answer was lost
        self.tokens: list[Token] = []
        self.dead: list[Token] = []
        self.holds: dict[int, tuple[int, int]] = {}  # slot and version by appointment
        self.ended: list[int] = []  # what was cancelled last
        self.seen: list[int] = []  # slots that looked free
        self.times: list[Wanted] = []  # and times
        self.known: dict[str, tuple[str, Any]] = {}  # by path: the last ETag, and what came with it

    @property
    def role(self) -> str:
        """As /api/me/ has it."""
        if not self.staff:
            return "customer"
        return "provider" if self.keeps else "admin"

    def forget(self, token: Token) -> None:
        """This token works no more."""
        if token in self.tokens:
            self.tokens.remove(token)
            self.dead = [*self.dead[-4:], token]


class World:
    """The slots there are and who is who: shared by all who ask."""

    def __init__(self, facts: dict[str, Any], seed: int) -> None:
        self.random = random.Random(seed)
        self.crowded: list[int] = facts["crowded"]  # few slots that many want
        self.elastic: list[int] = facts["elastic"]  # slots whose capacity changes
        self.wide: list[int] = facts["wide"]
        self.calendars: list[tuple[int, str]] = [tuple(one) for one in facts["calendars"]]
        self.people = [Person(name, crowd=n % 2 == 0) for n, name in enumerate(facts["people"])]
        keeps: dict[str, int] = facts["keeps"]
        self.people += [
            Person(name, staff=True, keeps=keeps.get(name, 0)) for name in facts["staff"]
        ]
        self.limited: list[str] = facts["limited"]  # accounts that somebody guesses passwords of
        self.homes: set[str] = set()  # those of them that have logged in from our own address
        self.busy = frozenset(self.crowded) | frozenset(self.elastic)
        self.closed: list[int] = []
        self.known: dict[str, tuple[str, Any]] = {}  # as that of a person, of what all can see
        self.ended: list[int] = []  # appointments that staff have ended last
        self.begun: list[int] = facts["begun"]  # slots that nobody can have any more
        self.soon: list[int] = facts["soon"]  # and such as customers can't give back
        self.sheet = Sheet(facts)
        self.offers = Offers(facts, self.random)
        # Those who hold and wait: they want what nobody else does.
        around: dict[str, Any] = facts.get("around", {"people": [], "desks": []})
        self.queue = Queue(around, [Person(name, around=True) for name in around["people"]])
        self.desks = [Person(name, staff=True, around=True) for name in around["desks"]]
        self.ids: dict[str, int] = facts.get("ids", {})  # accounts, as staff know customers

    def slot(self, person: Person) -> int:
        """A slot that this person would like."""
        chance = self.random.random()
        if chance < 0.02:
            return self.random.choice(self.begun if chance < 0.005 else self.soon)
        if chance < 0.05 and self.closed:
            return self.random.choice(self.closed)
        if person.crowd and chance < 0.8:
            return self.random.choice(self.crowded)
        if chance < 0.9 and person.seen:
            return person.seen.pop()
        return self.random.choice(self.elastic if chance > 0.97 else self.wide)

    def kept_by(self, staff: Person, *, spare: bool = False) -> int:
        """An appointment that seems to be with the provider of this person, now and then; 0 where
        a few looks find none. A spare one is where few want to be."""
        for other in self.random.choices(self.people, k=LOOKS):
            if other.staff:
                continue
            for number, (slot, _) in other.holds.items():
                mine = slot in self.sheet.times and self.sheet.times[slot].provider == staff.keeps
                if mine and not (spare and slot in self.busy) and self.random.random() < 0.7:
                    return number
        return 0

    def some_holder(self, staff: Person) -> Person:
        """A customer with appointments, or if a few looks find none, without."""
        seen = [self.somebody_else(staff) for _ in range(LOOKS)]
        return next((one for one in seen if one.holds), seen[0])

    def somebody_else(self, person: Person) -> Person:
        """Another customer, perhaps with appointments."""
        while True:
            other = self.random.choice(self.people)
            if other is not person and not other.staff:
                return other
