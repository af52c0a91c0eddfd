"""A good call of every verb of every route, read off ROUTES: what a route is missing from fails."""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from service.handlers.routes import ROUTES
from service.http.routing.declaration import ADMIN, EVERYONE, SIGNED_IN, STAFF

_COUNTER = itertools.count(1)
_DAY = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)


@dataclass(frozen=True)
class Things:
    """What the calls are about; `slot` is free to be booked."""

    provider: int = 1
    slot: int = 1
    service: int = 1
    customer: int = 1
    appointment: int = 1
    hold: int = 1
    waitlist: int = 1
    serie: int = 1
    token: int = 1
    into: int = 1  # another customer
    closure: int = 1
    calendar: int = 1  # of somebody else, that closes the provider's time
    calendar_link: int = 1
    webhook: int = 1
    delivery: int = 1  # of the webhook
    feed: str = "none"  # the token of a link to a calendar


@dataclass(frozen=True)
class Call:
    """One verb of one route; `{}` in its path is the id of one of the Things."""

    verb: str
    path: str
    who: frozenset[str]

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"

    @property
    def thing(self) -> str:
        """What the first id in its path names, or nothing."""
        if "{}" not in self.path or not self.path.startswith("/api/"):
            return ""
        return self.path.split("/")[2].rstrip("s").replace("-", "_")

    @property
    def writes(self) -> bool:
        return self.verb != "GET"

    def target(self, things: Things) -> str:
        first = getattr(things, self.thing or "feed")
        second = things.delivery if self.thing == "webhook" else things.calendar
        path = self.path.format(first, second)
        return path + QUERIES.get((self.verb, self.path), "")

    def body(self, things: Things) -> Any:
        """A body with which it may succeed; names and times in it were never used before."""
        return BODIES[self.verb, self.path](things, next(_COUNTER)) if self.has_body else None

    @property
    def has_body(self) -> bool:
        return (self.verb, self.path) in BODIES


def _slot(things: Things, number: int) -> dict[str, Any]:
    starts_at = _DAY + timedelta(hours=number)
    return {
        "provider": things.provider,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(minutes=30)).isoformat(),
    }


BODIES: dict[tuple[str, str], Callable[[Things, int], Any]] = {
    ("POST", "/api/register/"): lambda _, n: {
        "username": f"call{n}-{id(BODIES)}",
        "email": f"call{n}@example.org",
        "password": "correct horse",
    },
    ("POST", "/api/login/"): lambda *_: {"username": "ada", "password": "correct horse"},
    ("POST", "/api/password/"): lambda *_: {
        "current_password": "correct horse",
        "new_password": "correct horse",
    },
    ("POST", "/api/providers/"): lambda _, n: {"name": f"Clinic {n}", "time_zone": "UTC"},
    ("PATCH", "/api/providers/{}/"): lambda _, n: {"name": f"Clinic {n}"},
    ("POST", "/api/services/"): lambda things, n: {
        "name": f"Service {n}",
        "duration_minutes": 30,
        "providers": [{"provider": things.provider}],
    },
    ("PATCH", "/api/services/{}/"): lambda _, n: {"name": f"Service {n}"},
    ("POST", "/api/customers/"): lambda _, n: {"name": f"Customer {n}"},
    ("PATCH", "/api/customers/{}/"): lambda _, n: {"name": f"Customer {n}"},
    ("POST", "/api/customers/{}/merge/"): lambda things, _: {"into": things.into},
    ("PUT", "/api/providers/{}/schedule/"): lambda *_: {"weekly": []},
    ("POST", "/api/webhooks/"): lambda _, n: {"url": f"https://webhooks.invalid/{n}"},
    ("PATCH", "/api/webhooks/{}/"): lambda _, n: {"url": f"https://webhooks.invalid/{n}"},
    ("POST", "/api/webhooks/{}/rotate/"): lambda *_: {"overlap_hours": 1},
    ("POST", "/api/webhooks/{}/enable/"): lambda *_: {"from": "now"},
    ("POST", "/api/webhooks/{}/replay/"): lambda *_: {"after": 0},
    ("POST", "/api/calendar-links/"): lambda *_: {"of": "me"},
    ("POST", "/api/providers/{}/calendars/"): lambda _, n: {"url": f"https://example.org/{n}"},
    ("POST", "/api/closures/"): lambda things, _: {
        "provider": things.provider,
        "from": "2035-12-24",
        "to": "2035-12-26",
    },
    ("POST", "/api/slots/"): _slot,
    ("PATCH", "/api/slots/{}/"): lambda _, n: {"capacity": 2 + n % 9},
    ("POST", "/api/appointments/"): lambda things, _: {"slot": things.slot},
    ("PATCH", "/api/appointments/{}/reschedule/"): lambda things, _: {"new_slot": things.slot},
    ("POST", "/api/appointments/{}/cancel/"): lambda *_: {"reason": "changed my mind"},
    ("POST", "/api/appointments/{}/noshow/"): lambda *_: {"reason": "nobody came"},
    ("POST", "/api/appointments/{}/fulfill/"): lambda *_: {"reason": "well done"},
    ("POST", "/api/appointments/{}/approve/"): lambda *_: {"reason": "welcome"},
    ("POST", "/api/appointments/{}/decline/"): lambda *_: {"reason": "fully booked"},
    ("POST", "/api/holds/"): lambda things, _: {"slot": things.slot},
    ("POST", "/api/holds/{}/confirm/"): lambda *_: {"notes": "paid"},
    ("POST", "/api/moves/"): lambda things, _: [
        {"appointment": things.appointment, "new_slot": things.slot},
        {"appointment": things.hold + (things.hold == things.appointment), "new_slot": things.slot},
    ],
    ("POST", "/api/series/"): lambda things, _: {
        "service": things.service,
        "provider": things.provider,
        "starts_at": _DAY.isoformat(),
        "count": 2,
    },
    ("POST", "/api/series/{}/cancel/"): lambda *_: {"reason": "moved away"},
    ("POST", "/api/waitlist/"): lambda things, _: {"slot": things.slot},
    ("POST", "/api/appointments/{}/keep/"): lambda *_: {"reason": "they know"},
}


QUERIES = {
    ("GET", "/api/services/{}/explain/"): f"?starts_at={_DAY:%Y-%m-%dT%H:%M:%SZ}",
}


def _calls() -> Iterator[Call]:
    for pattern, handler in ROUTES:
        path = re.sub(r"\([^)]*\)", "{}", pattern.removesuffix("?")).replace("\\", "")
        for verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            declared: Any = getattr(getattr(handler, verb.lower()), "endpoint", None)
            if declared is None:
                continue
            call = Call(verb, path, declared.who)
            if declared.body is not None:
                assert call.has_body, f"{call} takes a body: say in BODIES what a good one is"
            query = msgspec.structs.fields(declared.query) if declared.query else ()
            if any(one.required for one in query):
                assert (verb, path) in QUERIES, f"{call} needs a query: say in QUERIES a good one"
            yield call


CALLS = list(_calls())
assert {call.who for call in CALLS} == {EVERYONE, SIGNED_IN, STAFF, ADMIN}
assert BODIES.keys() | QUERIES.keys() <= {(call.verb, call.path) for call in CALLS}
