"""A reader of streams over a socket of its own, byte by byte if it must be."""

import asyncio
import json
from typing import Any, Self
from urllib.parse import urlsplit

from tests.cast import Person

PATH = "/api/events/stream/"


class Stream:
    """One open stream: its head, and whatever has come of its body so far."""

    def __init__(self, url: str, *, who: Person | None = None, last: int | None = None) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname, parts.port
        fields = ["Host: a"]
        if who:
            fields.append(f"Authorization: Token {who.token}")
        if last is not None:
            fields.append(f"Last-Event-ID: {last}")
        self._head = f"GET {PATH} HTTP/1.1\r\n" + "\r\n".join(fields) + "\r\n\r\n"
        self.status, self.body, self.ended = 0, b"", False

    async def __aenter__(self) -> Self:
        host, port = self._address
        self._reader, self._writer = await asyncio.open_connection(host, port)
        self._writer.write(self._head.encode())
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 20)
        self.status = int(head.split(b" ", 2)[1])
        self.head = head.decode()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def more(self) -> bool:
        """Read the next chunk; False at the end."""
        try:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            chunk = await self._reader.readexactly(size + 2)
        except asyncio.IncompleteReadError:
            size = 0
        if not size:
            self.ended = True
            return False
        self.body += chunk[:-2]
        return True

    async def until(self, event_id: int, seconds: float = 20) -> list[dict[str, Any]]:
        """The events so far, once one with this id or a later one has come."""
        async with asyncio.timeout(seconds):
            while last(self.body) < event_id and await self.more():
                pass
        return events(self.body)

    async def end(self, seconds: float = 20) -> None:
        """Wait until it ends."""
        async with asyncio.timeout(seconds):
            while await self.more():
                pass


def blocks(body: bytes) -> list[dict[str, str]]:
    """The whole blocks of a stream, each field by its name."""
    whole = body.decode(errors="replace").split("\n\n")[:-1]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in whole]


def events(body: bytes) -> list[dict[str, Any]]:
    """What has fired: blocks without data fire nothing."""
    return [json.loads(block["data"]) for block in blocks(body) if "data" in block]


def last(body: bytes) -> int:
    """What a browser would send as Last-Event-ID."""
    return max((int(block["id"]) for block in blocks(body) if "id" in block), default=0)
