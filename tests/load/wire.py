"""HTTP/1.1 as far as a load test needs it: ready bytes out, a status, a head and a body in.

A general client costs more than the server it measures. This one sends what was built before and
looks at three things of an answer; whatever else it meets ends the connection.
"""

import asyncio
from typing import Any, NamedTuple, Protocol

LONGEST_HEAD = 64 * 1024
BODILESS = (204, 304)

# What can become of a request besides a status.
CUT, TIMED_OUT, UNSENT = 0, 1, 2
WORDS = {CUT: "connection cut", TIMED_OUT: "no answer", UNSENT: "never sent"}
NO_ANSWER = frozenset({CUT, TIMED_OUT, 504})  # done or not: nobody knows


class Request(NamedTuple):
    """What to send, which kind of request it is, and what its scenario wants to remember."""

    data: bytes
    kind: str
    note: Any = None


class Owner(Protocol):
    """Who is told what happened on a connection."""

    def answered(self, connection: "Connection", status: int, head: bytes, body: bytes) -> None:
        """An answer came, or the connection was cut before it did."""

    def lost(self, connection: "Connection") -> None:
        """The connection has ended, with no request on it."""


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request on it."""

    __slots__ = ("_rest", "due", "owner", "request", "sent", "transport")

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.transport: Any = None
        self.request: Request | None = None
        self.due = self.sent = 0.0
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self, request: Request, due: float, now: float) -> None:
        """Send a request that was meant for `due`."""
        self.request, self.due, self.sent = request, due, now
        self.transport.write(request.data)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        end = data.find(b"\r\n\r\n")
        if end < 0 or self.request is None:
            self._rest = data
            if len(data) > LONGEST_HEAD or self.request is None:
                self.transport.abort()  # nobody asked for this
            return
        status = int(data[9:12])
        needed = end + 4 + (0 if status in BODILESS else length(data, end))
        if len(data) < needed:
            self._rest = data
            return
        self._rest = b""
        if data.find(b"\r\nConnection: close", 0, end) > 0:
            self.transport.close()
        self.owner.answered(self, status, data[:end], data[end + 4 : needed])

    @property
    def open(self) -> bool:
        """Whether a request can be sent on it."""
        return not self.transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.request is not None:
            self.owner.answered(self, CUT, b"", b"")
        self.owner.lost(self)


def length(data: bytes, end: int) -> int:
    """The Content-Length of an answer whose head ends at `end`."""
    at = data.find(b"\r\nContent-Length: ", 0, end)
    if at < 0:
        at = data[:end].lower().find(b"\r\ncontent-length: ")
    if at < 0:
        raise ValueError("an answer without Content-Length")
    stop = data.find(b"\r\n", at + 18, end)
    return int(data[at + 18 : stop if stop > 0 else end])


def header(head: bytes, name: bytes) -> bytes | None:
    """The value of a header of an answer, by its lower-case name."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return None


def message(
    method: str, path: str, lines: bytes = b"", body: bytes | None = None, host: str = "load"
) -> bytes:
    """The bytes of a request; `lines` are headers that end with CRLF."""
    content = b""
    if body is not None:
        content = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    start = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n".encode()
    return b"%b%b%b\r\n%b" % (start, lines, content, body or b"")
