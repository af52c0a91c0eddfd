"""sessions.py: tokens that only their owners know, renewed by use, dead for good."""

import asyncio
import dataclasses
import hashlib
import itertools
import json
import re
from collections.abc import Iterator

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.access.sessions import LIVING_MAX, STEP, Sessions
from service.deps import Deps
from service.errors import InvalidToken, Unavailable
from service.store import redis

_ACCOUNTS = itertools.count(10**9)  # far from those of other tests
TTL = 1000


@pytest.fixture
def account_id() -> int:
    return next(_ACCOUNTS)


@pytest.fixture
def sessions(io_loop: AsyncIOLoop, deps: Deps) -> Iterator[Sessions]:
    async def make() -> Sessions:
        return Sessions(deps.redis, deps.redis, dataclasses.replace(deps.settings, token_ttl=TTL))

    made = io_loop.run_sync(make)
    yield made
    io_loop.run_sync(made.close)


def _key(token: str) -> str:
    return "token:" + hashlib.sha256(token.encode()).hexdigest()


async def test_a_token_leads_to_whom_it_was_issued(sessions: Sessions, account_id: int) -> None:
    token = await sessions.issue(account_id, "Ada", "provider", 7)
    assert re.fullmatch("[0-9a-f]{40}", token)
    session = await sessions.resolve(token)
    assert (session.account_id, session.username, session.role) == (account_id, "Ada", "provider")
    assert (session.staff_of, session.keeps(7), session.keeps(8)) == (7, True, False)


async def test_redis_knows_no_token_only_hashes(
    sessions: Sessions, deps: Deps, account_id: int
) -> None:
    tokens = [await sessions.issue(account_id, "ada", "customer", 0) for _ in range(3)]
    stored = b""
    async for key in deps.redis.scan_iter(count=1000):
        stored += key + b" "
        kind = await deps.redis.type(key)
        if kind == b"hash":
            stored += str(await deps.redis.hgetall(key)).encode()
        else:
            stored += await deps.redis.get(key) or b""
    for token in tokens:
        assert _key(token).encode() in stored, "the search does find things"
        assert token.encode() not in stored
        assert token[:12].encode() not in stored


async def test_everything_ends_by_itself(sessions: Sessions, deps: Deps, account_id: int) -> None:
    token = await sessions.issue(account_id, "ada", "customer", 0)
    for key in (_key(token), f"account:{account_id}:tokens"):
        assert TTL - 5 <= await deps.redis.ttl(key) <= TTL


async def test_using_a_token_renews_it_once_in_a_while(
    sessions: Sessions, deps: Deps, account_id: int
) -> None:
    token = await sessions.issue(account_id, "ada", "customer", 0)
    for expected in (TTL, 5):  # the second use within a minute leaves it
        await deps.redis.expire(_key(token), 5)
        await sessions.resolve(token)
        assert expected - 5 < await deps.redis.ttl(_key(token)) <= expected
    other = Sessions(deps.redis, deps.redis, dataclasses.replace(deps.settings, token_ttl=TTL))
    await other.resolve(token)
    assert await deps.redis.ttl(_key(token)) > 5, "another process does not know of the first"
    assert TTL - 5 <= await deps.redis.ttl(f"account:{account_id}:tokens") <= TTL


async def test_without_sliding_a_token_ends_when_it_was_to(deps: Deps, account_id: int) -> None:
    fixed = dataclasses.replace(deps.settings, token_ttl=TTL, token_sliding=False)
    sessions = Sessions(deps.redis, deps.redis, fixed)
    token = await sessions.issue(account_id, "ada", "customer", 0)
    await deps.redis.expire(_key(token), 5)
    await sessions.resolve(token)
    assert await deps.redis.ttl(_key(token)) <= 5


async def test_a_short_life_is_renewed_by_use_too(deps: Deps, account_id: int) -> None:
    brief = dataclasses.replace(deps.settings, token_ttl=3)
    sessions = Sessions(deps.redis, deps.redis, brief)
    token = await sessions.issue(account_id, "ada", "customer", 0)
    for _ in range(3):  # longer in all than the life of a token that nobody uses
        assert (await sessions.resolve(token)).account_id == account_id
        await asyncio.sleep(1.3)


async def test_an_expired_token_is_dead_and_forgotten(
    sessions: Sessions, deps: Deps, account_id: int
) -> None:
    token, living = [await sessions.issue(account_id, "ada", "customer", 0) for _ in range(2)]
    await deps.redis.pexpire(_key(token), 1)
    while await deps.redis.exists(_key(token)):
        await asyncio.sleep(0.01)
    with pytest.raises(InvalidToken):
        await sessions.resolve(token)
    alive = (await sessions.resolve(living)).token_id
    assert [one.id for one in await sessions.tokens(account_id)] == [alive]
    assert await deps.redis.hlen(f"account:{account_id}:tokens") == 1


async def test_a_revoked_token_stays_dead_whoever_uses_it_meanwhile(
    deps: Deps, account_id: int
) -> None:
    for _ in range(20):
        fresh = Sessions(deps.redis, deps.redis, deps.settings)  # so that each use renews it
        token = await fresh.issue(account_id, "ada", "customer", 0)
        session = await Sessions(deps.redis, deps.redis, deps.settings).resolve(token)
        uses = [fresh.resolve(token) for _ in range(5)]
        *_, revoked = await asyncio.gather(
            *uses, fresh.revoke(session, [session.token_id]), return_exceptions=True
        )
        assert revoked == 1
        with pytest.raises(InvalidToken):
            await fresh.resolve(token)
        assert not await deps.redis.exists(_key(token))


async def test_revoking_twice_revokes_once(sessions: Sessions, account_id: int) -> None:
    token = await sessions.issue(account_id, "ada", "customer", 0)
    session = await sessions.resolve(token)
    both = await asyncio.gather(*(sessions.revoke(session, [session.token_id]) for _ in range(2)))
    assert sorted(both) == [0, 1]
    assert await sessions.revoke(session, []) == 0


async def test_nobody_revokes_what_belongs_to_another(sessions: Sessions) -> None:
    tokens = [await sessions.issue(next(_ACCOUNTS), "x", "customer", 0) for _ in range(2)]
    one, other = [await sessions.resolve(token) for token in tokens]
    assert await sessions.revoke(one, [other.token_id]) == 0
    assert await sessions.resolve(tokens[1]) == other


@pytest.mark.parametrize(
    "token", ["", "x", 39 * "a", 41 * "a", 40 * "A", 40 * "g", 39 * "a" + "\n", 40 * "\u0661", "*"]
)
async def test_what_is_no_token_never_gets_to_redis(deps: Deps, token: str) -> None:
    unreachable = dataclasses.replace(deps.settings, redis_url="redis://127.0.0.1:1/0")
    client = redis.connect(unreachable, repeat=False)
    sessions = Sessions(client, client, unreachable)
    with pytest.raises(InvalidToken):
        await sessions.resolve(token)
    with pytest.raises(Unavailable):
        await sessions.resolve(40 * "a")
    await client.aclose()


async def test_of_more_tokens_than_an_account_may_have_the_oldest_end(
    sessions: Sessions, deps: Deps, account_id: int
) -> None:
    tokens = [await sessions.issue(account_id, "ada", "customer", 0) for _ in range(LIVING_MAX + 3)]
    assert len(await sessions.tokens(account_id)) == LIVING_MAX
    assert await deps.redis.hlen(f"account:{account_id}:tokens") == LIVING_MAX
    await sessions.resolve(tokens[-1])


async def test_very_many_tokens_end_in_steps(
    sessions: Sessions, deps: Deps, account_id: int
) -> None:
    """As an account may have from before there was a limit."""
    mine = await sessions.resolve(await sessions.issue(account_id, "ada", "customer", 0))
    many = {str(n): f"token:{account_id}-{n}" for n in range(5 * STEP)}
    await deps.redis.mset(
        {
            key: json.dumps([int(token_id), account_id, "ada", "customer", 0, 0])
            for token_id, key in many.items()
        }
    )
    await deps.redis.hset(f"account:{account_id}:tokens", mapping=many)
    assert STEP <= len(await sessions.tokens(account_id)) < 3 * STEP
    assert await sessions.revoke_all(account_id, keep=mine.token_id) == 5 * STEP
    assert await deps.redis.exists(*many.values()) == 0
    assert [one.id for one in await sessions.tokens(account_id)] == [mine.token_id]
