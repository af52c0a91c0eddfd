"""What a verb of a route declares of itself: who may call it, what it takes, what it answers."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from service import errors

EVERYONE = frozenset[str]()  # no token needed
SIGNED_IN = frozenset({"customer", "provider", "admin"})
STAFF = frozenset({"provider", "admin"})
ADMIN = frozenset({"admin"})
NOBODY = frozenset({"nobody"})  # which no account is


class Charged(Enum):
    """To whose allowance a request is counted, before its body is parsed."""

    CALLER = "the user whose token it has, or else the address"
    PROBE = "the address, but apart from its other requests: who watches shall see to the end"
    NOBODY = "nobody: asking costs no more than refusing"
    ITSELF = "as the call does it itself: it takes a token, but needs none"


@dataclass(slots=True)
class Endpoint:
    """What one verb of one route asks for, and what it answers: all that OpenAPI tells of it.

    `name` is what generated clients call it. `answers` is a status, then its shapes (those of
    openapi/answers/): the plain one, and the one with `?expand=slot`; `staff` are those that staff
    get instead. `raises` are its own errors; those that follow from the rest are not repeated.
    `sends` names header fields of its own. `charged` says to whose allowance the request is
    counted; `action` is by what name its outcome is, for those who look at the business;
    `redirects` is whether it may lead elsewhere instead; `dry` is what a dry run is answered with,
    with 200 where `answers` has another status. A tuple as `body` stands for one of several. `who`
    may call it is said where
    the routes are, by handlers/routes.py; until then, nobody may.
    """

    name: str
    query: type[Any] | None
    body: Any
    needs_body: bool
    answers: tuple[Any, ...]
    staff: tuple[Any, ...]
    raises: tuple[type[errors.DomainError], ...]
    sends: tuple[str, ...]
    charged: Charged
    action: str
    redirects: bool
    dry: Any
    who: frozenset[str] = NOBODY
