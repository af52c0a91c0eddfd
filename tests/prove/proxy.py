"""A TCP proxy to a unix socket that can freeze, delay, tear and swallow what passes.

All traffic of a proof goes through it, so without trouble it only hands bytes on.
"""

import asyncio
import contextlib
import re
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Self

from tests.prove.servers import HOST, free_port

BUFFER = 1 << 17
RESET = struct.pack("ii", 1, 0)  # linger 0: closing sends RST, as when a machine has gone


class Proxy:
    """One listening port and its pairs of connections. `counts` says what trouble did."""

    def __init__(self, path: str) -> None:
        self.path, self.port = path, free_port()
        self.pairs: set[Pair] = set()
        self.trouble: Trouble | None = None
        self.counts: Counter[str] = Counter()
        self._listener: asyncio.Server | None = None

    @classmethod
    async def listening(cls, path: str) -> Self:
        """A proxy that forwards every connection to a unix socket."""
        self = cls(path)
        await self.accept()
        return self

    async def accept(self) -> None:
        """Listen on its port, which stays the same."""
        if self._listener is None:
            loop = asyncio.get_running_loop()
            self._listener = await loop.create_server(
                lambda: Pair(self).client, HOST, self.port, backlog=512, reuse_address=True
            )

    async def refuse(self) -> None:
        """Accept nothing more: connecting is refused until accept()."""
        if self._listener:
            self._listener.close()
            self._listener = None

    async def cut(self) -> int:
        """Reset every connection on both sides; how many there were."""
        pairs = list(self.pairs)
        for pair in pairs:
            pair.cut()
        return len(pairs)

    async def arm(self, kind: str, **options: Any) -> None:
        """Make trouble of a kind until disarm(); counts begin at 0."""
        self.counts.clear()
        self.trouble = TROUBLES[kind](**options)

    async def disarm(self) -> dict[str, int]:
        """Let everything pass again, held bytes first; what the trouble did."""
        self.trouble = None
        for pair in list(self.pairs):
            pair.client.flush()
            pair.server.flush()
        return await self.done()

    async def done(self) -> dict[str, int]:
        """What has been done since arm()."""
        return dict(self.counts)

    def close(self) -> None:
        """Listen no more and cut everything."""
        if self._listener:
            self._listener.close()
            self._listener = None
        for pair in list(self.pairs):
            pair.cut()


class Pair:
    """A client's connection and ours to the server for it."""

    __slots__ = ("client", "marked", "proxy", "server")

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.marked = False  # its next reply must not arrive
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
        """Reset both connections."""
        self.proxy.pairs.discard(self)
        for end in (self.client, self.server):
            end.held.clear()
            if end.transport:
                with contextlib.suppress(OSError):
                    raw = end.transport.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.transport.abort()


class End(asyncio.BufferedProtocol):
    """One end of a pair: what comes in here goes out at the other."""

    __slots__ = ("held", "other", "pair", "transport")
    buffer = bytearray(BUFFER)  # one for all: it is emptied before the next read

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.transport: asyncio.Transport | None = None
        self.other: End
        self.held: deque[bytes | None] = deque()  # what waits to go out at the other; None ends it

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take part; a client's connection asks for one to the server."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        trouble = self.pair.proxy.trouble
        if self is self.pair.client:
            asyncio.get_running_loop().create_task(self.pair.open())
        elif self.pair not in self.pair.proxy.pairs:  # cut while it was on its way
            transport.abort()
        elif not (trouble and trouble.holds):
            self.other.flush()

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where to read to."""
        return self.buffer

    def buffer_updated(self, size: int) -> None:
        """Hand on what came in, or let the trouble of the moment decide."""
        trouble = self.pair.proxy.trouble
        data = bytes(memoryview(self.buffer)[:size])
        if trouble:
            trouble.meet(self, data)
        else:
            self.forward(data)

    def forward(self, data: bytes | None) -> None:
        """Send out at the other end, after what is held; None closes it."""
        to = self.other.transport
        if self.held or to is None:
            self.held.append(data)
        elif data is None:
            to.close()
        else:
            to.write(data)

    def flush(self) -> None:
        """Send what is held."""
        to = self.other.transport
        while to and self.held:
            data = self.held.popleft()
            if data is None:
                to.close()
            else:
                to.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other end too, though not through a frozen line."""
        if self.other.transport is None or self.other.transport.is_closing():
            self.pair.proxy.pairs.discard(self.pair)
        trouble = self.pair.proxy.trouble
        if trouble:
            trouble.meet(self, None)
        else:
            self.forward(None)

    @property
    def asks(self) -> bool:
        """Whether what comes in here goes to the server."""
        return self is self.pair.client

    def count(self, what: str) -> None:
        """One more of what the trouble does."""
        self.pair.proxy.counts[what] += 1


class Trouble:
    """What is done to bytes that pass; the base does nothing."""

    holds = False  # whether requests wait for the end of the trouble

    def meet(self, end: End, data: bytes | None) -> None:
        """Deal with what came in at an end; None is its end."""
        end.forward(data)


class Frozen(Trouble):
    """Nothing passes in one direction, or in both; it is held until the thaw."""

    def __init__(self, to_server: bool = False, to_client: bool = False) -> None:
        self._to_server, self._to_client, self.holds = to_server, to_client, to_server

    def meet(self, end: End, data: bytes | None) -> None:
        """Hold it."""
        if self._to_server if end.asks else self._to_client:
            end.count("held")
            end.held.append(data)
        else:
            end.forward(data)


class Delayed(Trouble):
    """Everything in one direction arrives late, in order."""

    def __init__(self, seconds: float, to_server: bool = False, to_client: bool = False) -> None:
        self._seconds, self._to_server, self._to_client = seconds, to_server, to_client

    def meet(self, end: End, data: bytes | None) -> None:
        """Hold it for a while."""
        if not (self._to_server if end.asks else self._to_client):
            return end.forward(data)
        end.count("delayed")
        end.held.append(data)
        asyncio.get_running_loop().call_later(self._seconds, self._release, end, data)

    def _release(self, end: End, data: bytes | None) -> None:
        if end.held and end.held[0] is data:  # else the line was cut or set free meanwhile
            end.held.popleft()
            waiting, end.held = end.held, deque()
            end.forward(data)
            end.held.extend(waiting)


class Swallowed(Trouble):
    """A request that matches arrives; its reply does not, and the connection is cut."""

    def __init__(self, pattern: str, times: int = 1) -> None:
        self._pattern, self._left = re.compile(pattern.encode()), times

    def meet(self, end: End, data: bytes | None) -> None:
        """Mark the connection of a request; lose the reply on a marked one."""
        if end.pair.marked and not end.asks and data:
            end.count("swallowed")
            return end.pair.cut()
        if self._left and end.asks and data and self._pattern.search(data):
            self._left -= 1
            end.pair.marked = True
        end.forward(data)


class Torn(Trouble):
    """A request that matches, or its reply, breaks off in the middle, and the line with it."""

    def __init__(self, pattern: str, asked: bool, times: int = 1) -> None:
        self._pattern, self._asked, self._left = re.compile(pattern.encode()), asked, times

    def meet(self, end: End, data: bytes | None) -> None:
        """Forward one half and cut once it has left."""
        matches = self._left and end.asks and data and self._pattern.search(data)
        if matches:
            self._left -= 1
        if data and ((matches and self._asked) or (end.pair.marked and not end.asks)):
            end.count("torn")
            end.forward(data[: len(data) // 2])
            end.pair.marked = False
            asyncio.get_running_loop().call_later(0.005, end.pair.cut)
            return
        end.pair.marked = end.pair.marked or bool(matches)
        end.forward(data)


TROUBLES: dict[str, Callable[..., Trouble]] = {
    "frozen": Frozen,
    "delayed": Delayed,
    "swallowed": Swallowed,
    "torn": Torn,
}
