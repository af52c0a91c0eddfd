"""Single calls with JSON in and out, for setting the stage and asking what became of it."""

import asyncio
import json
from typing import Any, NamedTuple, Self

from tests.load.errors import LoadError
from tests.load.wire import Connection, Request, header, message

PATIENCE = 30.0  # seconds for one answer


class Reply(NamedTuple):
    """An answer; `json` is None without a body."""

    status: int
    head: bytes
    json: Any

    @property
    def next_page(self) -> str | None:
        """The path of the next page (RFC 8288), if there is one."""
        link = header(self.head, b"link")
        return link[1 : link.index(b">")].decode() if link else None


class Caller:
    """Calls a server over a few connections; more callers wait their turn."""

    def __init__(self, host: str, port: int, connections: int = 16) -> None:
        self._host, self._port = host, port
        self._permits = asyncio.Semaphore(connections)
        self._idle: list[Connection] = []
        self._waiting: dict[Connection, asyncio.Future[tuple[int, bytes, bytes]]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._idle:
            connection.transport.abort()
        self._idle.clear()
        await asyncio.sleep(0)

    async def call(self, method: str, path: str, body: Any = None, *, token: str = "") -> Reply:
        """One request. Raises LoadError when no answer comes."""
        lines = f"Authorization: Token {token}\r\n".encode() if token else b""
        content = None if body is None else json.dumps(body).encode()
        request = Request(message(method, path, lines, content), "call")
        async with self._permits:
            try:
                async with asyncio.timeout(PATIENCE):
                    status, head, text = await self.send(request)
            except OSError as error:  # TimeoutError is an OSError
                raise LoadError(
                    f"{self._host}:{self._port} does not answer {method} {path}."
                ) from error
        return Reply(status, head, json.loads(text) if text else None)

    async def wanted(
        self, status: int, method: str, path: str, body: Any = None, *, token: str = ""
    ) -> Reply:
        """One request whose answer must have this status. Raises LoadError."""
        reply = await self.call(method, path, body, token=token)
        if reply.status != status:
            detail = reply.json.get("detail", "") if isinstance(reply.json, dict) else ""
            raise LoadError(f"{method} {path} was answered {reply.status}: {detail}")
        return reply

    async def send(self, request: Request) -> tuple[int, bytes, bytes]:
        """The status, head and body that a request is answered with. Raises OSError."""
        loop = asyncio.get_running_loop()
        while self._idle and not self._idle[-1].open:
            self._idle.pop()
        if self._idle:
            connection = self._idle.pop()
        else:
            _, connection = await loop.create_connection(
                lambda: Connection(self), self._host, self._port
            )
        future: asyncio.Future[tuple[int, bytes, bytes]] = loop.create_future()
        self._waiting[connection] = future
        connection.send(request, loop.time(), loop.time())
        return await future

    def answered(self, connection: Connection, status: int, head: bytes, body: bytes) -> None:
        """Hand the answer to its caller."""
        connection.request = None
        future = self._waiting.pop(connection)
        if future.done():  # its caller has given up
            connection.transport.abort()
        elif status:
            future.set_result((status, head, body))
            self._idle.append(connection)
        else:
            future.set_exception(ConnectionResetError("cut"))

    def lost(self, connection: Connection) -> None:
        """Forget it."""
        if connection in self._idle:
            self._idle.remove(connection)
