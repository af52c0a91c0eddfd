"""Errors as clients see them: one table of statuses, one document (RFC 9457).

Anything that is not in the table is a bug: a bare 500 with nothing but the request id.
"""

import itertools
import re
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from service import errors
from service.errors import DomainError
from service.http.headers.guards import GUARDS


class Malformed(DomainError):
    code = "malformed"
    title = "Malformed request"
    detail = "The request could not be read."


class MethodNotAllowed(DomainError):
    code = "method_not_allowed"
    title = "Method not allowed"
    detail = "This method is not allowed here."


class NotAcceptable(DomainError):
    code = "not_acceptable"
    title = "Not acceptable"
    detail = "Only application/json can be sent in answer to this request."


class BodyTooLarge(DomainError):
    code = "body_too_large"
    title = "Body too large"
    detail = "The request body is larger than this server takes."


class UriTooLong(DomainError):
    code = "uri_too_long"
    title = "URI too long"
    detail = "The request target is longer than this server takes."


class HeadersTooLarge(DomainError):
    code = "headers_too_large"
    title = "Header fields too large"
    detail = "The request header fields are larger than this server takes."


class UnsupportedMediaType(DomainError):
    code = "unsupported_media_type"
    title = "Unsupported media type"
    detail = "The body must be application/json in UTF-8."


class RequestTimeout(DomainError):
    code = "request_timeout"
    title = "Request timeout"
    detail = "The request took too long to arrive."


class Internal(DomainError):
    code = "internal"
    title = "Internal error"
    detail = "Something went wrong on our side. Please report the request id."


STATUS: Mapping[type[DomainError], int] = {
    Malformed: 400,
    errors.InvalidRequest: 400,
    errors.InvalidFields: 400,
    errors.NotAuthenticated: 401,
    errors.InvalidToken: 401,
    errors.WrongCredentials: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    MethodNotAllowed: 405,
    NotAcceptable: 406,
    RequestTimeout: 408,
    errors.SlotTaken: 409,
    errors.AlreadyBooked: 409,
    errors.SameSlot: 409,
    errors.NotActive: 409,
    errors.HoldExpired: 409,
    errors.NotPending: 409,
    errors.UsernameTaken: 409,
    errors.SlotOverlap: 409,
    errors.SlotInUse: 409,
    errors.SeriesConflict: 409,
    errors.Busy: 409,
    errors.KeyInFlight: 409,
    errors.CursorExpired: 410,
    errors.PreconditionFailed: 412,
    BodyTooLarge: 413,
    UriTooLong: 414,
    UnsupportedMediaType: 415,
    errors.SlotInPast: 422,
    errors.TooEarly: 422,
    errors.TooLate: 422,
    errors.ApprovalNeeded: 422,
    errors.NotOffered: 422,
    errors.PartyTooLarge: 422,
    errors.TooSoon: 422,
    errors.TooFar: 422,
    errors.Closed: 422,
    errors.OffGrid: 422,
    errors.LimitReached: 422,
    errors.KeyReused: 422,
    errors.PreconditionRequired: 428,
    errors.RateLimited: 429,
    HeadersTooLarge: 431,
    Internal: 500,
    errors.Unavailable: 503,
    errors.UnknownZone: 503,
    errors.OutcomeUnknown: 504,
}

PROBLEM = "application/problem+json"
_PROCESS = secrets.token_hex(6)
_COUNTER = itertools.count(1)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


def headers(error: DomainError) -> dict[str, str]:
    """The header fields that an error's answer carries besides its document."""
    match error:
        case errors.NotAuthenticated() | errors.InvalidToken() | errors.WrongCredentials():
            return {"WWW-Authenticate": "Token"}
        case errors.RateLimited():
            policy, now = rate_limit(error.policy, error.limit, error.window, 0, error.retry_after)
            wait = str(error.retry_after)
            return {"Retry-After": wait, "RateLimit-Policy": policy, "RateLimit": now}
        case errors.Unavailable():
            return {"Retry-After": str(error.retry_after)}
        case errors.KeyInFlight():
            return {"Retry-After": "1"}
        case UnsupportedMediaType():  # what would do (RFC 9110, 15.5.16)
            return {"Accept": "application/json", "Accept-Encoding": "identity"}
    return {}


def rate_limit(
    policy: str, limit: int, window: int, remaining: int, seconds: int
) -> tuple[str, str]:
    """RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11)."""
    return f'"{policy}";q={limit};w={window}', f'"{policy}";r={remaining};t={seconds}'


def document(error: DomainError, request_id: str) -> bytes:
    """The problem document of an error."""
    problem: dict[str, Any] = {
        "type": f"/docs/#{error.code}",
        "title": error.title,
        "status": STATUS[type(error)],
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
    }
    if isinstance(error, errors.InvalidFields):
        problem["errors"] = error.errors
    if isinstance(error, errors.SlotTaken):
        if error.times is None:
            problem["alternatives"] = msgspec.Raw(error.alternatives)
        else:
            problem["times"] = msgspec.Raw(error.times)
        if error.remaining:
            problem["remaining"] = error.remaining
    if isinstance(error, errors.LimitReached) and error.limit:
        problem["limit"] = error.limit
    if isinstance(error, errors.SeriesConflict):
        problem["dates"] = error.dates
    if isinstance(error, errors.CursorExpired):
        problem["oldest"], problem["head"] = error.oldest, error.head
    if error.index is not None:
        problem["index"] = error.index
    return msgspec.json.encode(problem) + b"\n"


def of_status(status: int) -> DomainError:
    """The error that stands for a status which Tornado itself came to."""
    for kind in (errors.NotFound, MethodNotAllowed, RequestTimeout, UriTooLong, HeadersTooLarge):
        if STATUS[kind] == status:
            return kind()
    return Malformed() if status < 500 else Internal()


def request_id(given: str | None = None) -> str:
    """The id of a request: its own, or a new one where that is missing or not usable."""
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given
    return f"{_PROCESS}-{next(_COUNTER):x}"


def answer_to(status: int) -> tuple[dict[str, str], bytes]:
    """Header fields and body for a request that never reached a handler."""
    new = request_id()
    fields = {"Content-Type": PROBLEM, "X-Request-ID": new, **GUARDS}
    return fields, document(of_status(status), new)
