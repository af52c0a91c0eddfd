"""Request targets in every form of RFC 9112 section 3.2, brought into the one that routes know."""

import re

from tornado.httputil import HTTPHeaders, HTTPInputError, RequestStartLine

_ABSOLUTE = re.compile(r"https?://([^/?#@]+)([/?].*)?", re.IGNORECASE)
# Letters, digits and "-._~", which mean the same with and without encoding (RFC 3986, 2.3).
_UNRESERVED = re.compile(r"%(2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])", re.IGNORECASE)


def usual(target: str) -> bool:
    """Whether a target is in the usual form already, as nearly all are."""
    return target.startswith("/") and "%" not in target


def origin_form(start_line: RequestStartLine, headers: HTTPHeaders) -> RequestStartLine:
    """The request line with a path that begins with a slash, or `*`; the host that a whole URL
    names takes the place of the Host field. Raises HTTPInputError."""
    target = start_line.path
    if not target.startswith("/") and "://" in target:
        match = _ABSOLUTE.fullmatch(target)
        if match is None:
            raise HTTPInputError("no URL of HTTP")
        headers["Host"], rest = match[1], match[2] or ""
        everything = start_line.method == "OPTIONS" and not rest
        target = "*" if everything else rest if rest.startswith("/") else f"/{rest}"
    path, mark, query = target.partition("?")
    if not path:
        raise HTTPInputError("no path before the query")
    path = _UNRESERVED.sub(lambda match: chr(int(match[1], 16)), path)
    return start_line._replace(path=path + mark + query)
