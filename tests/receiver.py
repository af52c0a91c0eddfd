"""Somebody else's server, which takes webhooks, or does not."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple

from standardwebhooks import Webhook

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


class Got(NamedTuple):
    """A request that came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def verified(self, secret: str) -> Any:
        """The payload, if the library of Standard Webhooks takes the signature."""
        return Webhook(secret).verify(self.body, self.headers)


Answering = Callable[[Got, asyncio.StreamWriter], Awaitable[None]]


def status(code: int, *fields: str) -> bytes:
    """An answer without a body."""
    return "\r\n".join([f"HTTP/1.1 {code} Told", *fields, "Content-Length: 0", "", ""]).encode()


class Receiver:
    """Keeps what came in `got`. It answers what `answers` has next, then `usual`; a coroutine
    function answers by itself."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.answers: list[bytes | Answering] = []
        self.usual: bytes | Answering = OK
        self.url = ""
        self._talking: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["Receiver"]:
        """Listens on a port of its own."""
        server = await asyncio.start_server(self._met, "127.0.0.1", 0, ssl=tls)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"
        try:
            yield self
        finally:
            server.close()
            for task in self._talking:
                task.cancel()
            await asyncio.gather(*self._talking)

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talking.add(task)
        task.add_done_callback(self._talking.discard)
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
            fields = (line.split(": ", 1) for line in head)
            headers = {name.lower(): value for name, value in fields}
            got = Got(headers, await reader.readexactly(int(headers["content-length"])))
            self.got.append(got)
            answer = self.answers.pop(0) if self.answers else self.usual
            if isinstance(answer, bytes):
                writer.write(answer)
            else:
                await answer(got, writer)
        writer.transport.close()
