"""What staff ask: admins of everything, others of the provider whose calendar they keep."""

from typing import Any

from tests.prove.ask import Ask
from tests.prove.people import Person
from tests.prove.wishes import Wishes


class Staff(Wishes):
    """Builds the requests of staff."""

    def noshow(self, person: Person, verb: str = "noshow") -> Ask | None:
        number = self._spare(person)
        return self.cancel(person, number, verb) if number else None

    def fulfill(self, person: Person) -> Ask | None:
        return self.noshow(person, "fulfill")

    def _spare(self, person: Person) -> int:
        """An appointment whose place nobody will miss: these endings do not give it back."""
        if person.keeps and (number := self.world.kept_by(person, spare=True)):
            return number
        holds = self.world.somebody_else(person).holds
        found = [one for one, (slot, _) in holds.items() if slot not in self.world.busy]
        return self._random.choice(found) if found else 0

    def close(self, person: Person) -> Ask | None:
        if len(self.world.closed) > 4:
            return None
        slot = self._random.choice(self.world.crowded + self.world.wide[: len(self.world.crowded)])
        if self._may(person, slot):
            self.world.closed.append(slot)
        return self._change("close", person, slot, {"status": "busy-unavailable"})

    def open(self, person: Person) -> Ask | None:
        if not self.world.closed:
            return None
        slot = self.world.closed[0]
        if self._may(person, slot):
            self.world.closed.pop(0)
        return self._change("open", person, slot, {"status": "free"})

    def _may(self, person: Person, slot: int) -> bool:
        """Whether a slot is in the calendar of this person."""
        return person.keeps in (0, self.world.sheet.times[slot].provider)

    def capacity(self, person: Person) -> Ask:
        slot = self._random.choice(self.world.elastic)
        return self._change("capacity", person, slot, {"capacity": self._random.randrange(1, 5)})

    def _change(self, verb: str, person: Person, slot: int, body: dict[str, Any]) -> Ask:
        tag, path = self._tag(), f"/api/slots/{slot}/"
        args, lines = {"slot": slot, "tag": tag} | body, b""
        if (seen := self.world.known.get(path)) and self._random.random() < 0.5:
            args |= {"version": seen[1]["v"]}
            lines = f"If-Match: {seen[0]}\r\n".encode()
        return self._ask(verb, person, "PATCH", path, args, body, lines=lines, keyed=self._key(tag))
