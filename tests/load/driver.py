"""Sends a scenario's requests: at a fixed rate (open loop) or one after the other (closed loop)."""

import asyncio
from collections import deque
from typing import Protocol

from tests.load.arrivals import Alarm, Timetable
from tests.load.errors import LoadError
from tests.load.recorder import Recorder
from tests.load.wire import TIMED_OUT, UNSENT, Connection, Request, header

TIMEOUT = 10.0  # seconds; the server gives a request up long before
GRACE = 3.0  # seconds that an open loop gets to send what it could not send in time
DIALS = 100  # connections opened at once


class Scenario(Protocol):
    """Where requests come from and answers go."""

    def next(self) -> Request | None:
        """The next request; None when there is nothing more to ask."""

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        """What became of a request."""


class Driver:
    """Runs one scenario once. In an open loop `connections` is the most that are used.

    `ran_out` tells whether the scenario had nothing more to ask before the time was over. A
    `polite` one sends nothing on a connection before the time that Retry-After gave it.
    """

    def __init__(
        self,
        address: tuple[str, int],
        scenario: Scenario,
        *,
        connections: int,
        rate: float | None = None,
        requests: int | None = None,
        polite: bool = False,
    ) -> None:
        self._address, self._scenario = address, scenario
        self._connections, self._rate = connections, rate
        self._left = requests if requests is not None else -1
        self._polite = polite
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._resting: set[Connection] = set()  # told to come back later
        self._backlog: deque[float] = deque()
        self._recorder: Recorder | None = None
        self._ending = False
        self.ran_out = False
        self._dialling: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()

    async def open(self) -> None:
        """Open the connections. Raises LoadError."""
        for start in range(0, self._connections, DIALS):
            some = range(start, min(start + DIALS, self._connections))
            try:
                await asyncio.gather(*(self._dial() for _ in some))
            except OSError as error:
                raise LoadError(f"No connection to {self._address}: {error}") from error

    async def run(self, recorder: Recorder, until: float) -> None:
        """Send until that time or the end of the requests; return when all is answered."""
        self._recorder = recorder
        sweeper = self._loop.create_task(self._sweep())
        stopper = self._loop.call_at(until, self._end)
        if self._rate:
            self._timetable = Timetable(self._loop.time(), self._rate, until)
            self._alarm = Alarm(self._arrive)
            self._arrive()
        else:
            for connection in self._idle[:]:
                self._idle.remove(connection)
                self._free(connection)
        await self._over.wait()
        stopper.cancel()
        sweeper.cancel()
        if self._rate:
            self._alarm.close()

    def close(self) -> None:
        """Drop the connections."""
        self._ending = True
        for connection in (*self._idle, *self._busy, *self._resting):
            connection.transport.abort()

    async def _dial(self) -> None:
        _, connection = await self._loop.create_connection(lambda: Connection(self), *self._address)
        if self._recorder is None:
            self._idle.append(connection)
        else:
            self._free(connection)

    def _arrive(self) -> None:
        assert self._recorder is not None
        now = self._loop.time()
        for due in self._timetable.take(now):
            if self._idle:
                self._recorder.send_delays.append(now - due)
                self._send(self._idle.pop(), due)
            else:
                self._backlog.append(due)
        if not self._timetable.over and not self._ending:
            self._alarm.at(self._timetable.next)

    def _send(self, connection: Connection, due: float | None = None) -> None:
        request = self._scenario.next() if self._left else None
        if request is None:
            self.ran_out = bool(self._left)
            self._idle.append(connection)
            self._backlog.clear()
            self._end()
            return
        self._left -= 1
        now = self._loop.time()
        self._busy.add(connection)
        connection.send(request, now if due is None else due, now)

    def answered(self, connection: Connection, status: int, head: bytes, body: bytes) -> None:
        """Record it, let the scenario know, and send the next."""
        request = connection.request
        connection.request = None
        assert request is not None
        assert self._recorder is not None
        self._busy.discard(connection)
        self._recorder.done(request.kind, status, connection.due, self._loop.time())
        self._scenario.answered(request, status, head, body)
        wait = header(head, b"retry-after") if self._polite else None
        if wait is not None:
            self._resting.add(connection)
            self._loop.call_later(int(wait), self._come_back, connection)
            self._finish()
        elif connection.open:
            self._free(connection)

    def _come_back(self, connection: Connection) -> None:
        self._resting.discard(connection)
        if connection.open:
            self._free(connection)

    def lost(self, connection: Connection) -> None:
        """Open another one in its place."""
        if connection in self._idle:
            self._idle.remove(connection)
        if not self._ending:
            task = self._loop.create_task(self._redial())
            self._dialling.add(task)
            task.add_done_callback(self._dialling.discard)
        self._finish()

    async def _redial(self) -> None:
        while not self._ending:
            try:
                return await self._dial()
            except OSError:
                await asyncio.sleep(0.1)

    def _free(self, connection: Connection) -> None:
        if self._backlog:
            self._send(connection, self._backlog.popleft())
        elif self._rate or self._ending:
            self._idle.append(connection)
        else:
            self._send(connection)
        self._finish()

    def _end(self) -> None:
        """No new request from now on; what was due is still sent, for a while."""
        if not self._ending:
            self._ending = True
            self._loop.call_later(GRACE, self._give_up)
        self._finish()

    def _give_up(self) -> None:
        assert self._recorder is not None
        now = self._loop.time()
        while self._backlog:
            self._recorder.done("any", UNSENT, self._backlog.popleft(), now)
        self._finish()

    def _finish(self) -> None:
        if self._ending and not self._busy and not self._backlog:
            self._over.set()

    async def _sweep(self) -> None:
        """Count what waits too long as unanswered, and cut it off."""
        while True:
            await asyncio.sleep(0.5)
            late = self._loop.time() - TIMEOUT
            for connection in [one for one in self._busy if one.sent < late]:
                connection.transport.abort()  # before, so that it is not used again
                self.answered(connection, TIMED_OUT, b"", b"")
