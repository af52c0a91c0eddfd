"""What customers ask of times: which there are, which is next, why not this one; and take it."""

from typing import Any
from urllib.parse import quote

from tests.prove.ask import Ask
from tests.prove.people import Person
from tests.prove.times.offers import ANYBODY, Wanted, written
from tests.prove.wishes import Wishes

DAY = 86_400
LISTED = 12  # times on one page
AT_ONCE = 0.3  # share of the lists that begin now: what is too soon is not in them
MOVING = 0.15  # share of the lists that are for an appointment that is to be moved


class Timed(Wishes):
    """Builds the requests of customers who want a time."""

    # Reading

    def times(self, person: Person, wanted: Wanted | None = None, **more: Any) -> Ask:
        offers = self.world.offers
        one = wanted or offers.blue(offers.any_service())
        begins = one.at // DAY * DAY if wanted is None else one.at
        if wanted is None and self._random.random() < AT_ONCE:
            begins = 0
        begins = max(begins, int(offers.now()))
        ends = begins + DAY * (1 if wanted else self._random.randrange(1, 4))
        args = one._asdict() | {"from": begins, "to": ends} | more
        path = (
            f"/api/services/{one.service}/times/?from={quote(written(begins))}"
            f"&to={quote(written(ends))}&limit={LISTED}"
        )
        return self._about(person, "times", path, args)

    def soonest(self, person: Person) -> Ask:
        offers = self.world.offers
        one = offers.blue(offers.any_service())
        begins = one.at // DAY * DAY if self._random.random() > AT_ONCE else 0
        begins = max(begins, int(offers.now()))
        path = f"/api/services/{one.service}/times/next/?from={quote(written(begins))}"
        return self._about(person, "soonest", path, one._asdict() | {"from": begins})

    def _about(self, person: Person, verb: str, path: str, args: dict[str, Any]) -> Ask:
        """With a provider, for so many, and sometimes for an appointment that is to be moved."""
        if args["provider"] != ANYBODY:
            path += f"&provider={args['provider']}"
        if args["size"] != 1:
            path += f"&size={args['size']}"
        mine = [
            number
            for number, (slot, _) in person.holds.items()
            if (taken := self.world.offers.taken.get(slot)) and taken.service == args["service"]
        ]
        if mine and "round" not in args and self._random.random() < MOVING:
            args = args | {"moving": self._random.choice(mine)}
            path += f"&moving={args['moving']}"
        return self._ask(verb, person, "GET", path, args, signed="moving" in args)

    def explain(self, person: Person, wanted: Wanted | None = None, **more: Any) -> Ask:
        one = wanted or self._doubtful(person)
        path = f"/api/services/{one.service}/explain/?starts_at={quote(written(one.at))}"
        if one.provider != ANYBODY:
            path += f"&provider={one.provider}"
        if one.size != 1:
            path += f"&size={one.size}"
        return self._ask("explain", person, "GET", path, one._asdict() | more)

    def _doubtful(self, person: Person) -> Wanted:
        """A time of which this person may wonder: of a service that it has booked already, too."""
        offers, mine = self.world.offers, [slot for slot, _ in person.holds.values()]
        booked = [offers.taken[slot].service for slot in mine if slot in offers.taken]
        if booked and self._random.random() < 0.5:
            return offers.blue(self._random.choice(booked))
        return offers.some(person.times)

    def dry(self, person: Person, wanted: Wanted | None = None, **more: Any) -> Ask:
        one = wanted or self.world.offers.some(person.times)
        body = self._body(one, "never")
        path = "/api/appointments/?dry_run=true"
        return self._ask("dry", person, "POST", path, one._asdict() | more, body)

    # Taking

    def take(self, person: Person, wanted: Wanted | None = None, **more: Any) -> Ask | None:
        if person.staff:
            return None
        one, tag = wanted or self.world.offers.some(person.times), self._tag()
        body = self._body(one, f"canary:{person.name}:{tag}")
        path, args = self._whole("/api/appointments/", one._asdict() | {"tag": tag} | more)
        return self._ask("take", person, "POST", path, args, body, keyed=self._key(tag))

    def _body(self, one: Wanted, notes: str) -> dict[str, Any]:
        zones = self.world.offers.zones
        zone = zones.get(one.provider) or self._random.choice([None, *zones.values()])
        body: dict[str, Any] = {"service": one.service, "starts_at": written(one.at, zone)}
        if one.provider != ANYBODY:
            body["provider"] = one.provider
        if one.size != 1:
            body["size"] = one.size
        return body | {"notes": notes}

    def shift(self, person: Person, number: int = 0) -> Ask | None:
        number = number or self._timed(person)
        if not number:
            return None
        slot = person.holds.get(number, (0, 0))[0]
        taken, tag = self.world.offers.taken.get(slot), self._tag()
        one = self.world.offers.blue(taken.service if taken else 0)
        near = taken is not None and self._random.random() < 0.3
        if taken and near:  # onto its own time, or just beside it
            one = one._replace(at=taken.starts + 60 * self._random.choice((0, 10, 15, -20, 30, 60)))
        provider = one.provider if self._random.random() < 0.3 else ANYBODY
        args, lines = self._matching(person, number, {"appointment": number, "tag": tag})
        path, args = self._whole(f"/api/appointments/{number}/reschedule/", args)
        body = {"starts_at": written(one.at)} | ({"provider": provider} if provider else {})
        args |= {"at": one.at, "provider": provider}
        key = self._key(tag)
        return self._ask("shift", person, "PATCH", path, args, body, lines=lines, keyed=key)

    def _timed(self, person: Person) -> int:
        """An appointment for a service, now and then any."""
        if person.staff or self._random.random() < 0.1:
            return self._own(person)
        taken = self.world.offers.taken
        mine = [number for number, (slot, _) in person.holds.items() if slot in taken]
        return self._random.choice(mine) if mine else 0
