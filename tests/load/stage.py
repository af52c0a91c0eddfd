"""People and slots to ask for: what a scenario finds when it begins.

Made straight in the databases where we may, since it takes seconds instead of minutes, and
through the API with an admin's account otherwise.
"""

import asyncio
import itertools
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import bcrypt

from service.booking.calendar import provider, service
from service.booking.calendar.hours import change
from service.booking.calendar.hours.document import shown
from service.booking.people.operator import OPERATOR
from service.deps import Deps
from tests.load.caller import Caller
from tests.load.clinic import ZONE, Clinic, Kind
from tests.load.errors import LoadError

PASSWORD = "correct horse battery"
SLOT = timedelta(minutes=15)
PER_PROVIDER = 2000  # slots: three weeks around the clock
PER_REQUEST = 1000  # slots that the API takes at once
AT_ONCE = 8  # calls or tokens under way


class Person(NamedTuple):
    """A customer who is logged in; `lines` is the header that says so."""

    account_id: int
    username: str
    token: str
    lines: bytes


class Block(NamedTuple):
    """Slots of a new provider, one after the other from a midnight on."""

    provider_id: int
    starts_at: datetime
    slot_ids: list[int]


class Stage(Protocol):
    """Makes more of what a scenario needs."""

    blocks: list[Block]
    people: list[Person]

    async def add_people(self, count: int) -> list[Person]:
        """New customers, each with a token."""

    async def add_slots(self, count: int, capacity: int = 1) -> list[int]:
        """New free slots, whose places one person may have all; `blocks` says whose and when."""

    async def add_clinic(self, kind: Kind, providers: int) -> Clinic:
        """A new service with so many new providers, nothing of it booked."""


class DatabaseStage:
    """Makes them by SQL; tokens are issued by the service's own rules."""

    def __init__(self, deps: Deps, connection: Any, rounds: int) -> None:
        self.blocks: list[Block] = []
        self.people: list[Person] = []
        self._deps, self._connection = deps, connection
        self._hash = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds)).decode()

    async def add_people(self, count: int) -> list[Person]:
        run = secrets.token_hex(4)
        rows = self._rows(
            "INSERT INTO account (username, email, password_hash)"
            " SELECT name, name || '@example.org', %s"
            "   FROM (SELECT 'load' || %s || '-' || n AS name"
            "           FROM generate_series(1, %s) AS n) AS person"
            " RETURNING id, username, role",
            (self._hash, run, count),
        )
        permits = asyncio.Semaphore(AT_ONCE)

        async def issue(account_id: int, username: str, role: str) -> Person:
            async with permits:
                token = await self._deps.sessions.issue(account_id, username, role, 0)
            return person(account_id, username, token)

        made = list(await asyncio.gather(*(issue(*row) for row in rows)))
        self.people += made
        return made

    async def add_staff(self, provider_id: int) -> Person:
        """Somebody new who keeps a provider's calendar."""
        name = f"staff{secrets.token_hex(4)}"
        [(account_id,)] = self._rows(
            "INSERT INTO account (username, email, password_hash, role, provider_id)"
            " VALUES (%s, '', %s, 'provider', %s) RETURNING id",
            (name, self._hash, provider_id),
        )
        token = await self._deps.sessions.issue(account_id, name, "provider", provider_id)
        return person(account_id, name, token)

    async def add_slots(self, count: int, capacity: int = 1) -> list[int]:
        found = []
        for size in sizes(count, PER_PROVIDER):
            starts_at = tomorrow()
            rows = self._rows(
                "WITH owner AS (INSERT INTO provider (name, time_zone)"
                "               VALUES (%s, %s) RETURNING id)"
                " INSERT INTO slot (provider_id, starts_at, ends_at, capacity, per_person)"
                " SELECT owner.id, %s + n * %s, %s + (n + 1) * %s, %s, %s"
                "   FROM owner, generate_series(0, %s - 1) AS n"
                " RETURNING provider_id, id",
                (name(), ZONE, starts_at, SLOT, starts_at, SLOT, capacity, capacity, size),
            )
            self.blocks.append(Block(rows[0][0], starts_at, [row[1] for row in rows]))
            found += self.blocks[-1].slot_ids
        self._rows("ANALYZE slot, provider, account")
        return found

    async def add_clinic(self, kind: Kind, providers: int) -> Clinic:
        made = [await provider.create(self._deps, name(), ZONE) for _ in range(providers)]
        ids = [one.id for one in made]
        offered = await service.create(self._deps, OPERATOR, kind.service(name(), ids))
        for one in ids:
            await change.replace(self._deps, OPERATOR, one, kind.schedule)
        self._rows("ANALYZE provider, service, service_provider, opening")
        return Clinic(json.loads(offered.body)["id"], ids)

    def _rows(self, text: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []


class ApiStage:
    """Makes them through the API, as an admin."""

    def __init__(self, caller: Caller, admin_token: str) -> None:
        self.blocks: list[Block] = []
        self.people: list[Person] = []
        self._caller, self._token = caller, admin_token

    async def add_people(self, count: int) -> list[Person]:
        run = secrets.token_hex(4)
        permits = asyncio.Semaphore(AT_ONCE)

        async def register(n: int) -> Person:
            username = f"load{run}-{n}"
            who = {"username": username, "password": PASSWORD}
            async with permits:
                made = await self._wanted(
                    201, "/api/register/", who | {"email": f"{username}@example.org"}
                )
                token = (await self._wanted(200, "/api/login/", who))["token"]
            return person(made["id"], username, token)

        people = list(await asyncio.gather(*(register(n) for n in range(count))))
        self.people += people
        return people

    async def add_slots(self, count: int, capacity: int = 1) -> list[int]:
        found: list[int] = []
        for size in sizes(count, PER_PROVIDER):
            block = Block(await self._provider(), tomorrow(), [])
            for part in sizes(size, PER_REQUEST):
                first = block.starts_at + len(block.slot_ids) * SLOT
                made = await self._wanted(201, "/api/slots/", slots(block, first, part, capacity))
                block.slot_ids.extend(one["id"] for one in made)
            self.blocks.append(block)
            found += block.slot_ids
        return found

    async def add_clinic(self, kind: Kind, providers: int) -> Clinic:
        made = [await self._provider() for _ in range(providers)]
        offered = await self._wanted(201, "/api/services/", kind.service(name(), made))
        for one in made:
            hours = f"/api/providers/{one}/schedule/"
            await self._caller.wanted(200, "PUT", hours, shown(kind.schedule), token=self._token)
        return Clinic(offered["id"], made)

    async def _provider(self) -> int:
        wanted = {"name": name(), "time_zone": ZONE}
        return int((await self._wanted(201, "/api/providers/", wanted))["id"])

    async def _wanted(self, status: int, path: str, body: Any) -> Any:
        reply = await self._caller.call("POST", path, body, token=self._token)
        if reply.status == 429:
            raise LoadError("The server limits logins: start it with RATE_LIMIT=off.")
        if reply.status != status:
            raise LoadError(f"POST {path} was answered {reply.status}: {reply.json}")
        return reply.json


def person(account_id: int, username: str, token: str) -> Person:
    """A person with the header that the token goes into."""
    return Person(account_id, username, token, f"Authorization: Token {token}\r\n".encode())


def slots(block: Block, first: datetime, count: int, capacity: int) -> list[dict[str, Any]]:
    """The bodies of slots that follow each other."""
    return [
        {
            "provider": block.provider_id,
            "starts_at": (first + n * SLOT).isoformat(),
            "ends_at": (first + (n + 1) * SLOT).isoformat(),
            "capacity": capacity,
            "per_person": capacity,
        }
        for n in range(count)
    ]


def sizes(count: int, most: int) -> Iterator[int]:
    """Parts of at most `most` that add up to count."""
    for start in itertools.count(0, most):
        if start >= count:
            return
        yield min(most, count - start)


def name() -> str:
    """The name of a provider that nobody has yet."""
    return f"Load test {secrets.token_hex(4)}"


def tomorrow() -> datetime:
    """The next midnight but one, UTC: nothing made for it is past while a run lasts."""
    day = datetime.now(UTC) + timedelta(days=2)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)
