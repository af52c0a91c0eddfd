"""Listens, and sees to it that no connection waits for ever."""

import asyncio
import socket
from collections.abc import Sequence

from tornado.web import Application

from service.wire.connection import Connection
from service.wire.limits import Limits, Problem

SWEEP_EVERY = 1.0  # seconds
BACKLOG = 4096


class WireServer:
    """Serves a Tornado application; stop() and close_all_connections() as HTTPServer has them."""

    def __init__(
        self,
        application: Application,
        problem: Problem,
        *,
        limits: Limits | None = None,
        xheaders: bool = False,
    ) -> None:
        self.application, self.problem = application, problem
        self.limits, self.xheaders = limits or Limits(), xheaders
        self.connections: set[Connection] = set()
        # By Tornado's names, because a drain has to do with either server.
        self._connections = self.connections
        self._sockets: dict[int, socket.socket] = {}
        self.loop = asyncio.get_running_loop()
        self.written: asyncio.Future[None] = self.loop.create_future()  # what was sent has left
        self.written.set_result(None)
        self._servers: list[asyncio.Server] = []
        self._accepting: list[asyncio.Task[None]] = []  # the loop itself holds tasks only weakly
        self._sweeper = self.loop.call_later(SWEEP_EVERY, self._sweep)

    def add_sockets(self, sockets: Sequence[socket.socket]) -> None:
        """Accept on sockets that listen; who came before the loop turns is waiting there."""
        self._sockets |= {one.fileno(): one for one in sockets}
        self._accepting += [self.loop.create_task(self._accept(one)) for one in sockets]

    async def _accept(self, one: socket.socket) -> None:
        server = await self.loop.create_server(lambda: Connection(self), sock=one, backlog=BACKLOG)
        self._servers.append(server)

    def stop(self) -> None:
        """Accept no more; whoever is connected is served on."""
        for server in self._servers:
            server.close()

    async def close_all_connections(self) -> None:
        """End every connection, after what was written has left."""
        self._sweeper.cancel()
        for connection in list(self.connections):
            connection.close()

    def _sweep(self) -> None:
        # One look at all of them now and then costs less than a timer for each request.
        now = self.loop.time()
        for connection in [one for one in self.connections if one.deadline <= now]:
            connection.expire()
        self._sweeper = self.loop.call_later(SWEEP_EVERY, self._sweep)
