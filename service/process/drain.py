"""How a process leaves without cutting anybody off.

First it says so: /readyz is a 503 and every answer ends its connection, while all is still served.
So a proxy has hung up its idle connections before we do, and none of them is closed at the very
moment that it sends a request on it. Then nobody new is let in, and what is in flight is finished.
"""

import asyncio
import contextlib
from typing import Protocol

from tornado.httpserver import HTTPServer

from service.deps import Deps
from service.http.wire.acceptor import Acceptor

PARTING = 0.25  # seconds that connections which are still open get to send one more request
FLUSH = 0.05  # seconds that the last answers get to leave
LOOK = 0.01  # seconds between two looks at what is still open


class Server(Protocol):
    """What Tornado's server and ours have in common."""

    acceptor: Acceptor

    @property
    def connected(self) -> int: ...
    def stop(self) -> None: ...
    async def close_all_connections(self) -> None: ...


async def drain(server: Server, deps: Deps, *, announced: bool = True) -> None:
    """Be unready for ready_down_seconds, then stop accepting and finish what is in flight within
    drain_seconds, then close. A person at the keyboard waits for no announcement."""
    traffic, settings = deps.traffic, deps.settings
    traffic.draining, traffic.ready = True, False
    deps.log.close()
    if isinstance(server, HTTPServer):  # it does not go by the Connection field of our answers
        server.conn_params.no_keep_alive = True
    if announced:
        await asyncio.sleep(settings.ready_down_seconds)
    await server.acceptor.seal()
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


async def _parting(server: Server) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PARTING):
            while server.connected:
                await asyncio.sleep(LOOK)
