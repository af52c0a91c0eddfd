"""What is asked: one request after the other for one person, by chance from one seed."""

import json
from typing import Any, NamedTuple

from tests.load.wire import message
from tests.prove.people import PASSWORD, Person, Token, World

KEYED = 0.7  # share of the writes that carry an Idempotency-Key

READS = {"search": 9, "me": 5, "list": 10, "get": 7, "slot": 6}
WRITES = {"book": 22.0, "move": 15.0, "cancel": 12.0}
ACCOUNTS = {"login": 1.5, "logout": 1.2, "password": 0.6, "register": 0.5, "guess": 0.8}
ODD = {"foreign": 1.5, "dead": 1.0, "replay": 1.5, "reuse": 0.7}
CUSTOMER = READS | WRITES | ACCOUNTS | ODD
STAFF = {"noshow": 2, "fulfill": 2, "close": 1, "open": 3, "capacity": 2, "slot": 2, "cancel": 1}


class Ask(NamedTuple):
    """A request that is ready to send; the same one is sent again under the same nonce."""

    verb: str
    args: dict[str, Any]
    data: bytes
    nonce: str = ""
    token: Token | None = None


class Workload:
    """Chooses and builds requests."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._random = world.random
        self._count = 0
        self._last: dict[str, Ask] = {}  # the last keyed write of each person
        self._tables = {staff: _table(STAFF if staff else CUSTOMER) for staff in (False, True)}

    def next(self, person: Person) -> Ask:
        """What this person asks now."""
        if not person.tokens:
            return self.login(person, self._random.choice(person.passwords))
        verbs, weights = self._tables[person.staff]
        verb = self._random.choices(verbs, cum_weights=weights)[0]
        return getattr(self, verb)(person) or self.search(person)

    def _tag(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def _ask(
        self,
        verb: str,
        person: Person,
        method: str,
        path: str,
        args: dict[str, Any],
        body: Any = None,
        *,
        lines: bytes = b"",
        keyed: str = "",
        signed: bool = True,
    ) -> Ask:
        token = None
        if signed:
            token = self._random.choice(person.tokens)
            lines += token.lines
        if keyed:
            lines += f"Idempotency-Key: {keyed}\r\n".encode()
        content = None if body is None else json.dumps(body).encode()
        ask = Ask(verb, args, message(method, path, lines, content, "prove"), keyed, token)
        if keyed and signed:
            self._last[person.name] = ask
        return ask

    def _key(self, tag: str) -> str:
        return tag if self._random.random() < KEYED else ""

    # Reading

    def search(self, person: Person) -> Ask:
        provider, day = self._random.choice(self.world.calendars)
        if person.crowd and self._random.random() < 0.5:
            provider, day = self.world.calendars[0]
        start = f"{day}T{self._random.randrange(24):02}:00:00Z"
        path = f"/api/slots/?provider={provider}&from={start}&limit=8"
        return self._ask("search", person, "GET", path, {"provider": provider}, signed=False)

    def me(self, person: Person) -> Ask:
        return self._ask("me", person, "GET", "/api/me/", {})

    def list(self, person: Person) -> Ask:
        what = "status=booked&limit=50" if self._random.random() < 0.8 else "limit=20"
        return self._ask("list", person, "GET", f"/api/appointments/?{what}", {"what": what})

    def get(self, person: Person) -> Ask | None:
        if not person.holds:
            return None
        number = self._random.choice(tuple(person.holds))
        return self._ask(
            "get", person, "GET", f"/api/appointments/{number}/", {"appointment": number}
        )

    def slot(self, person: Person) -> Ask:
        slot = self.world.slot(person)
        return self._ask("slot", person, "GET", f"/api/slots/{slot}/", {"slot": slot}, signed=False)

    # Appointments

    def book(self, person: Person, slot: int = 0) -> Ask:
        tag, slot = self._tag(), slot or self.world.slot(person)
        body = {"slot": slot, "notes": f"canary:{person.name}:{tag}"}
        args = {"slot": slot, "tag": tag}
        return self._ask(
            "book", person, "POST", "/api/appointments/", args, body, keyed=self._key(tag)
        )

    def move(self, person: Person, number: int = 0, slot: int = 0) -> Ask | None:
        number = number or self._own(person)
        if not number:
            return None
        tag, slot = self._tag(), slot or self.world.slot(person)
        args, lines = self._matching(person, number, {"appointment": number, "tag": tag})
        return self._ask(
            "move",
            person,
            "PATCH",
            f"/api/appointments/{number}/reschedule/",
            args | {"slot": slot},
            {"new_slot": slot},
            lines=lines,
            keyed=self._key(tag),
        )

    def cancel(self, person: Person, number: int = 0, verb: str = "cancel") -> Ask | None:
        number = number or self._own(person)
        if not number:
            return None
        tag = self._tag()
        args, lines = self._matching(person, number, {"appointment": number, "tag": tag})
        return self._ask(
            verb,
            person,
            "POST",
            f"/api/appointments/{number}/{verb}/",
            args,
            {"reason": tag},
            lines=lines,
            keyed=self._key(tag),
        )

    def _own(self, person: Person) -> int:
        holder = self.world.somebody_else(person) if person.staff else person
        return self._random.choice(tuple(holder.holds)) if holder.holds else 0

    def _matching(
        self, person: Person, number: int, args: dict[str, Any]
    ) -> tuple[dict[str, Any], bytes]:
        """Sometimes only if it is still as this person has seen it."""
        version = person.holds.get(number, (0, 0))[1]
        if not version or self._random.random() > 0.15:
            return args, b""
        return args | {"version": version}, f'If-Match: "{version}"\r\n'.encode()

    # Accounts

    def login(self, person: Person, password: str = "") -> Ask:
        password = password or self._random.choice(person.passwords)
        who = {"username": person.name, "password": password}
        args = {"username": person.name, "password": password}
        return self._ask("login", person, "POST", "/api/login/", args, who, signed=False)

    def guess(self, person: Person) -> Ask:
        name = self._random.choice(self.world.limited)
        who = {"username": name, "password": "a wrong guess"}
        return self._ask("guess", person, "POST", "/api/login/", who, who, signed=False)

    def logout(self, person: Person) -> Ask:
        return self._ask("logout", person, "POST", "/api/logout/", {})

    def password(self, person: Person) -> Ask | None:
        if len(person.passwords) > 1:
            return None
        tag, old = self._tag(), person.passwords[0]
        new = f"correct horse {tag}"
        return self._ask(
            "password",
            person,
            "POST",
            "/api/password/",
            {"old": old, "new": new, "tag": tag},
            {"current_password": old, "new_password": new},
            keyed=self._key(tag),
        )

    def register(self, person: Person) -> Ask:
        tag = self._tag()
        name = f"new{tag}"
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        return self._ask(
            "register",
            person,
            "POST",
            "/api/register/",
            {"username": name, "tag": tag},
            body,
            keyed=self._key(tag),
            signed=False,
        )

    # What should be refused, or answered as before

    def foreign(self, person: Person) -> Ask | None:
        other = self.world.somebody_else(person)
        if not other.holds:
            return None
        number = self._random.choice(tuple(other.holds))
        if number in person.holds:
            return None
        verb = self._random.choice(("get", "move", "cancel"))
        ask = (
            self._ask("get", person, "GET", f"/api/appointments/{number}/", {"appointment": number})
            if verb == "get"
            else getattr(self, verb)(person, number)
        )
        ask.args["foreign"] = True
        return ask

    def dead(self, person: Person) -> Ask | None:
        if not person.dead:
            return None
        token = person.dead[-1] if self._random.random() < 0.6 else self._random.choice(person.dead)
        return Ask("me", {}, message("GET", "/api/me/", token.lines, host="prove"), "", token)

    def replay(self, person: Person) -> Ask | None:
        return self._last.get(person.name)

    def reuse(self, person: Person) -> Ask | None:
        last = self._last.get(person.name)
        if last is None or last.verb != "book" or not person.tokens:
            return None
        slot = self._random.choice(self.world.wide)
        tag = f"{last.nonce}x{self._tag()}"
        body = {"slot": slot, "notes": f"canary:{person.name}:{tag}"}
        args = {"slot": slot, "tag": tag}
        ask = self._ask("book", person, "POST", "/api/appointments/", args, body, keyed=last.nonce)
        self._last[person.name] = last
        return ask

    # Staff

    def noshow(self, person: Person, verb: str = "noshow") -> Ask | None:
        number = self._spare(person)
        return self.cancel(person, number, verb) if number else None

    def fulfill(self, person: Person) -> Ask | None:
        return self.noshow(person, "fulfill")

    def _spare(self, person: Person) -> int:
        """An appointment whose place nobody will miss: these endings do not give it back."""
        holds = self.world.somebody_else(person).holds
        found = [one for one, (slot, _) in holds.items() if slot not in self.world.busy]
        return self._random.choice(found) if found else 0

    def close(self, person: Person) -> Ask | None:
        if len(self.world.closed) > 4:
            return None
        slot = self._random.choice(self.world.crowded)
        self.world.closed.append(slot)
        return self._change("close", person, slot, {"status": "busy-unavailable"})

    def open(self, person: Person) -> Ask | None:
        if not self.world.closed:
            return None
        return self._change("open", person, self.world.closed.pop(0), {"status": "free"})

    def capacity(self, person: Person) -> Ask:
        slot = self._random.choice(self.world.elastic)
        return self._change("capacity", person, slot, {"capacity": self._random.randrange(1, 5)})

    def _change(self, verb: str, person: Person, slot: int, body: dict[str, Any]) -> Ask:
        tag = self._tag()
        args = {"slot": slot, "tag": tag} | body
        return self._ask(
            verb, person, "PATCH", f"/api/slots/{slot}/", args, body, keyed=self._key(tag)
        )


def _table(weights: dict[str, Any]) -> tuple[list[str], list[float]]:
    total, sums = 0.0, []
    for weight in weights.values():
        total += weight
        sums.append(total)
    return list(weights), sums
