"""Hundreds of requests to the whole application over both parsers: both answer alike."""

import asyncio
import dataclasses
import itertools
import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tornado.netutil import bind_sockets
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.deps import Deps
from tests.cast import Person

WIRES = ("tornado", "llhttp")
TOKEN = b"Authorization: Token @\r\n"  # the real one goes in when it is sent
BODY = b'{"slot": 999999999, "notes": "x"}'
JSON = b"Content-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
PER_RUN = re.compile(r'"request_id":"[^"]*"')

METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT"]
METHODS += [b"BREW", b"get", b"PROPFIND", b"M-SEARCH", b"A" * 300, b"X!#$%&'*+-.^_`|~"]
TARGETS = [
    *(b"/healthz", b"/healthz/", b"/healthz//", b"/", b"//", b"/api/me/", b"/api/slots/1/"),
    *(b"/api/appointments/", b"/api/appointments/7/reschedule/", b"/api/appointments/x/"),
    *(b"/healthz?a=b&c", b"/healthz#part", b"/healthz/%00", b"/%68ealthz/", b"/\xc3\xa9", b"/\xff"),
    *(b"*", b"healthz", b"http://x/healthz/", b"https://x", b"x:443", b"/a b", b"/a\tb", b"/a\x01"),
    *(b'/"<>^`{|}', b"/api/slots/?provider=\xe9", b"/api/slots/?limit=" + b"9" * 30, b""),
    *(b"/" + b"a" * 8000, b"/" + b"a" * 9000, b"/api/slots/" + b"9" * 100 + b"/"),
]
LINES = [
    *(b"GET /healthz/ HTTP/1.0", b"GET /healthz/ HTTP/1.2", b"GET /healthz/ HTTP/2.0"),
    *(b"GET /healthz/ HTTP/0.9", b"GET /healthz/ HTTP/11", b"GET /healthz/ http/1.1"),
    *(b"GET /healthz/", b"GET  /healthz/ HTTP/1.1", b"GET /healthz/  HTTP/1.1"),
    *(b"GET /healthz/ HTTP/1.1 ", b" GET /healthz/ HTTP/1.1", b"GET\t/healthz/\tHTTP/1.1"),
    *(b"GET", b"\x16\x03\x01\x00", b"\xff\xfe", b"\r\nGET /healthz/ HTTP/1.1"),
]
FIELDS = [
    *(b"", b"Host: a\r\n", b"Host: \r\n", b"Host: a,b\r\n", b"Host: a b\r\n", b"Host: \xe9\r\n"),
    *(b"X-Request-ID: mine\r\n", b"X-Request-ID: not sane\r\n", b"X: \xff\xfe\r\n", b"X:y\r\n"),
    *(b"X:\r\n", b"X: y \t\r\n", b"X: \x01\r\n", b"X: a\x00b\r\n", b"X : y\r\n", b": y\r\n"),
    *(
        b"X y\r\n",
        b"X: a\r\n b\r\n",
        b"X\xe9: y\r\n",
        b"X(: y\r\n",
        b"X: a\rb\r\n",
        b"X" * 200 + b"\r\n",
    ),
    *(b"Accept: text/html\r\n", b"Accept: */*;q=0\r\n", b"Accept: a\r\nAccept: */*\r\n"),
    *(b"X: " + b"a" * 30000 + b"\r\n", b"X: " + b"a" * 40000 + b"\r\n", b"X: a\r\n" * 900),
    *(b"Connection: close\r\n", b"Connection: x, close\r\n", b"Connection: keep-alive\r\n"),
    *(b"If-None-Match: *\r\n", b"Upgrade: h2c\r\nConnection: Upgrade\r\n", b"Expect: x\r\n"),
    *(b"Authorization: Token zz\r\n", b"Authorization:\r\n", TOKEN + TOKEN),
]
FRAMES = [
    (LENGTH, BODY),
    (b"", b""),
    (b"Content-Length: 0\r\n", b""),
    (b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)),
    (b"Transfer-Encoding: chunked\r\n", b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\nX: y\r\n\r\n"),
    (b"Transfer-Encoding: Chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: gzip, chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n" * 2, b"2\r\n{}\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: identity\r\n", b""),
    (b"Transfer-Encoding: chunked\r\n" + LENGTH, b"0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"-1\r\n{}\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"2 \r\n{}\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"2\r\n{}x\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"fffffffffffffffff\r\n"),
    (LENGTH + LENGTH, BODY),
    (LENGTH + b"Content-Length: 3\r\n", BODY),
    (b"Content-Length: 2, 2\r\n", b"{}"),
    (b"Content-Length: -1\r\n", b""),
    (b"Content-Length: 1e1\r\n", b""),
    (b"Content-Length: \r\n", b""),
    (b"Content-Length: 99999999999999999999\r\n", b""),
    (b"Content-Length: 2000000\r\n", b""),
    (b"Content-Length: 2\r\nExpect: 100-continue\r\n", b"{}"),
]
KINDS = [
    JSON,
    b"",
    b"Content-Type: text/plain\r\n",
    b"Content-Type: application/json;charset=x\r\n",
]
BODIES = [
    b"{}",
    b"[]",
    b"null",
    b"{",
    b"\xff",
    b"\x00",
    b'{"slot":"5"}',
    b'{"slot":1e400}',
    b'"' * 9,
]

REQUESTS = [
    *(b"%b %b HTTP/1.1\r\nHost: x\r\n\r\n" % one
      for one in itertools.product(METHODS, TARGETS[:8])),
    *(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target for target in TARGETS[8:]),
    *(line + b"\r\nHost: x\r\n\r\n" for line in LINES),
    *(b"GET /healthz/ HTTP/1.1\r\n%b%b\r\n" % one for one in
      itertools.product((b"Host: x\r\n", b""), FIELDS)),
    *(b"POST %b HTTP/1.1\r\nHost: x\r\n%b%b%b\r\n%b" % (target, TOKEN, JSON, *frame)
      for target in (b"/api/appointments/", b"/nothing/", b"/healthz/") for frame in FRAMES),
    *(b"POST /api/appointments/ HTTP/1.1\r\nHost: x\r\n%b%bContent-Length: %d\r\n\r\n%b"
      % (TOKEN, kind, len(body), body) for kind in KINDS for body in BODIES),
]  # fmt: skip

# Where they differ on purpose. What llhttp refuses besides, Tornado refuses too, in other words.
REFUSED_BY_LLHTTP = (b" HTTP/1.2\r\n", LENGTH + LENGTH, b"Content-Length: 2, 2\r\n")
ENDED_BY_LLHTTP = (b"Connection: x, close\r\n", b"Connection: Upgrade\r\n")  # as RFC 9112 says
REFUSED_BY_TORNADO = (b"1;x=y\r\n",)  # an extension of a chunk
REFUSALS = (400, 414, 431)


class Heard(NamedTuple):
    """What is to be the same: the answer, and whether the connection went on."""

    status: int
    fields: dict[str, str]
    body: str
    kept: bool


@pytest.fixture(scope="module")
def ports(io_loop: AsyncIOLoop, all_deps: Deps) -> Iterator[dict[str, int]]:
    """The application over each parser."""

    async def listen(wire: str) -> tuple[object, int]:
        settings = dataclasses.replace(all_deps.settings, wire=wire)
        (one,) = bind_sockets(0, "127.0.0.1")
        server = service_app.server(service_app.application(all_deps), settings)
        server.add_sockets([one])
        return server, one.getsockname()[1]

    found = {wire: io_loop.run_sync(lambda wire=wire: listen(wire)) for wire in WIRES}
    yield {wire: port for wire, (_, port) in found.items()}
    for server, _ in found.values():
        server.stop()  # type: ignore[attr-defined]
        io_loop.run_sync(server.close_all_connections)  # type: ignore[attr-defined]


async def heard(port: int, request: bytes) -> Heard | None:
    """The answer to one request, and to another one behind it, if there was one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        first = await answer(reader, request.startswith(b"HEAD "))
        if first is None:
            return None
        try:
            writer.write(b"GET /healthz/ HTTP/1.1\r\nHost: x\r\n\r\n")
            await writer.drain()
            kept = await answer(reader, False) is not None
        except ConnectionError:
            kept = False
        return first._replace(kept=kept)
    finally:
        writer.transport.abort()


async def answer(reader: asyncio.StreamReader, bodiless: bool) -> Heard | None:
    """The next answer but for what is new each time; None when there is none any more."""
    try:
        async with asyncio.timeout(2):
            head = b"HTTP/1.1 100 "
            while head.startswith(b"HTTP/1.1 100 "):
                head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").strip().split("\r\n")
            fields = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
            size = 0 if bodiless else int(fields.get("content-length", 0))
            body = (await reader.readexactly(size)).decode()
    except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        return None
    for name in ("date", "x-request-id", "content-length", "connection"):
        fields.pop(name, None)
    return Heard(int(first.split()[1]), fields, PER_RUN.sub("", body), True)


async def test_both_answer_alike(ports: dict[str, int], ada: Person) -> None:
    different = []
    for number, request in enumerate(REQUESTS):
        raw = request.replace(b"@", ada.token.encode())
        ours = {wire: await heard(port, raw) for wire, port in ports.items()}
        if not alike(request, *ours.values()):
            shown = json.dumps(ours, default=str)
            different.append(f"{number} {request[:120]!r} {shown[:900]}")
    assert different == [], f"{len(different)} of {len(REQUESTS)}:\n" + "\n".join(different)


def alike(request: bytes, tornado: Heard | None, llhttp: Heard | None) -> bool:
    """Equal; or both refuse, and llhttp ends the connection. Tornado ends one after any refusal
    that comes before it has seen the request's end."""
    if tornado is None or llhttp is None:
        return tornado is llhttp
    if llhttp.status in REFUSALS and not llhttp.kept:
        return tornado.status >= 400 or any(part in request for part in REFUSED_BY_LLHTTP)
    if tornado.status == 400 and any(part in request for part in REFUSED_BY_TORNADO):
        return True
    ended = any(part in request for part in ENDED_BY_LLHTTP)
    return tornado[:3] == llhttp[:3] and (ended or llhttp.kept or not tornado.kept)
