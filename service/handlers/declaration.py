"""What a verb of a route declares of itself."""

from dataclasses import dataclass
from typing import Any

from service import errors
from service.handlers.charge import Charged


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What one verb of one route asks for, and what it answers: all that OpenAPI tells of it.

    `name` is what generated clients call it. `answers` is a status, then its shapes (see
    answers.py): the plain one, and the one with `?expand=slot`; `staff` are those that staff get
    instead. `raises` are its own errors; those that follow from the rest are not repeated. `sends`
    names header fields of its own. `charged` says to whose allowance the request is counted;
    `redirects` is whether it may lead elsewhere instead.
    """

    name: str
    who: frozenset[str]
    query: type[Any] | None
    body: Any
    needs_body: bool
    answers: tuple[Any, ...]
    staff: tuple[Any, ...]
    raises: tuple[type[errors.DomainError], ...]
    sends: tuple[str, ...]
    charged: Charged
    redirects: bool
