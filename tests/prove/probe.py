"""Asks every route of every server, over and over, until all is well again after a fault.

Its accounts and its provider are called `probe-...`: what they do is not part of the history.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable
from typing import Any, NamedTuple

import psycopg2

from tests.load.wire import message
from tests.prove.client import Client, NotSent
from tests.prove.servers import AppServer
from tests.prove.stage import Stage

NAME = "probe"  # what the names of its accounts and of its provider begin with
PASSWORD = "correct horse 0"
TRIES = 20  # to make a customer before the run begins
PAUSE = 0.02  # seconds between two looks at a server that is not well
MAKE = """
WITH owner AS (
    INSERT INTO provider (name, time_zone) VALUES (%s, 'Europe/Berlin') RETURNING id)
INSERT INTO slot (provider_id, starts_at, ends_at)
SELECT owner.id, now() + n * interval '1 h', now() + (n + 1) * interval '1 h'
  FROM owner, generate_series(30, 29 + %s) AS n
RETURNING id
"""


class Wrong(Exception):
    """An answer that a healthy server does not give."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Health(NamedTuple):
    """When all was well again, 0.0 if never, and what was wrong last."""

    healed_at: float
    wrong: str


class Probe:
    """One prober for the whole stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._client = Client()
        self._journeys: list[Journey] = []

    async def prepare(self) -> None:
        """Make two slots and a customer for each server. Raises Wrong or NotSent."""
        servers = self._stage.servers
        ids = await asyncio.to_thread(make, self._stage.database_url, 2 * len(servers))
        for n, server in enumerate(servers):
            name = f"{NAME}-{secrets.token_hex(6)}"
            await self._registered(server, name)
            self._journeys.append(Journey(self._client, server, name, (ids[2 * n], ids[2 * n + 1])))

    async def _registered(self, server: AppServer, name: str) -> None:
        """A customer; a server that has just started on a busy machine may need some tries."""
        for left in range(TRIES - 1, -1, -1):
            try:
                await Journey(self._client, server).register(name)
                return
            except (Wrong, NotSent) as error:
                if isinstance(error, Wrong) and error.status == 409:
                    return  # an earlier try was done after all
                if not left:
                    raise
            await asyncio.sleep(0.5)

    async def health(self, patience: float) -> Health:
        """When every route of every server gave its right answer, within patience seconds."""
        found = await asyncio.gather(*(self._well(one, patience) for one in self._journeys))
        wrong = [one.wrong for one in found if not one.healed_at]
        if wrong:
            return Health(0.0, wrong[0])
        return Health(max(one.healed_at for one in found), "")

    async def _well(self, journey: "Journey", patience: float) -> Health:
        until, wrong = time.monotonic() + patience, ""
        while time.monotonic() < until:
            try:
                await journey.all()
                return Health(time.monotonic(), "")
            except (Wrong, NotSent) as error:
                wrong = f"{journey.where}: {error or 'not reached'}"
            await asyncio.sleep(PAUSE)
        return Health(0.0, wrong)

    def close(self) -> None:
        """Drop its connections."""
        self._client.close()


class Journey:
    """A person who does everything once at one server."""

    def __init__(
        self, client: Client, server: AppServer, name: str = "", slots: tuple[int, int] = (0, 0)
    ) -> None:
        self._client, self._server = client, server
        self._name, self._slots = name, slots
        self._token = "0" * 40
        self.where = f"server-{server.number}"

    async def register(self, name: str) -> dict[str, str]:
        """Make an account; what its owner logs in with."""
        who = {"username": name, "password": PASSWORD}
        await self.ask(201, "POST", "/api/register/", who | {"email": "probe@example.org"})
        return who

    async def all(self) -> None:
        """Every route, in the order of a day. Raises Wrong or NotSent."""
        await together(
            self._newcomer(),
            self._ours(),
            self.ask(200, "GET", "/healthz"),
            self.ask(200, "GET", "/readyz"),
            self.ask(200, "GET", "/api/providers/?limit=1"),
            self.ask(200, "GET", "/api/slots/?limit=1"),
            self.ask(200, "GET", f"/api/slots/{self._slots[0]}/"),
        )

    async def _newcomer(self) -> None:
        """Somebody registers, comes in and goes: a new one each time, since logins are limited."""
        who = await self.register(f"{NAME}-{secrets.token_hex(6)}")
        token = (await self.ask(200, "POST", "/api/login/", who))["token"]
        await self.ask(200, "GET", "/api/tokens/", token=token)
        await self.ask(200, "POST", "/api/logout/", {}, token=token)
        await self.ask(401, "GET", "/api/me/", token=token)

    async def _ours(self) -> None:
        """Our customer books, moves and cancels; logs in when the token was forgotten."""
        try:
            await self.ask(200, "GET", "/api/me/", token=self._token)
        except Wrong as wrong:
            if wrong.status != 401:
                raise
            who = {"username": self._name, "password": PASSWORD}
            self._token = (await self.ask(200, "POST", "/api/login/", who))["token"]
        await self._tidy()
        await self._appointment()

    async def _tidy(self) -> None:
        """Cancel what an earlier try has left: its booking may have been done after all."""
        path = "/api/appointments/"
        for left in await self.ask(200, "GET", f"{path}?status=booked", token=self._token):
            await self.ask(200, "POST", f"{path}{left['id']}/cancel/", {}, token=self._token)

    async def _appointment(self) -> None:
        (first, second), token = self._slots, self._token
        made = await self.ask(201, "POST", "/api/appointments/", {"slot": first}, token=token)
        path = f"/api/appointments/{made['id']}"
        await self.ask(200, "GET", f"{path}/", token=token)
        move = {"new_slot": second}
        await self.ask(200, "PATCH", f"{path}/reschedule/", move, token=token)
        await together(
            self.ask(200, "GET", f"{path}/history/", token=token),
            self.ask(200, "POST", f"{path}/cancel/", {}, token=token),
        )

    async def ask(
        self, wanted: int, method: str, path: str, body: Any = None, *, token: str = ""
    ) -> Any:
        """The body of the right answer. Raises Wrong or NotSent."""
        lines = f"Authorization: Token {token}\r\n".encode() if token else b""
        content = None if body is None else json.dumps(body).encode()
        answer = await self._client.ask(
            self._server, message(method, path, lines, content, host=NAME)
        )
        if answer.status != wanted:
            said = answer.body[:200].decode(errors="replace")
            raise Wrong(answer.status, f"{method} {path} was answered {answer.status} {said}")
        return json.loads(answer.body) if answer.body else None


async def together(*calls: Awaitable[Any]) -> list[Any]:
    """What all of them bring, once all have ended; the first thing that went wrong is raised."""
    found = await asyncio.gather(*calls, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return found


def make(database_url: str, count: int) -> list[int]:
    """The ids of new free slots of a provider of our own."""
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(MAKE, (f"{NAME}-{secrets.token_hex(4)}", count))
            return [row[0] for row in cursor.fetchall()]
    finally:
        connection.close()
