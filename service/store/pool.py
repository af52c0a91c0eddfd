"""A pool of aiopg connections.

aiopg's own pool has two faults that cost answers here: it connects while holding its lock, so that
one stalled connect delays every release, and releasing a broken connection wakes nobody.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import aiopg
import psycopg2
from aiopg.connection import Connection
from psycopg2 import errorcodes
from psycopg2.extensions import make_dsn, parse_dsn

from service.deadline import left
from service.errors import Unavailable
from service.store.refusals import STALE

log = logging.getLogger(__name__)

SUSPECTS_EVERY = 1.0  # seconds
SILENCE = 1.0  # seconds without an answer, after which a server is suspected
RESERVED = 2  # links that reads leave to writes
SUSPECT = STALE | {errorcodes.READ_ONLY_SQL_TRANSACTION}


async def _poll(self: Any, waiter: "asyncio.Future[None]", timeout: float) -> None:
    """Connection._poll without its habit of turning a cancelled statement into CancelledError."""
    self._ready(self._weakref)
    try:
        async with asyncio.timeout(timeout):
            await waiter
    except (asyncio.CancelledError, TimeoutError):
        self._close()
        raise
    finally:
        self._waiter = None


Connection._poll = _poll  # type: ignore[method-assign]


class Link:
    """One connection with its one cursor and the names of the statements prepared on it."""

    __slots__ = ("address", "connection", "cursor", "opened_at", "prepared", "silent", "suspect")

    def __init__(self, address: str, connection: Connection, cursor: Any) -> None:
        self.address, self.connection = address, connection
        self.cursor = cursor
        self.prepared: set[str] = set()
        self.opened_at = time.monotonic()
        self.silent = False  # it gave no answer
        self.suspect = False  # it only reads, or what was prepared on it does not fit any more

    async def execute(
        self, text: str, parameters: Any = None, timeout: float | None = None
    ) -> list[Any]:
        """The rows of the last statement in the text, which is one message and one transaction."""
        try:
            await self.cursor.execute(text, parameters, timeout=timeout)
        except TimeoutError:
            self.silent = timeout is None or timeout >= SILENCE
            raise
        except psycopg2.Error as error:
            self.suspect = self.suspect or error.pgcode in SUSPECT
            raise
        raw = self.cursor.raw
        return raw.fetchall() if raw.description else []

    def close(self) -> None:
        self.connection.close()


class Pool:
    """At most `size` links; connecting happens outside any lock and only when one is needed."""

    def __init__(self, dsn: str, *, size: int, connect_timeout: float, patience: float) -> None:
        self._dsn = dsn
        self._connect_timeout, self._patience = connect_timeout, patience
        self._permits = asyncio.Semaphore(size)
        self._reading = asyncio.Semaphore(max(1, size - RESERVED))
        self._idle: list[Link] = []
        self._trusted_since = 0.0  # links opened before that are not used any more
        self._good = ""  # the address that took us last
        self._silent = ""  # the one that last gave a link of ours no answer
        self.size, self.in_use = size, 0
        self.waits = self.timeouts = self.connects = self.connect_failures = 0

    @property
    def idle(self) -> int:
        """Links that are open and unused."""
        return len(self._idle)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Link]:
        """The same for one that only reads: however many do, some links are left to writes."""
        await self._permit(self._reading)
        try:
            async with self.link() as link:
                yield link
        finally:
            self._reading.release()

    @contextlib.asynccontextmanager
    async def link(self) -> AsyncIterator[Link]:
        """A link for one task. Raises Unavailable when none is free or none can be opened."""
        await self._permit(self._permits)
        link = None
        self.in_use += 1
        try:
            link = self._healthy() or await self.connect()
            yield link
        finally:
            self.in_use -= 1
            if link is not None:
                self._keep(link)
            self._permits.release()

    async def connect(self) -> Link:
        """A new link to the first address that takes us; the one that last did is asked first,
        one that gave no answer last.

        One that asks for target_session_attrs=read-write is not taken by a standby.
        """
        patience = left(self._connect_timeout)
        try:
            async with asyncio.timeout(patience):
                addresses = await _addresses(self._dsn)
                addresses.sort(key=lambda one: (one == self._silent, one != self._good))
                share = patience / len(addresses)  # of one that says nothing at all
                for number, dsn in enumerate(addresses, start=1):
                    try:
                        async with asyncio.timeout(share):
                            link = await self._open(dsn)
                        self._good = dsn
                        self._silent = "" if dsn == self._silent else self._silent
                        return link
                    except (psycopg2.Error, OSError):
                        if number == len(addresses):
                            raise
        except (psycopg2.Error, OSError) as error:  # TimeoutError is an OSError
            self.connect_failures += 1
            why = (str(error).splitlines() or ["too slow"])[0]
            log.warning("no connection to PostgreSQL", extra={"fields": {"error": why}})
            raise Unavailable from error
        raise Unavailable

    async def _open(self, dsn: str) -> Link:
        connection = await aiopg.connect(
            dsn,
            timeout=self._connect_timeout,
            enable_json=False,
            enable_hstore=False,
            enable_uuid=False,
        )
        self.connects += 1
        return Link(dsn, connection, await connection.cursor())

    async def _permit(self, permits: asyncio.Semaphore) -> None:
        if not permits.locked():
            await permits.acquire()
            return
        self.waits += 1
        try:
            async with asyncio.timeout(left(self._patience)):
                await permits.acquire()
        except TimeoutError as error:
            self.timeouts += 1
            raise Unavailable from error

    def _healthy(self) -> Link | None:
        while self._idle:
            link = self._idle.pop()
            if not link.connection.closed and link.opened_at >= self._trusted_since:
                return link
            link.close()
        return None

    def _keep(self, link: Link) -> None:
        if link.silent:
            self._silent = link.address
        if link.silent or link.suspect:
            self.suspect()
        old = link.opened_at < self._trusted_since
        if link.suspect or old or link.connection.closed or link.connection.isexecuting():
            link.close()
        else:
            self._idle.append(link)

    def suspect(self) -> None:
        """Part with every link: one that began on a standby may only read for ever, what was
        prepared on one before the schema changed may not fit any more, and a primary that lost
        its standby may answer reads while its writes wait for ever.

        Once in a while at most, or a server that is one would cost readers their links too.
        """
        now = time.monotonic()
        if now - self._trusted_since >= SUSPECTS_EVERY:
            self._trusted_since = now

    def close(self) -> None:
        """Close every idle link."""
        for link in self._idle:
            link.close()
        self._idle.clear()


async def _addresses(dsn: str) -> list[str]:
    """One DSN per address of its hosts: libpq's own fallback never happens in async mode."""
    given = parse_dsn(dsn)
    hosts = given.get("host", "").split(",")
    ports = (given.get("port") or "5432").split(",")
    if "hostaddr" in given or not hosts[0]:
        return [dsn]
    found = []
    loop = asyncio.get_running_loop()
    for number, host in enumerate(hosts):
        port = ports[number] if len(ports) > 1 else ports[0]
        if host.startswith("/"):
            found.append(make_dsn(dsn, host=host, port=port))
            continue
        for *_, address in await loop.getaddrinfo(host, int(port), type=1):
            found.append(make_dsn(dsn, host=host, hostaddr=address[0], port=port))
    return found
