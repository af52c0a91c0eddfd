"""Who asks: what each person believes to be true, and what all of them share."""

import hashlib
import random
from typing import Any, NamedTuple

from tests.prove.sheet import Sheet

PASSWORD = "correct horse 0"


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

    def __init__(self, name: str, *, staff: bool = False, crowd: bool = False) -> None:
        self.name, self.staff, self.crowd = name, staff, crowd
        self.passwords = [PASSWORD]  # more than one after a change whose answer was lost
        self.tokens: list[Token] = []
        self.dead: list[Token] = []
        self.holds: dict[int, tuple[int, int]] = {}  # slot and version by appointment
        self.ended: list[int] = []  # what was cancelled last
        self.seen: list[int] = []  # slots that looked free
        self.known: dict[str, tuple[str, Any]] = {}  # by path: the last ETag, and what came with it

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
        self.people += [Person(name, staff=True) for name in facts["staff"]]
        self.limited: list[str] = facts["limited"]  # accounts that somebody guesses passwords of
        self.busy = frozenset(self.crowded) | frozenset(self.elastic)
        self.closed: list[int] = []
        self.known: dict[str, tuple[str, Any]] = {}  # as that of a person, of what all can see
        self.ended: list[int] = []  # appointments that staff have ended last
        self.begun: list[int] = facts["begun"]  # slots that nobody can have any more
        self.soon: list[int] = facts["soon"]  # and such as customers can't give back
        self.sheet = Sheet(facts)

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

    def somebody_else(self, person: Person) -> Person:
        """Another customer, perhaps with appointments."""
        while True:
            other = self.random.choice(self.people)
            if other is not person and not other.staff:
                return other
