"""How a process leaves without cutting anybody off.

First it says so: /readyz is a 503 and every answer ends its connection, while all is still served.
So a proxy has hung up its idle connections before we do, and none of them is closed at the very
moment that it sends a request on it. Then nobody new is let in, and what is in flight is finished.
"""

import asyncio
import contextlib
import ctypes
import socket
import struct
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from tornado.httpserver import HTTPServer

from service.deps import Deps

PARTING = 0.25  # seconds that connections which are still open get to send one more request
FLUSH = 0.05  # seconds that the last answers get to leave
LOOK = 0.01  # seconds between two looks at what is still open
TURNS = 4  # of the loop, until whoever is in the queue has been accepted
_SO_ATTACH_FILTER = 26  # of Linux; Python has no name for it
# A program for the packets of a listener: those that ask for a connection are dropped. The others
# end a handshake that has begun.
_NO_SYN = (
    (0x30, 0, 0, 13),  # load the flags of the TCP header
    (0x45, 0, 1, 0x02),  # SYN?
    (0x06, 0, 0, 0),  # then keep nothing of the packet
    (0x06, 0, 0, 0xFFFF),  # else keep it
)


class Server(Protocol):
    """What Tornado's server and ours have in common."""

    @property
    def _sockets(self) -> Mapping[int, socket.socket]: ...
    @property
    def _connections(self) -> Collection[Any]: ...

    def stop(self) -> None: ...
    async def close_all_connections(self) -> None: ...


async def drain(server: Server, deps: Deps, *, announced: bool = True) -> None:
    """Be unready for ready_down_seconds, then stop accepting and finish what is in flight within
    drain_seconds, then close. A person at the keyboard waits for no announcement."""
    traffic, settings = deps.traffic, deps.settings
    traffic.draining, traffic.ready = True, False
    if isinstance(server, HTTPServer):  # it does not go by the Connection field of our answers
        server.conn_params.no_keep_alive = True
    if announced:
        await asyncio.sleep(settings.ready_down_seconds)
    await _let_in_the_last(server)
    server.stop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(settings.drain_seconds):
            if announced:
                await _parting(server)
            traffic.closed = True  # whoever asks now hears that nothing was done
            while traffic.in_flight:
                await asyncio.sleep(LOOK)
    await asyncio.sleep(FLUSH)
    await server.close_all_connections()


async def _let_in_the_last(server: Server) -> None:
    """Accept those who are connected already: closing the listener would reset them.

    Who comes after them is not heard, tries again within a second, and is then refused for good.
    """
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in _NO_SYN))
    program = struct.pack("HL", len(_NO_SYN), ctypes.addressof(code))
    for one in server._sockets.values():
        with contextlib.suppress(OSError):  # not Linux: the few who are in the queue are lost
            one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def _parting(server: Server) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PARTING):
            while server._connections:
                await asyncio.sleep(LOOK)
