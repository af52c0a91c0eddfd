"""Bugs in counting requests: what should be done once, or so many times, is done more often."""

import asyncio
from typing import Any

from service.access.limits import Limits, Standing
from service.booking.idempotency import NO_KEY, Key
from service.booking.people import password, register
from service.errors import RateLimited
from service.http.base import ApiHandler
from service.store.postgres import Postgres
from service.store.redis import guarded
from tests.prove.planted.ground import Ground, bug

DONE = {"appointment_book": "booked", "appointment_end": "ended", "appointment_move": "moved"}
OWNER = {"appointment_book": "account_id"}  # elsewhere actor_id
LATER = 0.02  # seconds


@bug("I5")
def key_ignored(ground: Ground) -> None:
    """Nobody looks at the Idempotency-Key."""
    ground.put(ApiHandler, "key", property(lambda self: NO_KEY))


@bug("I5")
def key_alone_decides(ground: Ground) -> None:
    """The same key with another request brings the answer of the first one."""
    key = ApiHandler.key.fget
    assert key

    def without_request(self: ApiHandler) -> Key:
        given: Key = key(self)
        return given if given is NO_KEY else Key(given.key, "")

    ground.put(ApiHandler, "key", property(without_request))


@bug("I3 I5", "none")
def secrets_not_in_key(ground: Ground) -> None:
    """The same key with another password brings the answer of the first one."""

    async def bare(deps: Any, key: Key, scope: str, *secrets: str) -> Key:
        return key

    for user in (register, password):
        ground.put(user, "sealed", bare)


@bug("I5")
def replay_has_another_status(ground: Ground) -> None:
    """What is answered once more is answered with 202."""
    give = ApiHandler.give

    def give_or_repeat(self: ApiHandler, status: int, answer: Any) -> None:
        give(self, 202 if answer.replayed else status, answer)

    ground.put(ApiHandler, "give", give_or_repeat)


@bug("I5")
def replay_has_another_body(ground: Ground) -> None:
    """What is answered once more shows that it has been answered before."""
    give = ApiHandler.give

    def give_or_mark(self: ApiHandler, status: int, answer: Any) -> None:
        if answer.replayed:
            answer = answer._replace(body=answer.body.replace('"id":', '"id":1', 1))
            answer = answer._replace(body=answer.body.replace("successfully", "before", 1))
        give(self, status, answer)

    ground.put(ApiHandler, "give", give_or_mark)


@bug("I4 I5")
def key_kept_afterwards(ground: Ground) -> None:
    """The key is stored in a transaction of its own, when the effect has been committed."""
    for query, verdict in DONE.items():
        ground.edit(
            query,
            f"WHERE answer.key <> '' AND answer.verdict = '{verdict}'",
            "WHERE false",
        )
    run = Postgres.run

    async def run_then_keep(self: Postgres, name: str, /, **parameters: Any) -> Any:
        rows = await run(self, name, **parameters)
        if name not in DONE or not any(parameters["key"]):
            return rows
        await asyncio.sleep(LATER)
        owners = parameters[OWNER.get(name, "actor_id")]
        for number, verdict, body, version in rows:
            at = number - 1
            if verdict == DONE[name] and parameters["key"][at]:
                await run(
                    self,
                    "idempotency_keep",
                    account_id=owners[at],
                    key=parameters["key"][at],
                    fingerprint=parameters["fingerprint"][at],
                    body=body,
                    version=version,
                )
        return rows

    ground.put(Postgres, "run", run_then_keep)


@bug("I5")
def twins_are_not_told_apart(ground: Ground) -> None:
    """A key is looked at without being reserved: its twin in flight is not noticed."""
    ground.sql.append("""
CREATE OR REPLACE FUNCTION idempotency_lock(account_id bigint, key text) RETURNS boolean
LANGUAGE sql VOLATILE RETURN true""")
    ground.sql.append("ALTER TABLE idempotency DROP CONSTRAINT IF EXISTS idempotency_pkey")


@bug("I10 I13")
def logins_counted_apart(ground: Ground) -> None:
    """Logins are read first and counted later, and each one begins the minute anew."""

    async def look_then_count(self: Limits, username_key: str, address: str) -> Standing | None:
        if not self.on:
            return None
        key = f"planted:{username_key}:{address}"
        with guarded():
            count = int(await self._redis.get(key) or 0)
        policy = self._policies["login"]
        if count >= policy.limit:
            raise RateLimited(1, *policy)
        await asyncio.sleep(LATER)
        with guarded():
            await self._redis.incr(key)
            await self._redis.expire(key, 60)
        return None

    ground.put(Limits, "login", look_then_count)
