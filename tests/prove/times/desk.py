"""What admins do to times: book for others, override, write hours, close, and change services."""

from typing import Any

from tests.prove.ask import Ask
from tests.prove.people import Person
from tests.prove.times.cast import days_ahead, hours_body
from tests.prove.times.offers import MOST_CLOSURES, written
from tests.prove.times.wishes import Timed

OVERRIDES = ("closed", "lead", "horizon", "grid", "limit", "buffer", "overlap")


class Desk(Timed):
    """Builds the requests of admins; of other staff none."""

    def take_for(self, person: Person) -> Ask | None:
        """A time for a customer, often one that only staff can give."""
        if person.keeps:
            return None
        other, tag, offers = self.world.somebody_else(person), self._tag(), self.world.offers
        if other.name not in self.world.ids:
            return None
        one = offers.odd() if self._random.random() < 0.3 else offers.some(other.times)
        args = one._asdict() | {"tag": tag, "customer": other.name}
        body = self._body(one, f"canary:{other.name}:{tag}")
        body |= {"customer": self.world.ids[other.name]}
        if self._random.random() < 0.6:
            args["override"] = self._random.sample(OVERRIDES, self._random.randrange(1, 5))
            body |= {"override": args["override"], "reason": tag}
        path, args = self._whole("/api/appointments/", args)
        return self._ask("take", person, "POST", path, args, body, keyed=self._key(tag))

    def hours(self, person: Person) -> Ask | None:
        if person.keeps or not self.world.offers.hours:
            return None
        provider, variants = self._random.choice(list(self.world.offers.hours.items()))
        daily, tag = self._random.choice(variants), self._tag()
        closed = [days_ahead(self._random.randrange(1, 9))] if self._random.random() < 0.3 else []
        args = {"provider": provider, "daily": daily, "closed": closed, "tag": tag}
        path = f"/api/providers/{provider}/schedule/"
        return self._write("hours", person, "PUT", path, args, hours_body(daily, closed, tag))

    def shut(self, person: Person) -> Ask | None:
        offers = self.world.offers
        if person.keeps or not offers.hours or len(offers.closures) >= MOST_CLOSURES:
            return None
        wanted, tag = offers.closure(), self._tag()
        body: dict[str, Any] = {"reason": tag}
        body |= {"provider": wanted["provider"]} if wanted["provider"] else {}
        if "starts" in wanted:
            body |= {"starts_at": written(wanted["starts"]), "ends_at": written(wanted["ends"])}
        else:
            body |= {"from": wanted["from"], "to": wanted["to"]}
        return self._write("shut", person, "POST", "/api/closures/", wanted | {"tag": tag}, body)

    def unshut(self, person: Person) -> Ask | None:
        closures = self.world.offers.closures
        if person.keeps or not closures:
            return None
        number, tag = self._random.choice(closures), self._tag()
        args = {"closure": number, "tag": tag}
        return self._write("unshut", person, "DELETE", f"/api/closures/{number}/", args)

    def adjust(self, person: Person) -> Ask | None:
        """A change of a service: who has booked it keeps what was booked."""
        offers = self.world.offers
        if person.keeps or not offers.services:
            return None
        service, tag = offers.service(), self._tag()
        changes = self._random.choice(offers.services[service]["changes"])
        args = {"service": service, "changes": changes, "tag": tag}
        path = f"/api/services/{service}/"
        return self._write("adjust", person, "PATCH", path, args, changes | {"description": tag})

    def _write(
        self,
        verb: str,
        person: Person,
        method: str,
        path: str,
        args: dict[str, Any],
        body: Any = None,
    ) -> Ask:
        return self._ask(verb, person, method, path, args, body, keyed=self._key(args["tag"]))
