"""Header fields of every answer, which tell a browser to make nothing else of it.

They are those of OWASP's REST security cheat sheet. What only TLS can promise
(Strict-Transport-Security) is added by nginx.
"""

from collections.abc import Mapping

PRIVATE = "no-store"  # nobody on the way keeps it
PUBLIC = "no-cache"  # may be kept, but is asked for again each time, by its ETag

GUARDS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": PRIVATE,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
