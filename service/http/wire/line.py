"""The request line, by Tornado's rules: llhttp knows fewer methods, fewer characters in a target,
and more ways to space them out."""

import re
from typing import NamedTuple

METHODS = (b"GET", b"POST", b"PATCH", b"DELETE", b"PUT", b"HEAD", b"OPTIONS")

# What llhttp reads as Tornado does; the line may be behind empty ones.
_USUAL = re.compile(rb"(?:\r\n)*(?:%b) /[!-~]* HTTP/1\.[01]\r\n" % b"|".join(METHODS))
_LINE = re.compile(
    rb"[\r\n]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP/(1\.[01])\r\n"
)


class Line(NamedTuple):
    """What was really asked for, where llhttp is given something else to read."""

    method: bytes
    target: bytes


class Unreadable(Exception):
    """No request line."""


def usual(data: bytes) -> bool:
    """Whether a request begins with a line that llhttp may read itself."""
    return _USUAL.match(data) is not None


def whole(data: bytes) -> bool:
    """Whether the line has come to its end."""
    return b"\n" in data.lstrip(b"\r\n")


def translated(data: bytes) -> tuple[Line, bytes]:
    """The line, and the data with one in its place that llhttp reads. Raises Unreadable."""
    match = _LINE.match(data)
    if match is None:
        raise Unreadable
    method, target, version = match.groups()
    known = method if method in METHODS else b"POST"  # framed alike, whatever it is called
    return Line(method, target), b"%b / HTTP/%b\r\n%b" % (known, version, data[match.end() :])
