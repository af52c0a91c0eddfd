"""Which web pages may call from a browser (CORS): none, unless CORS_ORIGINS names them.

Tokens are sent by hand, never by the browser, so no answer allows credentials.
"""

from service.http.headers.described import ANSWER_HEADERS, REQUEST_HEADERS

SHARED = "/api/"  # paths below this; who watches the service and its pages are of one origin
REQUEST = ", ".join(["Authorization", "Content-Type", *REQUEST_HEADERS, "traceparent"])
ANSWER = ", ".join(ANSWER_HEADERS)
MAX_AGE = "7200"  # seconds that a browser may remember a preflight: the most that Chromium does


def shared(origins: str, origin: str | None) -> dict[str, str]:
    """The header fields that let a page of this origin read the answer, if it may."""
    allowed = origins.split()
    if "*" in allowed:
        return {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": ANSWER,
        }
    if origin in allowed:
        return {
            "Access-Control-Allow-Origin": origin or "",
            "Access-Control-Expose-Headers": ANSWER,
            "Vary": "Origin",
        }
    return {"Vary": "Origin"}


def preflight(methods: str) -> dict[str, str]:
    """The header fields that tell a browser what such a page may send."""
    return {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": REQUEST,
        "Access-Control-Max-Age": MAX_AGE,
    }
