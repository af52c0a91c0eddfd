"""A proxy between us and a server: it delays what the server says, swallows it, cuts it off."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from typing import Self

RESET = struct.pack("ii", 1, 0)  # linger for no second: closing resets


class Proxy:
    """`delay` holds every answer back for so many seconds, `mute` for ever, `cut()` ends all;
    `held()` waits until the server has answered and nobody has heard it."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.delay, self.mute, self.accepted = 0.0, False, 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._holding = asyncio.Event()
        self._serving: set[asyncio.Task[None] | None] = set()
        self.port = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def before(cls, unix_socket: str) -> AsyncIterator[Self]:
        """A proxy on a port of 127.0.0.1, before a server on a unix socket."""
        self = cls(unix_socket)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            for task in self._serving:
                assert task
                task.cancel()
            await asyncio.sleep(0.01)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def reset(self) -> None:
        """End all as a firewall does that has forgotten them: by RST instead of FIN."""
        for writer in self._writers:
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.cut()

    async def held(self) -> None:
        """Return when an answer is being held back: what was asked for is done."""
        self._holding.clear()
        await self._holding.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._serving.add(asyncio.current_task())
        from_server, to_server = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, to_server}
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(
                self._carry(reader, to_server, back=False),
                self._carry(from_server, writer, back=True),
            )
        for one in (writer, to_server):
            one.transport.abort()
            self._writers.discard(one)
        self._serving.discard(asyncio.current_task())

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool
    ) -> None:
        while data := await reader.read(1 << 16):
            if back and self.delay:
                self._holding.set()
                await asyncio.sleep(self.delay)
            if not (back and self.mute):
                writer.write(data)
        writer.transport.abort()
