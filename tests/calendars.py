"""Calendars of somebody else, and a server that has one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//somebody//else//EN")


def calendar(*events: tuple[str, ...], head: tuple[str, ...] = ()) -> bytes:
    """iCalendar text; each event is its lines, all of one UID."""
    lines = [*HEAD, *head]
    for event in events:
        uid = () if any(line.startswith("UID:") for line in event) else ("UID:somebody@else",)
        lines += ["BEGIN:VEVENT", *uid, "DTSTAMP:20270101T000000Z", *event, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


class Elsewhere:
    """A server that says what it is told to, whoever asks; `asked` has the heads of requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""
        self.say(b"")

    def say(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer this from now on."""
        self.status, self.body, self.headers = status, body, headers

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        fields: Mapping[str, str] = {"Content-Length": str(len(self.body))} | self.headers
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{n}: {v}" for n, v in fields.items()), "", ""]
        writer.write("\r\n".join(lines).encode() + (b"" if self.status == 304 else self.body))
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    """Such a server, while it is wanted."""
    there = Elsewhere()
    server = await asyncio.start_server(there.meet, "127.0.0.1", 0)
    there.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/secret/busy.ics"
    try:
        yield there
    finally:
        server.close()
