"""Requests as bytes, answers as read off the socket: no client library in between to tidy up."""

import json
import socket
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

SENDERS = 32  # connections on which much is sent at once: most of them wait for a lull
PATIENCE = 20.0  # seconds for an answer: more than the deadline of a request
LULL = 0.2  # seconds without an answer after which we end our side, as a client that gives up
AFTERMATH = 0.05  # the same once there was an answer: long enough for one that should not come
T = TypeVar("T")


class Hung(AssertionError):
    """Neither an answer nor the end of the connection within PATIENCE."""


class Answer(NamedTuple):
    """One answer, as it came; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


def request(
    method: str, target: str, body: bytes | None = None, *headers: str, token: str = ""
) -> bytes:
    """A request in the usual form; text is sent as Latin-1, as it stands."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if token:
        lines.append(f"Authorization: Token {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


class Wire:
    """Speaks to one server: well-framed requests over connections that are kept, all else over
    some that are not."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._kept: list[socket.socket] = []

    def ask(self, raw: bytes) -> Answer:
        """The answer to a request whose framing is right. A connection that the server does not
        mean to keep must say so: another request goes out on the same one."""
        try:
            link = self._kept.pop()
        except IndexError:
            link = self._connect()
        sent = _send(link, raw)
        answer = _read_one(_Source(link), raw)
        assert answer, f"closed without an answer: {raw[:500]!r}"
        refused_by_tornado = "x-request-id" not in answer.headers
        if not sent or refused_by_tornado or answer.headers.get("connection") == "close":
            link.close()
        else:
            self._kept.append(link)
        return answer

    def throw(self, raw: bytes, at_least: int = 1) -> list[Answer]:
        """All answers to these bytes, over a connection of their own, until the server closes or,
        once there are as many as there should be, sends no more."""
        answers: list[Answer] = []
        with self._connect() as link:
            link.settimeout(LULL if _send(link, raw) else PATIENCE)
            source = _Source(link)
            try:
                while answer := _read_one(source, raw):
                    answers.append(answer)
                    link.settimeout(AFTERMATH if len(answers) >= at_least else PATIENCE)
            except TimeoutError:
                link.settimeout(PATIENCE)
                _end(link)
                while answer := _read_one(source, raw):
                    answers.append(answer)
        return answers

    def drop(self, raw: bytes) -> None:
        """Send these bytes and be gone before the answer."""
        with self._connect() as link:
            _send(link, raw)

    def at_once(
        self, send: Callable[[bytes], T], requests: Iterable[bytes]
    ) -> Iterator[tuple[bytes, T]]:
        """Each request with what sending it gives, in their order; many are under way at once."""
        raws = list(requests)
        self.close()  # a server lets go whoever was silent for long
        with ThreadPoolExecutor(SENDERS) as senders:
            yield from zip(raws, senders.map(send, raws), strict=True)

    def close(self) -> None:
        while self._kept:
            self._kept.pop().close()

    def _connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE)


class _Source:
    """What has been received and not yet been read."""

    def __init__(self, link: socket.socket) -> None:
        self.link, self.data = link, b""

    def more(self) -> bool:
        try:
            received = self.link.recv(1 << 16)
        except ConnectionError:
            received = b""
        self.data += received
        return bool(received)


def _read_one(source: _Source, asked: bytes) -> Answer | None:
    """The next answer, or None at the end of the connection."""
    try:
        while b"\r\n\r\n" not in source.data:
            if not source.more():
                assert not source.data, f"half an answer: {source.data[:500]!r}"
                return None
        head, _, rest = source.data.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        assert status_line.startswith("HTTP/1.1 "), status_line
        status = int(status_line.split(" ")[1])
        pairs = [line.split(": ", 1) for line in lines]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs), f"a header twice: {head!r}"
        bodiless = asked.startswith(b"HEAD ") or status in (100, 204, 304)
        length = 0 if bodiless else int(headers.get("content-length", 0))
        while len(rest) < length:
            source.data = b""
            assert source.more(), f"cut short: {head!r}"
            rest += source.data
        source.data = rest[length:]
        return Answer(status, headers, rest[:length])
    except TimeoutError:
        if source.link.gettimeout() != PATIENCE:
            raise
        raise Hung(f"no answer to {asked[:500]!r}") from None


def _send(link: socket.socket, raw: bytes) -> bool:
    """Whether all of it could be sent: a server may refuse before it has read everything."""
    try:
        link.sendall(raw)
    except ConnectionError:
        return False
    return True


def _end(link: socket.socket) -> None:
    try:
        link.shutdown(socket.SHUT_WR)
    except OSError:
        return  # it was gone already
