"""What should be refused, or answered as before."""

import json

from tests.load.wire import message
from tests.prove.anything import Anything
from tests.prove.ask import Ask
from tests.prove.people import PASSWORD, Person, World
from tests.prove.wishes import Wishes

BOOKING = "/api/appointments/"
HALVES = ("shorter", "longer", "chunked")  # ways in which a body is not whole
STRANGERS = tuple(f"127.0.0.{n}" for n in range(11, 19))  # addresses that are ours alone
STRANGE = 0.6  # of the guesses
RIGHT = 0.1  # of those from our own address


class Odd(Wishes):
    """Builds requests that take no effect, if all is well, or none of their own."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._borrowed: set[tuple[str, str]] = set()  # who has used whose key
        self._anything = Anything(world)

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
        data = message("GET", "/api/me/", token.lines, host="prove")
        return Ask("me", {"role": person.role}, data, "", token)

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

    def other_secret(self, person: Person, ask: Ask) -> Ask | None:
        """A registration or a change of password that was done, once more under its key and with
        another secret: whoever does not know what was sent hears nothing of it."""
        tag = f"{ask.nonce}x{self._tag()}"
        body = dict(ask.body) | {"new_password" if ask.verb == "password" else "password": tag * 3}
        args = ask.args | {"tag": tag}
        if ask.verb == "password":
            if not person.tokens:
                return None
            args |= {"new": tag * 3}
        signed = ask.verb == "password"
        last = self._last.get(person.name)
        again = self._ask(
            ask.verb, person, "POST", ask.path, args, body, keyed=ask.nonce, signed=signed
        )
        if last:
            self._last[person.name] = last
        return again

    def guess(self, person: Person) -> Ask:
        """A login to an account that is attacked: by its owner, from our own address, or by one of
        many strangers who all are after the first of these accounts."""
        names, homes = self.world.limited, self.world.homes
        name, source = self._random.choice(names), ""
        if names[0] in homes and self._random.random() < STRANGE:
            name, source = names[0], self._random.choice(STRANGERS)
        right = not source and (name not in homes or self._random.random() < RIGHT)
        who = {"username": name, "password": PASSWORD if right else "a wrong guess"}
        args = who | {"address": source} if source else who
        ask = self._ask("guess", person, "POST", "/api/login/", args, who, signed=False)
        return ask._replace(source=source)

    def abandon(self, person: Person) -> Ask:
        """A booking whose client leaves before its body is over: it is none."""
        tag, slot = self._tag(), self._random.choice(self.world.wide)
        body = json.dumps({"slot": slot, "notes": f"canary:{person.name}:{tag}"}).encode()
        lines, how = self._random.choice(person.tokens).lines, self._random.choice(HALVES)
        if how == "chunked":  # all of it but the last chunk
            lines += b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
            data = message("POST", BOOKING, lines, host="prove")
            data += b"%x\r\n%b\r\n" % (len(body), body)
        elif how == "longer":  # more was promised
            data = message("POST", BOOKING, lines, body + b" ", host="prove")[:-1]
        else:
            data = message("POST", BOOKING, lines, body, host="prove")
            data = data[: -self._random.randrange(1, len(body))]
        args = {"slot": slot, "tag": tag, "how": how}
        return Ask("abandon", args, data, path=BOOKING)

    def any(self, person: Person) -> Ask:
        """Any route in any way that the OpenAPI document has, to no effect."""
        return self._anything.next(person)
