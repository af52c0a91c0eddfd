"""What customers wish, as requests that are ready to send; by chance from one seed."""

import json
from datetime import datetime
from typing import Any

from tests.load.wire import message
from tests.prove.ask import Ask
from tests.prove.people import PASSWORD, Person, World

KEYED = 0.7  # share of the writes that carry an Idempotency-Key

EXPANDED = 0.2  # share of what can be asked to show whole slots
KNOWN = 0.3  # share of the reads that name what is known already


class Wishes:
    """Builds the requests of an ordinary day."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._random = world.random
        self._count = 0
        self._last: dict[str, Ask] = {}  # the last keyed write of each person

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
        ask = Ask(verb, args, data, keyed, token, path, body=body)
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
        return self._ask("me", person, "GET", "/api/me/", {"role": person.role})

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
        if person.keeps and self._random.random() < 0.6:
            provider = person.keeps
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
        number = self._own(person)
        if not number:
            return None
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
        mine = person.keeps and self._random.random() < 0.6
        if mine and (number := self.world.kept_by(person)):
            return number
        holder = self.world.some_holder(person) if person.staff else person
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
