"""http/problems.py: every error has a status, a document and its headers."""

import json

import pytest

from service import errors
from service.errors import DomainError
from service.http import problems

PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
# What the contract promises: a code never changes its status.
PROMISED = {
    "invalid": 400,
    "malformed": 400,
    "not_authenticated": 401,
    "invalid_token": 401,
    "wrong_credentials": 401,
    "permission_denied": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "slot_taken": 409,
    "same_slot": 409,
    "not_active": 409,
    "username_taken": 409,
    "busy": 409,
    "slot_overlap": 409,
    "slot_in_use": 409,
    "precondition_failed": 412,
    "body_too_large": 413,
    "uri_too_long": 414,
    "unsupported_media_type": 415,
    "slot_in_past": 422,
    "too_late": 422,
    "limit_reached": 422,
    "rate_limited": 429,
    "headers_too_large": 431,
    "internal": 500,
    "unavailable": 503,
    "outcome_unknown": 504,
}


def _all(kind: type[DomainError]) -> set[type[DomainError]]:
    found = {one for one in kind.__subclasses__() if one.__module__.startswith("service.")}
    return found.union(*map(_all, found))


def _made(kind: type[DomainError]) -> DomainError:
    if issubclass(kind, errors.InvalidFields):
        return kind({"slot": ["A valid integer is required."]})
    if issubclass(kind, errors.RateLimited):
        return kind(17, "user", 600, 60)
    return kind()


def test_every_error_of_the_domain_has_a_status() -> None:
    assert _all(DomainError) == set(problems.STATUS)


def test_every_code_has_the_status_that_was_promised() -> None:
    statuses = {kind.code: status for kind, status in problems.STATUS.items()}
    assert {code: statuses.get(code) for code in PROMISED} == PROMISED


def test_no_two_errors_share_a_code() -> None:
    # The same with the fields named, and the same for one reason.
    kinds = set(problems.STATUS) - {errors.InvalidFields, errors.UnknownZone}
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("kind", problems.STATUS, ids=lambda kind: kind.__name__)
def test_every_document_has_the_same_keys(kind: type[DomainError]) -> None:
    error = _made(kind)
    document = json.loads(problems.document(error, "r-1"))
    more = {
        errors.InvalidFields: {"errors"},
        errors.SlotTaken: {"alternatives"},
        errors.SeriesConflict: {"dates"},
        errors.CursorExpired: {"oldest", "head"},
    }
    assert set(document) == PROBLEM | more.get(kind, set())
    assert document["type"] == f"/docs/#{kind.code}"
    assert (document["code"], document["request_id"]) == (kind.code, "r-1")
    assert document["status"] == problems.STATUS[kind]
    assert document["title"]
    assert document["detail"].endswith(".")


@pytest.mark.parametrize("kind", problems.STATUS, ids=lambda kind: kind.__name__)
def test_a_status_brings_the_headers_it_needs(kind: type[DomainError]) -> None:
    headers = problems.headers(_made(kind))
    status = problems.STATUS[kind]
    assert ("WWW-Authenticate" in headers) == (status == 401)
    if status in (429, 503):
        assert int(headers["Retry-After"]) >= 1


def test_what_one_must_wait_is_told() -> None:
    assert problems.headers(errors.RateLimited(17, "user", 600, 60)) == {
        "Retry-After": "17",
        "RateLimit-Policy": '"user";q=600;w=60',
        "RateLimit": '"user";r=0;t=17',
    }


def test_how_long_the_server_can_take_nothing_is_told() -> None:
    assert problems.headers(errors.Unavailable()) == {"Retry-After": "1"}
    assert problems.headers(errors.Unavailable(retry_after=17)) == {"Retry-After": "17"}


def test_a_detail_of_its_own_is_shown() -> None:
    document = json.loads(problems.document(errors.Unavailable("Gone fishing."), "r-1"))
    assert document["detail"] == "Gone fishing."
    assert document["title"] == errors.Unavailable.title


def test_alternatives_are_shown_as_postgresql_wrote_them() -> None:
    error = errors.SlotTaken('[{"id": 5, "note": "é"}]')
    assert json.loads(problems.document(error, "r"))["alternatives"] == [{"id": 5, "note": "é"}]
    assert json.loads(problems.document(errors.SlotTaken(), "r"))["alternatives"] == []


def test_of_a_service_the_next_times_are_shown_instead_and_which_limit_was_met() -> None:
    taken = json.loads(problems.document(errors.SlotTaken(times='[{"id": 5}]', role="room"), "r"))
    assert (taken["times"], taken["detail"]) == ([{"id": 5}], "No room is free then.")
    assert "alternatives" not in taken
    met = json.loads(problems.document(errors.LimitReached(limit="per_day"), "r"))
    assert (met["limit"], met["detail"]) == ("per_day", errors.LIMITS["per_day"])


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "malformed"),
        (403, "malformed"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (500, "internal"),
        (503, "internal"),
    ],
)
def test_what_tornado_refuses_is_said_in_our_words(status: int, code: str) -> None:
    assert problems.of_status(status).code == code


def test_a_bug_tells_nothing_but_the_request_id() -> None:
    document = json.loads(problems.document(problems.of_status(500), "r-77"))
    assert document["detail"] == "Something went wrong on our side. Please report the request id."
