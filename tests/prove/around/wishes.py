"""What people and desks ask about holds, requests, lines, series and sets of moves."""

from typing import Any

from tests.prove.around.cast import MINUTES, STARTS, TAG
from tests.prove.ask import Ask
from tests.prove.people import Person
from tests.prove.times.offers import written
from tests.prove.wishes import Wishes

SECONDS = (1, 1, 2, 4, 60)  # for which something is held
TRIES = 6  # until there is something to ask
LATEST = 4  # holds of others at which one looks: older ones have run out
OVERDUE = 0.5  # of all approvals
LONG = 60 * MINUTES
CUSTOMER = {"hold": 16, "seal": 30, "let": 12, "grab": 14, "drop": 16, "request": 4,
            "wait": 4, "leave": 4, "lines": 10, "moves": 30, "series": 3, "unseries": 4,
            "peek": 3}  # fmt: skip
DESK = {"grant": 8, "deny": 2, "widen": 4, "bar": 1, "unbar": 2, "moves": 10, "drop": 1}
# What is answered with success, where it is not 200.
DONE = {"hold": 201, "seal": 201, "let": 204, "grab": 201, "request": 201, "wait": 201,
        "leave": 204, "series": 201, "bar": 201, "unbar": 204}  # fmt: skip
VERBS = frozenset({*CUSTOMER, *DESK})


class Around(Wishes):
    """Builds the requests of those who hold, wait, move together and book series."""

    def around(self, person: Person) -> Ask | None:
        """What such a person asks now; None where there is nothing to ask it of."""
        table = DESK if person.staff else CUSTOMER
        for verb in self._random.choices(list(table), list(table.values()), k=TRIES):
            if ask := getattr(self, verb)(person):
                return ask  # type: ignore[no-any-return]
        return None

    # Having something for a while

    def hold(self, person: Person) -> Ask:
        tag, mine = self._tag(), self.world.queue.held(person)
        body, args = self._wanted()
        args |= {"tag": tag, "seconds": self._random.choice(SECONDS)}
        body |= {"seconds": args["seconds"], "notes": f"canary:{person.name}:{tag}"}
        if mine and self._random.random() < 0.3:
            args["replaces"] = body["replaces"] = self._random.choice(mine)
        return self._keyed("hold", person, "POST", "/api/holds/", args, body)

    def seal(self, person: Person) -> Ask | None:
        return self._of_hold("seal", person, self.world.queue.held(person), "confirm/")

    def let(self, person: Person) -> Ask | None:
        return self._of_hold("let", person, self.world.queue.held(person), "", "DELETE")

    def _of_hold(
        self, verb: str, person: Person, holds: list[int], end: str, method: str = "POST"
    ) -> Ask | None:
        if not holds:
            return None
        hold = self._random.choice(holds)
        return self._keyed(
            verb, person, method, f"/api/holds/{hold}/{end}", {"appointment": hold}, None
        )

    def peek(self, person: Person) -> Ask | None:
        """A look at what somebody else holds, which is nobody else's to see."""
        holds = self.world.queue.held_by_others(person)
        if not holds:
            return None
        number = self._random.choice(holds[-LATEST:])
        args = {"appointment": number, "foreign": True}
        return self._ask("peek", person, "GET", f"/api/holds/{number}/", args)

    # Having it, or asking for it

    def grab(self, person: Person) -> Ask:
        tag = self._tag()
        body, args = self._wanted()
        body |= {"notes": f"canary:{person.name}:{tag}"}
        return self._keyed("grab", person, "POST", "/api/appointments/", args | {"tag": tag}, body)

    def request(self, person: Person) -> Ask:
        """A time that begins in a minute or two, which somebody has to approve before."""
        tag, facts = self._tag(), self.world.queue.facts
        at = int(self.world.offers.now()) // 60 * 60 + 60 * self._random.choice((1, 1, 1, 2))
        body = {"service": facts["asked_service"], "provider": facts["asked"],
                "starts_at": written(at), "notes": f"canary:{person.name}:{tag}"}  # fmt: skip
        args = {"tag": tag, "starts": at}
        return self._keyed("request", person, "POST", "/api/appointments/", args, body)

    def drop(self, person: Person) -> Ask | None:
        queue = self.world.queue
        whose = self._random.choice(queue.people) if person.staff else person
        mine = [*queue.booked(whose), *queue.pending(whose)]
        return self._of_appointment("drop", person, mine, "cancel/")

    def grant(self, person: Person) -> Ask | None:
        """Approval of what waits for it, or of what has waited until it began: too late."""
        queue = self.world.queue
        late = self._random.random() < OVERDUE
        numbers = queue.overdue(self.world.offers.now()) if late else queue.all_pending()
        return self._of_appointment("grant", person, numbers, "approve/")

    def deny(self, person: Person) -> Ask | None:
        return self._of_appointment("deny", person, self.world.queue.all_pending(), "decline/")

    def _of_appointment(
        self, verb: str, person: Person, numbers: list[int], end: str
    ) -> Ask | None:
        if not numbers:
            return None
        number = self._random.choice(numbers)
        path = f"/api/appointments/{number}/{end}"
        return self._keyed(verb, person, "POST", path, {"appointment": number}, {})

    # Waiting

    def wait(self, person: Person) -> Ask:
        facts, body = self.world.queue.facts, dict[str, Any]()
        if self._random.random() < 0.6:
            body = {"slot": self._random.choice(facts["slots"])}
        else:
            first = self._random.randrange(STARTS)
            ends = self._random.randrange(first + 1, STARTS + 1)
            body = {"service": facts["held_service"],
                    "from": written(facts["first"] + first * LONG),
                    "to": written(facts["first"] + ends * LONG)}  # fmt: skip
            if self._random.random() < 0.5:
                body["provider"] = facts["held"]
        return self._keyed("wait", person, "POST", "/api/waitlist/", {}, body)

    def leave(self, person: Person) -> Ask | None:
        if not (mine := self.world.queue.waiting.get(person.name)):
            return None
        number = self._random.choice(mine)
        return self._keyed("leave", person, "DELETE", f"/api/waitlist/{number}/", {}, None)

    def lines(self, person: Person) -> Ask:
        return self._ask("lines", person, "GET", "/api/waitlist/?limit=500", {})

    # Several at once

    def moves(self, person: Person) -> Ask | None:
        """A circle, or a chain whose last one goes to somewhere else."""
        queue = self.world.queue
        if person.staff:
            able = [number for one in queue.people for number in queue.places(one)]
        else:
            able = queue.places(person)
        apart = {queue.slot_of[number]: number for number in able}
        if len(apart) < 2:
            return None
        slots = self._random.sample(list(apart), min(self._random.randrange(2, 5), len(apart)))
        chosen = [apart[slot] for slot in slots]
        slots.append(self._random.choice([slots[0], *queue.facts["slots"]]))
        asked = [list(pair) for pair in zip(chosen, slots[1:], strict=True)]
        body = [{"appointment": number, "new_slot": slot} for number, slot in asked]
        return self._keyed("moves", person, "POST", "/api/moves/", {"moves": asked}, body)

    def series(self, person: Person) -> Ask:
        facts, tag = self.world.queue.facts, self._tag()
        at = facts["first"] + self._random.randrange(STARTS) * LONG
        args = {"tag": tag, "starts": at, "count": self._random.randrange(2, 5),
                "conflicts": self._random.choice(("refuse", "skip"))}  # fmt: skip
        body = {"service": facts["held_service"], "provider": facts["held"], "unit": "day",
                "starts_at": written(at), "count": args["count"], "conflicts": args["conflicts"],
                "notes": f"canary:{person.name}:{tag}"}  # fmt: skip
        return self._keyed("series", person, "POST", "/api/series/", args, body)

    def unseries(self, person: Person) -> Ask | None:
        if not (mine := self.world.queue.series.get(person.name)):
            return None
        path = f"/api/series/{mine.pop()}/cancel/"
        return self._keyed("unseries", person, "POST", path, {}, {})

    # What desks do to make room, or less of it

    def widen(self, person: Person) -> Ask:
        slot = self._random.choice(self.world.queue.facts["slots"])
        body = {"capacity": self._random.randrange(1, 4)}
        args = {"place": slot} | body
        return self._keyed("widen", person, "PATCH", f"/api/slots/{slot}/", args, body)

    def bar(self, person: Person) -> Ask | None:
        facts, queue, tag = self.world.queue.facts, self.world.queue, self._tag()
        if len(queue.closures) > 1:
            return None
        first = facts["first"] + self._random.randrange(STARTS) * LONG
        body = {"provider": facts["held"], "starts_at": written(first),
                "ends_at": written(first + 2 * LONG), "reason": f"{TAG}:{tag}"}  # fmt: skip
        return self._keyed("bar", person, "POST", "/api/closures/", {"tag": tag}, body)

    def unbar(self, person: Person) -> Ask | None:
        if not self.world.queue.closures:
            return None
        number = self._random.choice(self.world.queue.closures)
        return self._keyed("unbar", person, "DELETE", f"/api/closures/{number}/", {}, None)

    def _wanted(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """A place of a slot, or a time: as a body has it, and as the judge reads it."""
        facts = self.world.queue.facts
        if self._random.random() < 0.55:
            slot = self._random.choice(facts["slots"])
            return {"slot": slot}, {"place": slot}
        at = facts["first"] + self._random.randrange(STARTS) * LONG
        body = {"service": facts["held_service"], "provider": facts["held"]}
        return body | {"starts_at": written(at)}, {"starts": at}

    def _keyed(
        self, verb: str, person: Person, method: str, path: str, args: dict[str, Any], body: Any
    ) -> Ask:
        """Always with a key, by which the log tells what came of it."""
        tag = args.get("tag") or self._tag()
        return self._ask(verb, person, method, path, args | {"tag": tag}, body, keyed=tag)
