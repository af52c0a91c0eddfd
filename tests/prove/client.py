"""Asks our processes over connections that stay open, and never waits for ever."""

import asyncio
import socket
import struct
from typing import NamedTuple, Protocol

from tests.load.wire import Connection, Request

PATIENCE = 5.0  # seconds for an answer: more than any deadline of the server
CONNECTING = 1.0
NO_LINGER = struct.pack("ii", 1, 0)  # a connection that is closed is reset
LONGEST_QUEUE = 10  # requests at once to one process, so that a frozen one does not hold us all


class Where(Protocol):
    """One of our processes."""

    number: int
    host: str
    port: int


class NotSent(Exception):
    """No connection: this request never left."""


class Answer(NamedTuple):
    """What came back; status 0 is a connection that was cut or stayed silent."""

    status: int
    head: bytes
    body: bytes
    sent_at: float
    answered_at: float


class Client:
    """Keeps idle connections for each process and cuts those whose answer is overdue."""

    def __init__(self) -> None:
        self._idle: dict[tuple[int, str], list[Connection]] = {}  # by process and our own address
        self._busy: set[Connection] = set()
        self.waiting: dict[int, int] = {}  # requests under way to each process
        self._loop = asyncio.get_running_loop()
        self._sweeper = self._loop.create_task(self._sweep())

    async def ask(self, where: Where, data: bytes, source: str = "") -> Answer:
        """One request, from one of our addresses, and what became of it. Raises NotSent."""
        number = where.number
        self.waiting[number] = self.waiting.get(number, 0) + 1
        try:
            connection = await self._connection(where, source)
            future: asyncio.Future[tuple[int, bytes, bytes]] = self._loop.create_future()
            now = self._loop.time()
            self._busy.add(connection)
            connection.send(Request(data, "", future), now, now)
            status, head, body = await future
        finally:
            self.waiting[number] -= 1
        if connection.open:
            self._idle.setdefault((number, source), []).append(connection)
        return Answer(status, head, body, now, self._loop.time())

    async def leave(self, where: Where, data: bytes, seconds: float, *, reset: bool) -> Answer:
        """The beginning of a request; then its client goes, or its line breaks. Raises NotSent."""
        connection = await self._connection(where)
        now = self._loop.time()
        connection.transport.write(data)
        await asyncio.sleep(seconds)
        if reset:
            line = connection.transport.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        connection.transport.abort()
        return Answer(0, b"", b"", now, self._loop.time())

    async def _connection(self, where: Where, source: str = "") -> Connection:
        idle = self._idle.setdefault((where.number, source), [])
        while idle:
            connection = idle.pop()
            if connection.open:
                return connection
        try:
            async with asyncio.timeout(CONNECTING):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self),
                    where.host,
                    where.port,
                    local_addr=(source, 0) if source else None,
                )
        except OSError as error:  # TimeoutError is one
            raise NotSent from error
        return connection

    def answered(self, connection: Connection, status: int, head: bytes, body: bytes) -> None:
        """Hand an answer, or the lack of one, to whoever waits."""
        self._busy.discard(connection)
        request, connection.request = connection.request, None
        if request is not None and not request.note.done():
            request.note.set_result((status, head, body))

    def lost(self, connection: Connection) -> None:
        """Nothing to do: a closed connection is never used again."""
        self._busy.discard(connection)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(0.25)
            late = self._loop.time() - PATIENCE
            for connection in [one for one in self._busy if one.sent < late]:
                connection.transport.abort()
                self.answered(connection, 0, b"", b"")

    def close(self) -> None:
        """Drop all connections."""
        self._sweeper.cancel()
        for connection in (*self._busy, *(one for idle in self._idle.values() for one in idle)):
            connection.transport.abort()
