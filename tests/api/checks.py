"""What every answer is held against, and what a plain HTTP client can't send."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any, Self
from urllib.parse import urlsplit

from tornado.httputil import HTTPHeaders

from tests.cast import Api, Person, Reply

PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
FULL_SLOT = {
    "id",
    "start_time",
    "end_time",
    "provider",
    "provider_id",
    "date",
    "starts_at",
    "ends_at",
    "time_zone",
    "capacity",
    "remaining",
    "status",
}
BEYOND_64_BIT = 2**63
NEVER = 4_000_000_000_000  # an id that no test gets to


def check_problem(reply: Reply, status: int, code: str, *more: str) -> None:
    """The answer is a problem document with exactly the keys it should have."""
    assert (reply.status, reply.json["code"]) == (status, code), reply.json
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert set(reply.json) == PROBLEM | set(more)
    assert reply.json["status"] == status
    assert reply.json["request_id"] == reply.headers["X-Request-ID"]
    assert reply.json["title"]
    assert reply.json["detail"].endswith(".")
    if status == 401:
        assert reply.headers["WWW-Authenticate"] == "Token"
    if status in (429, 503):
        assert int(reply.headers["Retry-After"]) >= 1


def check_invalid(reply: Reply, errors: dict[str, list[str]]) -> None:
    """The answer names each wrong field with its messages."""
    check_problem(reply, 400, "invalid", "errors")
    assert reply.json["errors"] == errors


def check_needs_login(reply: Reply) -> None:
    check_problem(reply, 401, "not_authenticated")
    assert reply.json["detail"] == "Authentication credentials were not provided."


def check_same_as_missing(reply: Reply, missing: Reply) -> None:
    """Nothing tells what is someone else's from what does not exist."""
    check_problem(missing, 404, "not_found")
    check_problem(reply, 404, "not_found")
    assert without_id(reply) == without_id(missing)


def without_id(reply: Reply) -> dict[str, Any]:
    return {name: value for name, value in reply.json.items() if name != "request_id"}


def next_link(reply: Reply) -> str | None:
    """The target of the Link header's rel="next"."""
    link = reply.headers.get("Link")
    if link is None:
        return None
    target, relation = link.split("; ")
    assert relation == 'rel="next"'
    assert target[0] + target[-1] == "<>"
    return target[1:-1]


async def walk(api: Api, path: str, who: Person | None = None) -> list[list[Any]]:
    """Every page from this path on, to the one that has no next."""
    pages = []
    target: str | None = path
    while target:
        reply = await api.get(target, who=who)
        assert reply.status == 200, reply.json
        pages.append(reply.json)
        target = next_link(reply)
        assert len(pages) < 100, "there is no end to it"
    return pages


class Wire:
    """One connection, for requests that no client would send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, api: Api) -> AsyncIterator[Self]:
        address = urlsplit(api.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def send(self, request: bytes) -> Reply:
        """The answer to a request of these bytes."""
        self._writer.write(request)
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)
        status_line, fields = head.decode("latin-1").split("\r\n", 1)
        headers = HTTPHeaders.parse(fields)
        length = int(headers.get("Content-Length", "0"))
        body = b"" if request.startswith(b"HEAD ") else await self._reader.readexactly(length)
        return Reply(int(status_line.split()[1]), headers, json.loads(body) if body else None)

    async def send_and_read(self, request: bytes) -> bytes:
        """Everything that comes back until the server closes."""
        self._writer.write(request)
        return await asyncio.wait_for(self._reader.read(), 10)


async def send(api: Api, request: bytes) -> Reply:
    """The answer to a request of these bytes, on a connection of its own."""
    async with Wire.open(api) as wire:
        return await wire.send(request)
