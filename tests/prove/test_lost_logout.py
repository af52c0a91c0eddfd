"""A logout whose answer from Redis is lost: never called undone when it was done."""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from service.access.sessions import Sessions
from service.deps import Deps
from service.errors import InvalidToken, OutcomeUnknown
from service.store import redis
from tests.prove.proxy import Proxy

ACCOUNT = 2 * 10**9  # nobody's


@asynccontextmanager
async def far_away(deps: Deps) -> AsyncIterator[tuple[Sessions, Proxy]]:
    """Sessions whose Redis is behind a proxy."""
    proxy = await Proxy.listening(urlsplit(deps.settings.redis_url).path)
    settings = dataclasses.replace(
        deps.settings, redis_url=f"redis://127.0.0.1:{proxy.port}/0", redis_timeout=0.25
    )
    repeated, once = (redis.connect(settings, repeat=repeat) for repeat in (True, False))
    try:
        yield Sessions(repeated, once, settings), proxy
    finally:
        await repeated.aclose()
        await once.aclose()
        proxy.close()


async def test_asked_again_it_is_known_to_be_done(deps: Deps) -> None:
    async with far_away(deps) as (sessions, proxy):
        token = await sessions.issue(ACCOUNT, "ada", "customer", 0)
        session = await sessions.resolve(token)
        await proxy.arm("swallowed", pattern="EXEC", times=1)

        assert await sessions.revoke(session, [session.token_id]) == 1

        assert await proxy.disarm() == {"swallowed": 1}
        with pytest.raises(InvalidToken):
            await sessions.resolve(token)


async def test_without_any_answer_nothing_is_claimed(deps: Deps) -> None:
    async with far_away(deps) as (sessions, proxy):
        token = await sessions.issue(ACCOUNT, "ada", "customer", 0)
        session = await sessions.resolve(token)
        await proxy.arm("swallowed", pattern="EXEC", times=5)

        with pytest.raises(OutcomeUnknown):
            await sessions.revoke(session, [session.token_id])

        await proxy.disarm()
        with pytest.raises(InvalidToken):
            await sessions.resolve(token)
