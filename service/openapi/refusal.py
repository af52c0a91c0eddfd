"""Errors as OpenAPI has them: which ones a verb can answer with, and how each looks."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from service import errors
from service.errors import DomainError
from service.http import problems
from service.http.problems import PROBLEM
from service.http.routing.declaration import EVERYONE, SIGNED_IN, Endpoint
from service.openapi.answers.calendar import Slot
from service.openapi.answers.ops import Problem
from service.openapi.schema import EXAMPLES, Schema, Schemas

RATE = ("RateLimit", "RateLimit-Policy")
ANY = (
    problems.Malformed,
    problems.NotAcceptable,
    problems.RequestTimeout,
    problems.BodyTooLarge,
    problems.UriTooLong,
    problems.HeadersTooLarge,
    problems.Internal,
)


def possible(
    asked: Endpoint, *, reads: bool, names: bool, keyed: bool
) -> Iterator[type[DomainError]]:
    """Every error of a verb: one that only reads, whose path names something, that takes a key."""
    yield from ANY
    yield errors.RateLimited  # whatever is refused is charged to somebody
    yield from asked.raises
    if asked.who:
        yield from (errors.NotAuthenticated, errors.InvalidToken)
    if asked.who not in (EVERYONE, SIGNED_IN):
        yield errors.PermissionDenied
    if asked.query or asked.body:
        yield errors.InvalidFields
    if asked.body:
        yield from (errors.InvalidRequest, problems.UnsupportedMediaType)
    if names:
        yield errors.NotFound
    if asked.who or asked.query or asked.body or names:  # it asks Redis or PostgreSQL
        yield errors.Unavailable
    if errors.PreconditionFailed in asked.raises:
        yield errors.PreconditionRequired
    if keyed:
        yield from (errors.InvalidFields, errors.KeyInFlight, errors.KeyReused)
    if not reads:
        yield errors.OutcomeUnknown


class Refusals:
    """The answers of all errors: one for each status, in `components` by name, with a schema of its
    own. A verb's reference to one tells which of its codes may come. There is none of 405: it
    answers the verbs that the document lacks."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        by_status: dict[int, list[type[DomainError]]] = {}
        for kind, status in sorted(problems.STATUS.items(), key=lambda item: item[0].__name__):
            if kind is not problems.MethodNotAllowed:
                by_status.setdefault(status, []).append(kind)
        self.components = {
            f"Problem{status}": self._response(status, kinds)
            for status, kinds in sorted(by_status.items())
        }

    def of(self, kinds: Iterable[type[DomainError]]) -> Iterator[tuple[str, Schema]]:
        """These errors as responses by status."""
        by_status: dict[int, set[str]] = {}
        for kind in kinds:
            line = f"- `{kind.code}`: {kind.detail}"
            by_status.setdefault(problems.STATUS[kind], set()).add(line)
        for status, lines in by_status.items():
            name = f"#/components/responses/Problem{status}"
            yield str(status), {"$ref": name, "description": "\n".join(sorted(lines))}

    def _response(self, status: int, kinds: list[type[DomainError]]) -> Schema:
        """The answer with a status that all of these errors have."""
        samples = {kind.__name__: self._sample(kind) for kind in kinds}
        lines = dict.fromkeys(f"- `{one.code}`: {one.detail}" for one in samples.values())
        return {
            "description": "\n".join(lines),
            "headers": header_refs(_headers(samples.values())),
            "content": {
                PROBLEM: {
                    "schema": self._schemas.named(f"Problem{status}", _schema(status, kinds)),
                    "examples": {name: {"value": _document(e)} for name, e in samples.items()},
                }
            },
        }

    def _sample(self, kind: type[DomainError]) -> DomainError:
        """An error as it might happen."""
        if kind is errors.InvalidFields:
            return errors.InvalidFields({"slot": ["This field is required."]})
        if kind is errors.SlotTaken:
            alternative = self._schemas.example(self._schemas.of(Slot))
            return errors.SlotTaken(msgspec.json.encode([alternative]).decode())
        if kind is errors.RateLimited:
            return errors.RateLimited(30, "user", 600, 60)
        return kind()


# What a problem document has besides, by the error that it comes with.
BESIDES = {
    "errors": errors.InvalidFields,
    "alternatives": errors.SlotTaken,
    "times": errors.SlotTaken,
    "remaining": errors.SlotTaken,
    "limit": errors.LimitReached,
    "dates": errors.SeriesConflict,
    "oldest": errors.CursorExpired,
    "head": errors.CursorExpired,
}


def _schema(status: int, kinds: list[type[DomainError]]) -> Schema:
    """A problem document of this status; written out, since few generators merge schemas."""
    schema = Schemas().inline(Problem)
    schema["title"], properties = f"Problem{status}", schema["properties"]
    properties["status"] = {"type": "integer", "enum": [status]}
    codes = sorted({kind.code for kind in kinds})
    properties["code"] = {**properties["code"], "type": "string", "enum": codes}
    for name, kind in BESIDES.items():
        if kind not in kinds:
            del properties[name]
    return schema


def header_refs(names: Iterable[str]) -> Schema:
    """Header fields of an answer, by name."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _headers(samples: Iterable[DomainError]) -> list[str]:
    found = {name for error in samples for name in problems.headers(error)}
    return ["X-Request-ID", *sorted(found | set(RATE))]


def _document(error: DomainError) -> Any:
    return msgspec.json.decode(problems.document(error, EXAMPLES["request_id"]))
