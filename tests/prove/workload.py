"""What is asked: one request after the other for one person, by chance from one seed."""

import json
from datetime import datetime
from typing import Any

from tests.load.wire import message
from tests.prove.anything import Anything
from tests.prove.ask import Ask
from tests.prove.people import PASSWORD, Person, World

KEYED = 0.7  # share of the writes that carry an Idempotency-Key

EXPANDED = 0.2  # share of what can be asked to show whole slots
KNOWN = 0.3  # share of the reads that name what is known already

READS = {"search": 9, "me": 5, "list": 10, "get": 7, "slot": 6, "history": 2}
WRITES = {"book": 22.0, "move": 15.0, "cancel": 12.0}
ACCOUNTS = {"login": 1.5, "logout": 1.2, "password": 0.6, "register": 0.5, "guess": 0.8}
ODD = {"foreign": 1.5, "dead": 1.0, "replay": 1.5, "reuse": 0.7, "borrow": 0.5, "any": 4.0}
CUSTOMER = READS | WRITES | ACCOUNTS | ODD
STAFF = {"noshow": 2, "fulfill": 2, "close": 3, "open": 3, "capacity": 2, "slot": 2, "cancel": 1,
         "calendar": 4, "any": 1, "me": 1, "history": 3}  # fmt: skip


class Workload:
    """Chooses and builds requests."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._random = world.random
        self._count = 0
        self._last: dict[str, Ask] = {}  # the last keyed write of each person
        self._borrowed: set[tuple[str, str]] = set()  # who has used whose key
        self._anything = Anything(world)
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
        data = message(method, path, lines, content, "prove")
        ask = Ask(verb, args, data, keyed, token, path)
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
        starts = int(datetime.fromisoformat(start).timestamp())
        return self._look("search", person, path, {"provider": provider, "starts": starts})

    def me(self, person: Person) -> Ask:
        return self._ask("me", person, "GET", "/api/me/", {"staff": person.staff})

    def list(self, person: Person) -> Ask:
        what = "status=booked&limit=50" if self._random.random() < 0.8 else "limit=20"
        path = f"/api/appointments/?{what}"
        args: dict[str, Any] = {"what": what}
        if self._random.random() < 0.05:  # pages, followed by `following`
            path, verb = "/api/appointments/?limit=2", "page"
        else:
            verb = "list"
        return self._look(verb, person, *self._whole(path, args))

    def calendar(self, person: Person) -> Ask:
        """The appointments with a provider, as its staff see them."""
        often = self._random.random() < 0.6  # those with the most appointments
        calendars = self.world.calendars
        provider, _ = self._random.choice(calendars[:2] if often else calendars)
        status = self._random.choice(("", "&status=booked", "&status=cancelled"))
        path = f"/api/appointments/?provider={provider}{status}&limit=5"
        return self._look("calendar", person, *self._whole(path, {"provider": provider}))

    def following(self, person: Person, ask: Ask, target: str, last: Any) -> Ask:
        """The next page of a list, by the link that came with it."""
        signed = ask.token is not None
        args = ask.args | {"after": last}
        verb = "page" if ask.verb == "list" else ask.verb
        return self._ask(verb, person, "GET", target, args, signed=signed)

    def history(self, person: Person) -> Ask | None:
        ended = self.world.ended if person.staff else person.ended
        choices = [*ended, self._own(person)]
        number = self._random.choice(choices)
        if not number:
            return None
        path = f"/api/appointments/{number}/history/"
        return self._ask("history", person, "GET", path, {"appointment": number})

    def _look(self, verb: str, person: Person, path: str, args: dict[str, Any]) -> Ask:
        """A read that sometimes names what its asker, or somebody else, knows already."""
        whose: Person | World = self.world if verb in ("search", "slot") else person
        if verb in ("list", "calendar") and self._random.random() < 0.1:
            whose = self.world.somebody_else(person)
        tag, known = whose.known.get(path, ("", None))
        if not tag or self._random.random() > KNOWN:
            tag = ""
        lines = f"If-None-Match: {tag}\r\n".encode() if tag else b""
        signed = verb not in ("search", "slot")
        ask = self._ask(verb, person, "GET", path, args, lines=lines, signed=signed)
        return ask._replace(known=known) if tag else ask

    def _whole(self, path: str, args: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Sometimes with whole slots instead of brief ones or ids."""
        if self._random.random() > EXPANDED:
            return path, args
        return f"{path}{'&' if '?' in path else '?'}expand=slot", args | {"expand": True}

    def get(self, person: Person) -> Ask | None:
        if not person.holds:
            return None
        number = self._random.choice(tuple(person.holds))
        path = f"/api/appointments/{number}/"
        return self._look("get", person, *self._whole(path, {"appointment": number}))

    def slot(self, person: Person) -> Ask:
        slot = self.world.slot(person)
        return self._look("slot", person, f"/api/slots/{slot}/", {"slot": slot})

    # Appointments

    def book(self, person: Person, slot: int = 0) -> Ask:
        tag, slot = self._tag(), slot or self.world.slot(person)
        body = {"slot": slot, "notes": f"canary:{person.name}:{tag}"}
        path, args = self._whole("/api/appointments/", {"slot": slot, "tag": tag})
        return self._ask("book", person, "POST", path, args, body, keyed=self._key(tag))

    def move(self, person: Person, number: int = 0, slot: int = 0) -> Ask | None:
        number = number or self._own(person)
        if not number:
            return None
        tag, slot = self._tag(), slot or self.world.slot(person)
        args, lines = self._matching(person, number, {"appointment": number, "tag": tag})
        path, args = self._whole(f"/api/appointments/{number}/reschedule/", args)
        return self._ask(
            "move",
            person,
            "PATCH",
            path,
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
        path, args = self._whole(f"/api/appointments/{number}/{verb}/", args)
        return self._ask(
            verb,
            person,
            "POST",
            path,
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

    def borrow(self, person: Person) -> Ask | None:
        """A booking under a key that somebody else has used: it is nobody's but its owner's."""
        last = self._last.get(self.world.somebody_else(person).name)
        if last is None or (person.name, last.nonce) in self._borrowed:
            return None
        self._borrowed.add((person.name, last.nonce))
        tag, slot = self._tag(), self.world.slot(person)
        body = {"slot": slot, "notes": f"canary:{person.name}:{tag}"}
        lines = f"Idempotency-Key: {last.nonce}\r\n".encode()
        if last.verb == "book":  # the very same request, but for who asks
            slot = last.args["slot"]
            body = {"slot": slot, "notes": f"canary:{person.name}:{tag}"}
        args = {"slot": slot, "tag": tag, "borrowed": True}
        return self._ask("book", person, "POST", "/api/appointments/", args, body, lines=lines)

    def any(self, person: Person) -> Ask:
        """Any route in any way that the OpenAPI document has, to no effect."""
        return self._anything.next(person)

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
        slot = self._random.choice(self.world.crowded + self.world.wide[: len(self.world.crowded)])
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
        tag, path = self._tag(), f"/api/slots/{slot}/"
        args, lines = {"slot": slot, "tag": tag} | body, b""
        if (seen := self.world.known.get(path)) and self._random.random() < 0.5:
            args |= {"version": seen[1]["v"]}
            lines = f"If-Match: {seen[0]}\r\n".encode()
        return self._ask(verb, person, "PATCH", path, args, body, lines=lines, keyed=self._key(tag))


def _table(weights: dict[str, Any]) -> tuple[list[str], list[float]]:
    total, sums = 0.0, []
    for weight in weights.values():
        total += weight
        sums.append(total)
    return list(weights), sums
