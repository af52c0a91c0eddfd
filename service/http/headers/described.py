"""The header fields that requests and answers may have, in the words of OpenAPI."""

from typing import Any


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "description": description,
        "schema": {"type": "string", **schema},
    }


# The header fields of requests, besides Authorization.
REQUEST_HEADERS: dict[str, dict[str, Any]] = {
    field["name"]: field
    for field in (
        _header(
            "Idempotency-Key",
            "Makes a write safe to repeat: the same key with the same request is answered as the "
            "first time, without doing it again. 1 to 255 printable characters, bare or quoted; "
            "kept for 24 hours.",
            pattern=r'^("([ !#-\[\]-~]|\\["\\]){1,255}"|[!#-~]{1,255})$',
        ),
        _header(
            "If-Match",
            'Only do it while the `ETag` is still this one (`"3"`), or one of these (`"3", "4"`); '
            "otherwise 412.",
        ),
        _header(
            "If-None-Match",
            'Answer 304 without a body while the `ETag` is still this one (`"3"`).',
        ),
        _header(
            "Last-Event-ID",
            "Go on after this event, the last one that was read; it counts more than `after`.",
            pattern="^[0-9]{1,18}$",
        ),
        _header(
            "X-Request-ID",
            "Names this request in the answer and in the logs: letters, digits and `_.:-`, at most "
            "128. Anything else is replaced.",
        ),
    )
}


def _sent(description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {
        "description": description,
        "schema": {"type": "string", **schema},
        "example": example,
    }


# The header fields of answers.
ANSWER_HEADERS: dict[str, dict[str, Any]] = {
    "Accept": _sent("What a body may be.", "application/json"),
    "Accept-Encoding": _sent("How a body may be coded.", "identity", enum=["identity"]),
    "ETag": _sent("The version of what was answered, for If-Match and If-None-Match.", '"3"'),
    "Event-Head": _sent(
        "The last event there is, and the name of the log: in another log the same ids are other "
        "events.",
        "391; log=0b8bd9ae-6a64-4a43-8d1c-31ac1b0a4a3e",
        pattern=r"^[0-9]+; log=[0-9a-f-]{36}$",
    ),
    "Idempotency-Replayed": _sent(
        "`true` on an answer that was given before to the same Idempotency-Key.",
        "true",
        enum=["true"],
    ),
    "Link": _sent(
        'The next page, with `rel="next"` (RFC 8288); missing on the last one, but of events.',
        '</api/slots/?limit=100&cursor=WyIyMDI3Il0>; rel="next"',
    ),
    "Location": _sent("Where the new thing is, or what to read instead.", "/api/providers/1/"),
    "RateLimit": _sent(
        "How many more requests (`r`) pass within the next seconds (`t`) under a policy "
        "(draft-ietf-httpapi-ratelimit-headers); missing where the limits are off.",
        '"user";r=599;t=65',
        pattern=r'^"[a-z-]+";r=[0-9]+;t=[0-9]+$',
    ),
    "RateLimit-Policy": _sent(
        "The policy: so many requests (`q`) within any so many seconds (`w`). `user` holds for "
        "each user, `address` for each address without a token.",
        '"user";q=600;w=60',
        pattern=r'^"[a-z-]+";q=[0-9]+;w=[0-9]+$',
    ),
    "Retry-After": {
        "description": "Seconds to wait before the next try.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 1,
    },
    "WWW-Authenticate": _sent("How to say who one is.", "Token", enum=["Token"]),
    "X-Request-ID": _sent("Names this request in the logs.", "5f2c9a1b3d4e-1a"),
}
