"""The people and things that tests are about, and a client to speak for them."""

import functools
import itertools
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import bcrypt
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.platform.asyncio import AsyncIOLoop

from service.access.sessions import Session
from service.booking.appointment.book import book
from service.booking.calendar import provider, service, slot
from service.booking.calendar.hours import closure
from service.booking.calendar.slot import NewSlot
from service.booking.people import account, customer
from service.booking.people.operator import OPERATOR
from service.deps import Deps

PASSWORD = "correct horse"
BEGUN = """
UPDATE slot SET starts_at = begun.at, ends_at = begun.at + interval '1 minute',
                blocks_from = CASE WHEN is_made(slot) THEN begun.at END,
                blocks_until = CASE WHEN is_made(slot) THEN begun.at + interval '1 minute' END
  FROM (SELECT id, timestamptz '2024-01-01 00:00+00' + id * interval '1 minute' AS at
          FROM slot) AS begun
 WHERE slot.id = ANY (%s) AND begun.id = slot.id
"""
RUN_OUT = """
WITH past AS (
    UPDATE appointment SET expires_at = now() - interval '1 second'
     WHERE id = ANY (%s) AND expires_at IS NOT NULL
    RETURNING slot_id, expires_at
)
UPDATE slot SET next_expiry = past.expires_at
  FROM past WHERE past.slot_id IN (slot.id, slot.lead_slot_id)
"""
ENDLESS = ("/api/events/stream",)
_COUNTER = itertools.count(1)


class Person(NamedTuple):
    """Somebody with an account and a token."""

    id: int
    username: str
    token: str
    session: Session


class Reply(NamedTuple):
    """An answer; `json` is None when it has no body, or one that is something else."""

    status: int
    headers: HTTPHeaders
    json: Any
    body: bytes = b""


class Api:
    """Calls the API over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = AsyncHTTPClient(force_instance=True, max_clients=1000)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: Person | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """One request; `body` is sent as JSON, `raw` as it is. Of an answer that never ends only
        the head is asked for."""
        if method == "GET" and path.rstrip("/") in ENDLESS:
            method = "HEAD"
        sent = {"Authorization": f"Token {who.token}"} if who else {}
        if body is not None:
            sent["Content-Type"] = "application/json"
            raw = json.dumps(body).encode()
        response = await self._client.fetch(
            HTTPRequest(
                self.url + path,
                method=method,
                headers=HTTPHeaders(sent | (headers or {})),
                body=raw,
                allow_nonstandard_methods=True,
                follow_redirects=False,
                request_timeout=30,
            ),
            raise_error=False,
        )
        if response.code == 599:
            raise ConnectionError(f"{method} {path}: {response.error}")
        is_json = "json" in response.headers.get("Content-Type", "") and response.body
        document = json.loads(response.body) if is_json else None
        return Reply(response.code, response.headers, document, response.body)

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.call("POST", path, body, **options)

    async def patch(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.call("PATCH", path, body, **options)

    async def delete(self, path: str, **options: Any) -> Reply:
        return await self.call("DELETE", path, **options)

    async def book(self, who: Person, slot_id: int, notes: str = "") -> Reply:
        return await self.post("/api/appointments/", {"slot": slot_id, "notes": notes}, who=who)

    async def reschedule(self, who: Person, appointment_id: int, new_slot: int) -> Reply:
        return await self.patch(
            f"/api/appointments/{appointment_id}/reschedule/", {"new_slot": new_slot}, who=who
        )

    async def cancel(self, who: Person, appointment_id: int) -> Reply:
        return await self.post(f"/api/appointments/{appointment_id}/cancel/", who=who)

    def close(self) -> None:
        self._client.close()


class Given:
    """Makes what a test needs, through the rules themselves. To be called outside coroutines;
    inside one, use the `make_` coroutines."""

    def __init__(self, io_loop: AsyncIOLoop, deps: Deps) -> None:
        self._loop, self._deps = io_loop, deps

    def person(self, name: str, *, role: str = "customer", provider_id: int = 0) -> Person:
        return self._loop.run_sync(lambda: self.make_person(name, role, provider_id))

    def customer(self) -> Person:
        return self.person(f"customer{next(_COUNTER)}")

    def patient(self, staff: Person, name: str) -> int:
        return self._loop.run_sync(lambda: self.make_customer(staff, name))

    def provider(self, *, name: str = "Clinic", time_zone: str = "UTC") -> int:
        return self._loop.run_sync(lambda: self.make_provider(name, time_zone))

    def service(self, *provider_ids: int, **terms: Any) -> int:
        return self._loop.run_sync(lambda: self.make_service(*provider_ids, **terms))

    def slots(self, count: int, **options: Any) -> list[int]:
        return self._loop.run_sync(lambda: self.make_slots(count, **options))

    def slot(self, **options: Any) -> int:
        return self.slots(1, **options)[0]

    def appointment(self, who: Person, slot_id: int | None = None, notes: str = "") -> int:
        wanted = self.slot() if slot_id is None else slot_id
        return self._loop.run_sync(lambda: self.make_appointment(who, wanted, notes))

    async def make_person(self, name: str, role: str = "customer", provider_id: int = 0) -> Person:
        """Somebody with an account and a token. The processes that hash are the last to get a
        core, and thousands would wait for them: all have one hash, and nobody logs in."""
        made = await account.create(
            self._deps,
            name,
            account.Details(f"{name}@example.org"),
            _hashed(self._deps.settings.bcrypt_rounds),
            role=role,
            provider_id=provider_id,
        )
        token = await self._deps.sessions.issue(made.id, name, role, provider_id)
        return Person(made.id, name, token, await self._deps.sessions.resolve(token))

    async def make_provider(self, name: str = "Clinic", time_zone: str = "UTC") -> int:
        return (await provider.create(self._deps, name, time_zone)).id

    async def make_service(self, *provider_ids: int, **terms: Any) -> int:
        """A service of half an hour that these providers offer, unless told otherwise."""
        offers = [{"provider": one, "weight": 100} for one in provider_ids]
        usual = {"name": "Consultation", "duration_minutes": 30, "providers": offers}
        made = await service.create(self._deps, OPERATOR, usual | terms)
        return int(json.loads(made.body)["id"])

    async def make_customer(self, staff: Person, name: str, **said: Any) -> int:
        """Somebody whom only staff book for."""
        made = await customer.create(self._deps, staff.session, {"name": name} | said)
        return int(json.loads(made.body)["id"])

    async def make_slots(
        self,
        count: int,
        *,
        provider_id: int | None = None,
        capacity: int = 1,
        per_person: int | None = None,
        starts_at: datetime | None = None,
        minutes: int = 30,
    ) -> list[int]:
        """Slots one after the other, from tomorrow 10:00 UTC, of a provider of their own; unless
        told otherwise, anybody may have all their places."""
        owner = provider_id or await self.make_provider()
        first = starts_at or tomorrow_at_ten()
        length = timedelta(minutes=minutes)
        wanted = [
            NewSlot(
                owner,
                first + n * length,
                first + (n + 1) * length,
                capacity,
                per_person or capacity,
            )
            for n in range(count)
        ]
        return [json.loads(body)["id"] for body in await slot.create(self._deps, OPERATOR, wanted)]

    async def make_closure(self, provider_id: int, day: date = date(2036, 12, 24)) -> int:
        """A day on which a provider is closed."""
        wanted = closure.Closure(provider_id, day, day, None, None)
        [made] = await closure.create(self._deps, OPERATOR, [wanted])
        return int(json.loads(made.body)["id"])

    async def make_begun(self, *slot_ids: int) -> None:
        """Let these slots have begun a while ago, each at a time of its own."""
        async with self._deps.postgres.pool.link() as link:
            await link.execute(BEGUN, [list(slot_ids)])

    async def make_run_out(self, *ids: int) -> None:
        """Let these holds or requests have run out a moment ago."""
        async with self._deps.postgres.pool.link() as link:
            await link.execute(RUN_OUT, [list(ids)])

    async def make_appointment(self, who: Person, slot_id: int, notes: str = "") -> int:
        booked = await book(self._deps, who.session, slot_id, notes, False)
        return int(json.loads(booked.body)["id"])


@functools.cache
def _hashed(rounds: int) -> str:
    return bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds)).decode()


def tomorrow_at_ten() -> datetime:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return tomorrow.replace(hour=10, minute=0, second=0, microsecond=0)
