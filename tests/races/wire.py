"""A small HTTP client that keeps its connections, so that thousands of racers take seconds."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Iterable
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from tests.cast import Person

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Answer(NamedTuple):
    """What came back; `code` is the problem's, empty for a success."""

    status: int
    json: Any

    @property
    def code(self) -> str:
        return self.json["code"] if self.status >= 400 else ""


class Wire:
    """At most `connections` requests under way; the others wait their turn here."""

    def __init__(self, url: str, connections: int = 128) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._permits = asyncio.Semaphore(connections)
        self._idle: list[Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for _, writer in self._idle:
            writer.close()
            await writer.wait_closed()
        self._idle.clear()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: Person,
        if_match: int = 0,
        key: str = "",
    ) -> Answer:
        """One request. A connection that is cut is an error: nobody here may leave unanswered."""
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(content)}\r\n"
            f"Authorization: Token {who.token}\r\nContent-Type: application/json\r\n"
        )
        head += f'If-Match: "{if_match}"\r\n' if if_match else ""
        head += f"Idempotency-Key: {key}\r\n\r\n" if key else "\r\n"
        async with self._permits:
            connection = self._idle.pop() if self._idle else await self._connect()
            reader, writer = connection
            writer.write(head.encode() + content)
            answered = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(answered)
            text = await reader.readexactly(int(length[1])) if length else b""
            self._idle.append(connection)
        return Answer(int(answered[9:12]), json.loads(text) if text else None)

    async def _connect(self) -> Connection:
        return await asyncio.open_connection(self._host, self._port)

    async def book(self, who: Person, slot_id: int, *, key: str = "") -> Answer:
        return await self.call("POST", "/api/appointments/", {"slot": slot_id}, who=who, key=key)

    async def move(
        self, who: Person, appointment_id: int, slot_id: int, *, if_match: int = 0
    ) -> Answer:
        path = f"/api/appointments/{appointment_id}/reschedule/"
        return await self.call("PATCH", path, {"new_slot": slot_id}, who=who, if_match=if_match)

    async def cancel(self, who: Person, appointment_id: int) -> Answer:
        return await self.call("POST", f"/api/appointments/{appointment_id}/cancel/", who=who)


async def at_once(calls: Iterable[Awaitable[Answer]]) -> list[Answer]:
    """The answers of all calls, in order, none waiting for another."""
    return list(await asyncio.gather(*calls))


def tally(answers: Iterable[Answer]) -> Counter[int | str]:
    """How often each outcome came: the status of a success, the code of a refusal."""
    return Counter(answer.code or answer.status for answer in answers)
