"""Where bad input goes: every body and query that any route declares, read off ROUTES."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

import msgspec

from service.handlers.routes import ROUTES
from tests.bad_input.wire import request
from tests.bad_input.world import World

BODIES = ("POST", "PUT", "PATCH")
ID = "([0-9]+)"

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
}


class Target(NamedTuple):
    """One verb of one route, with the fields of its body or of its query."""

    method: str
    pattern: str
    who: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"

    def path(self, world: World) -> str:
        """The route's path, about a thing that exists; what ends an appointment finds it ended."""
        noun = "ended" if self.fields == ("reason",) else self.pattern.split("/")[2].rstrip("s")
        thing = world.ids.get(noun, 10**9)  # of tokens: none, or ada would be logged out
        return self.pattern.replace(ID, str(thing)).replace("/?", "/")

    def good(self, world: World) -> dict[str, Any]:
        """A body of which no field is malformed, and which still changes nothing."""
        things = {
            "slot": world.ids["taken"],
            "new_slot": world.ids["taken"],
            "provider": world.ids["provider"],
        }
        return {name: (GOOD | things)[name] for name in self.fields}

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
            struct = next(one for one in (wanted, *get_args(wanted)) if _is_struct(one))
            who = "ada" if "customer" in declared.who else "admin" if declared.who else ""
            names = tuple(one.encode_name for one in msgspec.structs.fields(struct))
            yield Target(method, pattern, who, names)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


WITH_BODY = list(_targets("body"))
WITH_QUERY = list(_targets("query"))
FIELDS = [(target, name) for target in WITH_BODY for name in target.fields]
PARAMETERS = [(target, name) for target in WITH_QUERY for name in target.fields]
