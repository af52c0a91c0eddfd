"""Listens, and sees to it that no connection waits for ever."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

from tornado.web import Application

from service.http.wire.acceptor import Acceptor, idlest
from service.http.wire.connection import Connection
from service.http.wire.descriptors import for_clients
from service.http.wire.limits import LIMITS, Limits, Problem

SWEEP_EVERY = 1.0  # seconds


class WireServer:
    """Serves a Tornado application; stop() and close_all_connections() as HTTPServer has them."""

    def __init__(
        self,
        application: Application,
        problem: Problem,
        *,
        limits: Limits | None = None,
        xheaders: bool = False,
        most: int | None = None,
    ) -> None:
        self.application, self.problem = application, problem
        self.limits, self.xheaders = limits or LIMITS, xheaders
        self.connections: set[Connection] = set()
        self.loop = asyncio.get_running_loop()
        self.written: asyncio.Future[None] = self.loop.create_future()  # what was sent has left
        self.written.set_result(None)
        self.blocked: set[Connection] = set()  # whose clients are to read first
        self._bodies = 0  # bytes of requests that are still coming in
        self._expected = 0  # clients who were accepted and are no connection yet
        self._arriving: set[asyncio.Task[Any]] = set()  # the loop itself holds tasks only weakly
        self.acceptor = Acceptor(self, most or for_clients())
        self._sweeper = self.loop.call_later(SWEEP_EVERY, self._sweep)

    def add_sockets(self, sockets: Sequence[socket.socket]) -> None:
        """Accept on sockets that listen."""
        self.acceptor.add(sockets)

    def stop(self) -> None:
        """Accept no more; whoever is connected is served on."""
        self.acceptor.stop()

    # For the acceptor

    @property
    def connected(self) -> int:
        """How many clients there are."""
        return len(self.connections) + self._expected

    def take(self, client: socket.socket, _address: Any) -> None:
        """Serve one more client."""
        arriving = self.loop.connect_accepted_socket(lambda: Connection(self), client)
        task = self.loop.create_task(arriving)
        self._expected += 1
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    def shed(self, number: int) -> int:
        """Close so many of those that do nothing; says how many there were."""
        idle = ((one, one.idle) for one in self.connections if one.idle)
        chosen = idlest(number, idle, self.loop.time())
        for connection in chosen:
            connection.close()
        return len(chosen)

    async def close_all_connections(self) -> None:
        """End every connection, after what was written has left."""
        self._sweeper.cancel()
        for connection in list(self.connections):
            connection.close()

    # For connections

    def arrived(self, connection: Connection) -> None:
        """A client has its connection."""
        self._expected -= 1
        self.connections.add(connection)

    # What they hold is bounded, for all of them together

    def bound_unread(self) -> None:
        """End those whose clients read nothing for longest, where answers take too much room."""
        excess = sum(one.unread for one in self.blocked) - self.limits.unread
        if excess <= 0:
            return
        for connection in sorted(self.blocked, key=Connection.read_on):
            if excess > 0:
                excess -= connection.unread
                connection.abort()

    def hold(self, size: int) -> None:
        """Count bytes of bodies; where they are too many, the oldest are refused."""
        self._bodies += size
        if self._bodies > self.limits.unfinished:
            reading = [one for one in self.connections if one.body]
            for connection in sorted(reading, key=lambda one: one.began):
                if self._bodies > self.limits.unfinished:
                    connection.hurry()

    def _sweep(self) -> None:
        # One look at all of them now and then costs less than a timer for each request.
        now = self.loop.time()
        for connection in [one for one in self.connections if one.deadline <= now]:
            connection.expire()
        self._sweeper = self.loop.call_later(SWEEP_EVERY, self._sweep)
