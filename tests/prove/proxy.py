"""A TCP proxy to a unix socket that can freeze, delay, cut and swallow what passes."""

import asyncio
import contextlib
from typing import Self

from tests.prove.servers import HOST, free_port

LIMIT = 1 << 20  # bytes that may wait for a slow reader


class Proxy:
    """One listening port and its pairs of connections."""

    def __init__(self, path: str) -> None:
        self.path, self.port = path, free_port()
        self.pairs: set[Pair] = set()
        self._listener: asyncio.Server | None = None

    @classmethod
    async def listening(cls, path: str) -> Self:
        """A proxy that forwards every connection to a unix socket."""
        self = cls(path)
        await self.accept()
        return self

    async def accept(self) -> None:
        """Listen on its port, which stays the same."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: Pair(self).client, HOST, self.port, backlog=512
        )

    def close(self) -> None:
        """Listen no more and cut everything."""
        if self._listener:
            self._listener.close()
        for pair in list(self.pairs):
            pair.cut()


class Pair:
    """A client's connection and ours to the server for it."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.client, self.server = End(self), End(self)
        self.client.other, self.server.other = self.server, self.client
        proxy.pairs.add(self)

    async def open(self) -> None:
        """Connect to the server."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_unix_connection(lambda: self.server, self.proxy.path)
        except OSError:
            self.cut()

    def cut(self) -> None:
        """End both at once."""
        self.proxy.pairs.discard(self)
        for end in (self.client, self.server):
            if end.transport:
                end.transport.abort()


class End(asyncio.Protocol):
    """One end of a pair: what comes in here goes out at the other."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.transport: asyncio.Transport | None = None
        self.other: End
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self is self.pair.client:
            asyncio.get_running_loop().create_task(self.pair.open())
        for data in self.other.early:
            transport.write(data)
        self.other.early.clear()

    def data_received(self, data: bytes) -> None:
        if self.other.transport:
            self.other.transport.write(data)
        else:
            self.early.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.pair.proxy.pairs.discard(self.pair)
        if self.other.transport:
            with contextlib.suppress(OSError):
                self.other.transport.close()
