"""Where bad input goes: every body and query that any route declares, read off ROUTES."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

import msgspec

from service.handlers.routes import ROUTES
from service.http.routing.table import ID, TOKEN
from tests.bad_input.wire import request
from tests.bad_input.world import World

BODIES = ("POST", "PUT", "PATCH")

# A good value of every field, for requests in which only one is bad. Nothing they ask for can
# succeed: the slot is taken, the passwords are wrong, the time overlaps, the name is known.
GOOD: dict[str, Any] = {
    "username": "ada",
    "email": "ada@example.org",
    "password": "not the one",
    "current_password": "not the one",
    "new_password": "good enough",
    "name": "Clinic",
    "time_zone": "Mars/Olympus",
    "starts_at": "2027-01-04T10:00:00Z",
    "ends_at": "2027-01-04T09:00:00Z",
    "capacity": 1,
    "per_person": 1,
    "status": "no such status",
    "notes": "",
    "reason": "",
    "from": "2027-01-04",
    "to": "2027-01-05",
    "limit": 1,
    "cursor": "1",
    "weekly": [{"days": ["mon"], "opens": "09:00", "closes": "17:00"}] * 2,  # they overlap
    "days": [],
    "dry_run": "true",
    "outside_hours": "true",
    "order": "starts_at",
    "kind": "room",
    "per_day": 1,
    "service": 1,
    "duration_minutes": 30,
    "step_minutes": 30,
    "buffer_before_minutes": 0,
    "buffer_after_minutes": 0,
    "lead_minutes": 0,
    "horizon_days": 90,
    "per_customer_day": 1,
    "per_customer_open": 1,
    "party_max": 2,  # more than the capacity
    "approval_minutes": 60,
    "hold_seconds": 60,
    "offer_minutes": 60,
    "notice_minutes": 0,
    "description": "",
    "providers": [],
    "needs": {},
    "phone": "110",
    "language": "en",
    "into": 1,
    "size": 1,
    "customer": None,
    "override": [],
    "seconds": 60,
    "replaces": None,
    "if_still_free": False,
    "every": 1,
    "unit": "week",
    "count": 2,
    "until": "2027-02-01",  # besides the count
    "conflicts": "refuse",
    "moving": 1,
    "q": "ada",
    "after": 10**18,  # there is no such event
    "types": "slot.changed",
    "wait": 1,
    "of": "provider",
    "url": "ftp://example.org/",
    "include": ["appointment"],
    "overlap_hours": 1,
    "only_failed": True,
}


class Target(NamedTuple):
    """One verb of one route, with the fields of its body or of its query."""

    method: str
    pattern: str
    who: str
    fields: tuple[str, ...]
    needed: tuple[str, ...]  # of the fields
    kind: str  # what the fields are of, where a verb takes several

    def __str__(self) -> str:
        return " ".join(filter(None, (self.method, self.pattern, self.kind)))

    def path(self, world: World) -> str:
        """The route's path, about a thing that exists; what ends an appointment finds it ended."""
        noun = "ended" if self.fields == ("reason",) else self.pattern.split("/")[2].rstrip("s")
        thing = world.ids.get(noun, 10**9)  # of tokens: none, or ada would be logged out
        path = self.pattern.replace(ID, str(thing)).replace(TOKEN, "none")
        return path.replace("/?", "/").replace("\\", "")

    def good(self, world: World) -> dict[str, Any]:
        """A body of which no field is malformed, and which still changes nothing."""
        things = {
            "slot": world.ids["taken"],
            "new_slot": world.ids["taken"],
            "provider": world.ids["provider"],
            "service": world.ids["service"],
        }
        return {name: (GOOD | things)[name] for name in self.fields}

    def query(self, name: str, value: str) -> str:
        """A query string with this parameter, percent-encoded, and what has to be there besides."""
        good = (f"{one}={GOOD[one]}" for one in self.needed if one != name)
        return f"?{'&'.join([f'{name}={value}', *good])}"

    def ask(self, world: World, body: bytes | None, query: str = "", *headers: str) -> bytes:
        """The request, by somebody who may make it."""
        target = f"{self.path(world)}{query}"
        return request(self.method, target, body, *headers, token=world.tokens.get(self.who, ""))

    def example(self, world: World) -> bytes:
        """The request with a good body."""
        body = json.dumps(self.good(world)).encode() if self.method in BODIES else None
        return self.ask(world, body)


def _targets(kind: str) -> Iterator[Target]:
    for pattern, handler in ROUTES:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            declared: Any = getattr(getattr(handler, method.lower()), "endpoint", None)
            wanted = getattr(declared, kind, None)
            if wanted is None:
                continue
            several = isinstance(wanted, tuple)
            for one in wanted if several else (wanted,):
                struct = next((part for part in (one, *get_args(one)) if _is_struct(part)), None)
                if struct is None:
                    continue  # an array alone has no fields
                fields = msgspec.structs.fields(struct)
                names = tuple(field.encode_name for field in fields)
                needed = tuple(field.encode_name for field in fields if field.required)
                own = "customer" in declared.who or "moving" in names  # one's own appointment
                who = "ada" if own else "admin" if declared.who else ""
                asked = "HEAD" if handler.endless else method
                yield Target(asked, pattern, who, names, needed, struct.__name__ if several else "")


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


WITH_BODY = list(_targets("body"))
WITH_QUERY = list(_targets("query"))
FIELDS = [(target, name) for target in WITH_BODY for name in target.fields]
PARAMETERS = [(target, name) for target in WITH_QUERY for name in target.fields]
