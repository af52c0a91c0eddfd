"""Every error: its status, its code, its line in the README, and the one shape of all documents."""

import json
import re
from collections.abc import Iterator

import pytest

from service.errors import DomainError, InvalidFields, KeyInFlight, RateLimited
from service.http import problems
from tests.cast import Api, Given, Person
from tests.contract.pages import table

KEYS = {"type", "title", "status", "detail", "code", "request_id"}
MORE = {
    "errors": "invalid",
    "alternatives": "slot_taken",
    "times": "slot_taken",
    "limit": "limit_reached",
    "dates": "series_conflict",
    "oldest": "cursor_expired",
    "head": "cursor_expired",
}


def kinds(of: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """All domain errors; those of handlers/ have come with problems."""
    for kind in of.__subclasses__():
        if kind.__module__.startswith("service."):
            yield kind
            yield from kinds(kind)


def made(kind: type[DomainError]) -> DomainError:
    if issubclass(kind, InvalidFields):
        return kind({"slot": ["This field is required."]})
    return kind(7, "user", 600, 60) if issubclass(kind, RateLimited) else kind()


every_kind = pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)


def test_every_error_has_a_status() -> None:
    assert set(kinds()) == set(problems.STATUS)


def test_a_code_means_one_thing() -> None:
    """A kind may share the code of the kind it is made from, and then shares the status."""
    by_code: dict[str, type[DomainError]] = {}
    for kind in kinds():
        first = by_code.setdefault(kind.code, kind)
        assert issubclass(kind, first), kind
        assert problems.STATUS[kind] == problems.STATUS[first]
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)


@every_kind
def test_a_document_has_the_keys_that_were_promised(kind: type[DomainError]) -> None:
    document = json.loads(problems.document(made(kind), "some-id"))
    more = {name for name, code in MORE.items() if code == kind.code} & set(document)
    assert set(document) == KEYS | more
    assert document["status"] == problems.STATUS[kind]
    assert document["code"] == kind.code
    assert document["request_id"] == "some-id"
    assert document["type"].endswith(f"#{kind.code}")
    assert document["detail"].endswith(".")
    assert document["title"]


@every_kind
def test_what_can_be_tried_again_says_when(kind: type[DomainError]) -> None:
    headers = problems.headers(made(kind))
    assert ("Retry-After" in headers) == (
        problems.STATUS[kind] in (429, 503) or kind is KeyInFlight
    )
    assert ("WWW-Authenticate" in headers) == (problems.STATUS[kind] == 401)


def test_the_readme_lists_every_error() -> None:
    listed = {(row[0].strip("`"), int(row[1])) for row in table("Errors")}
    assert listed == {(kind.code, status) for kind, status in problems.STATUS.items()}


async def test_answers_have_the_shape_too(api: Api, given: Given, ada: Person) -> None:
    slot_id = (await given.make_slots(1))[0]
    await given.make_appointment(ada, slot_id)
    path = "/api/appointments/"
    refused = [
        await api.get("/api/nowhere/"),
        await api.get("/api/me/"),
        await api.call("PUT", path, who=ada),
        await api.call("TRACE", path, who=ada),
        await api.post(path, {}, who=ada),
        await api.post(path, raw=b"{", headers={"Content-Type": "application/json"}, who=ada),
        await api.post(path, {"slot": slot_id}, who=ada),
        await api.post(path, raw=b"a=1", headers={"Content-Type": "text/plain"}, who=ada),
        await api.get(path, headers={"Accept": "text/html"}, who=ada),
        await api.get(path, headers={"X": "x" * 40_000}, who=ada),
        await api.get(path + "?" + "x" * 9000, who=ada),
        await api.post("/api/providers/", {"name": "X", "time_zone": "UTC"}, who=ada),
    ]
    statuses = [404, 401, 405, 405, 400, 400, 409, 415, 406, 431, 414, 403]
    assert [reply.status for reply in refused] == statuses
    for reply in refused:
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert set(reply.json) - set(MORE) == KEYS
        assert reply.json["request_id"] == reply.headers["X-Request-ID"]
        assert ("Allow" in reply.headers) == (reply.status == 405)
