"""Fixtures: a process with servers of its own, which can be frozen and thawed.

world    who and what is on it; `frozen(name)` freezes "postgres" or "valkey" for a while
"""

import asyncio
import contextlib
import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Awaitable, Iterator
from typing import NamedTuple

import bcrypt
import psycopg2
import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.http.routing.declaration import ADMIN, SIGNED_IN
from service.store.embedded import Embedded
from service.store.embedded.process import users_of
from tests.cast import PASSWORD, Api, Reply
from tests.live import Live, served
from tests.security.calls import Call, Things

PEOPLE = {"ada": "customer", "leaver": "customer", "admin": "admin"}
FAREWELLS = {("POST", "/api/logout/"), ("DELETE", "/api/tokens/")}  # the token dies of them


class Timed(NamedTuple):
    """An answer, and the seconds until it was here."""

    call: Call
    reply: Reply
    seconds: float


class World:
    """A customer, an admin, a provider with slots and services, and appointments, on one live
    process."""

    def __init__(self, servers: Embedded, live: Live) -> None:
        assert servers.place
        self._home, self.servers, self.live = servers.place.home, servers, live
        self.api = Api(live.url)
        self.tokens: dict[str, str] = {}
        self.things: list[Things] = []

    async def settle(self, count: int) -> None:
        """Make the people and so many things, while all is well."""
        for name in PEOPLE:
            reply = await self.api.post("/api/login/", {"username": name, "password": PASSWORD})
            self.tokens[name] = reply.json["token"]
        with psycopg2.connect(self.servers.database_url) as connection:
            cursor = connection.cursor()
            cursor.execute("INSERT INTO provider (name, time_zone) VALUES ('a', 'UTC') RETURNING 1")
            cursor.execute(
                "INSERT INTO slot (provider_id, starts_at, ends_at) SELECT 1, at, at + '1 hour'"
                " FROM generate_series(1, %s) n, LATERAL (SELECT now() + n * '2 h'::interval) a(at)"
                " RETURNING id",
                [2 * count],
            )
            slots = [slot_id for (slot_id,) in cursor.fetchall()]
        connection.close()
        link = await self.ask(Call("POST", "/api/calendar-links/", SIGNED_IN), Things())
        feed = link.reply.json["url"].rpartition("/")[2].removesuffix(".ics")
        for taken, free in zip(slots[::2], slots[1::2], strict=True):
            booked = await self.ask(
                Call("POST", "/api/appointments/", SIGNED_IN), Things(slot=taken)
            )
            offered = await self.ask(Call("POST", "/api/services/", ADMIN), Things(provider=1))
            self.things.append(
                Things(
                    slot=free,
                    appointment=booked.reply.json["id"],
                    service=offered.reply.json["id"],
                    feed=feed,
                )
            )

    async def ask(self, call: Call, things: Things) -> Timed:
        """One call, by an admin where only one may make it."""
        who = "" if not call.who else "ada" if "customer" in call.who else "admin"
        if (call.verb, call.path) in FAREWELLS:
            who = "leaver"
        headers = {"Authorization": f"Token {self.tokens[who]}"} if who else {}
        began = time.monotonic()
        reply = await self.api.call(
            call.verb, call.target(things), call.body(things), headers=headers
        )
        return Timed(call, reply, time.monotonic() - began)

    def took(self) -> dict[str, float]:
        """The seconds that each request took, by its id."""
        told = map(json.loads, self.live.log.splitlines())
        return {
            one["request_id"]: one["duration_ms"] / 1000
            for one in told
            if one["message"] == "request"
        }

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Within it, no process of this server runs; its connections stay open and silent."""
        program = {"postgres": "postgres", "valkey": "valkey-server"}[name]
        stopped = users_of(self._home / name, program)
        assert stopped, f"{name} does not run"
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

    async def pulse(self, work: Awaitable[list[Timed]]) -> tuple[list[Timed], list[float]]:
        """What the work brings, and how long /healthz took meanwhile, in order of length.

        It is asked from a thread, so that this loop's own work does not count.
        """
        beats: list[float] = []
        over = threading.Event()

        def beat() -> None:
            link = http.client.HTTPConnection(self.live.host, self.live.port, timeout=10)
            while not over.wait(0.02):
                began = time.monotonic()
                link.request("GET", "/healthz")
                assert link.getresponse().read() == b'{"status":"ok"}\n'
                beats.append(time.monotonic() - began)
            link.close()

        beating = asyncio.get_running_loop().run_in_executor(None, beat)
        try:
            return await work, beats
        finally:
            over.set()
            await beating
            beats.sort()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, io_loop: AsyncIOLoop) -> Iterator[World]:
    servers = Embedded.start(tmp_path_factory.mktemp("frozen"), durable=False)
    told = {
        "DATABASE_URL": servers.database_url or "",
        "REDIS_URL": servers.redis_url or "",
        "LOGIN_LIMIT": "100000",  # counted in Redis, and never reached
        "ADDRESS_LIMIT": "100000",
        "BCRYPT_ROUNDS": "4",
        "ACCESS_LOG": "on",
    }
    try:
        with served(tmp_path_factory.mktemp("live"), told) as live:
            world = World(servers, live)
            _people(servers)
            io_loop.run_sync(lambda: world.settle(40))
            yield world
            world.api.close()
    finally:
        servers.stop()


def _people(servers: Embedded) -> None:
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    with psycopg2.connect(servers.database_url) as connection, connection.cursor() as cursor:
        for name, role in PEOPLE.items():
            cursor.execute(
                "INSERT INTO account (username, email, password_hash, role)"
                " VALUES (%s, 'x', %s, %s)",
                [name, hashed, role],
            )
    connection.close()
