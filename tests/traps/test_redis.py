"""redis-py 8."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from service import app as service_app
from service.access.limits import Limits
from service.deps import Deps
from service.errors import RateLimited, Unavailable
from service.settings import Settings
from service.store import redis
from service.store.redis import guarded
from service.store.redis.client import CONNECTIONS
from service.store.redis.locks import Locks
from tests.traps.proxy import Proxy

ADDRESS = "203.0.113.250"
GONE = [
    "redis://127.0.0.1:1",
    "redis+sentinel://127.0.0.1:1/booking",
    "redis+cluster://127.0.0.1:1",  # whose client raises what is no RedisError
]
Before = AbstractAsyncContextManager[Proxy]


def _through(settings: Settings, proxy: Proxy, timeout: float = 0.25) -> Settings:
    url = f"redis://127.0.0.1:{proxy.port}"
    return replace(settings, redis_url=url, redis_timeout=timeout, rate_limit=True)


@pytest.mark.parametrize("repeat", [True, False])
async def test_a_redis_that_is_silent_or_gone_is_given_up_soon(
    settings: Settings, before_redis: Before, repeat: bool
) -> None:
    """T-R1: with its defaults a frozen Redis took 59.5 s, a refused connection 3.6 s."""
    async with before_redis as proxy:
        proxy.mute = True
        for one in (
            _through(settings, proxy),
            *(replace(settings, redis_url=url, redis_timeout=0.25) for url in GONE),
        ):
            client, began = redis.connect(one, repeat=repeat), time.monotonic()
            with pytest.raises(Unavailable), guarded():
                await client.get("x")
            assert time.monotonic() - began < 3.0
            await client.aclose()


@pytest.mark.parametrize("how", ["cut", "reset"])
async def test_no_command_goes_out_on_a_connection_that_was_closed_while_nobody_asked(
    settings: Settings, before_redis: Before, how: str
) -> None:
    """Its pool looks, but not while maintenance notifications are on, as they are by default, and
    only for those that ended; what must not be repeated then failed once for each of them,
    however long after."""
    async with before_redis as proxy:
        client = redis.connect(_through(settings, proxy, timeout=5.0), repeat=False)
        await asyncio.gather(*(client.ping() for _ in range(CONNECTIONS)))
        closed = proxy.accepted
        getattr(proxy, how)()
        await asyncio.sleep(0.2)  # the ends of the connections have arrived
        assert await asyncio.gather(*(client.ping() for _ in range(CONNECTIONS)))
        assert proxy.accepted == 2 * closed
        await client.aclose()


async def test_a_lost_answer_to_a_lock_or_a_count_is_not_asked_for_twice(
    settings: Settings, before_redis: Before, deps: Deps
) -> None:
    """T-R2: repeated, SET NX meets itself and blocks until its end, and INCR counts twice."""
    async with before_redis as proxy:
        own = replace(_through(settings, proxy), register_limit=2)
        async with service_app.opened(own) as served:  # it says which client is whose
            await served.limits.register("203.0.113.251")  # its script is known by now
            proxy.delay = 5.0
            counting = asyncio.ensure_future(served.limits.register(ADDRESS))
            await proxy.held()
            proxy.cut()
            with pytest.raises(Unavailable):
                await counting
            proxy.delay = 0.0
            async with served.locks.hold([(9, 10)]):  # it is connected again
                pass
            await served.locks.released()
            proxy.delay = 5.0
            locking = asyncio.ensure_future(served.locks.hold([(1, 2)]).__aenter__())
            await proxy.held()
            proxy.cut()
            with pytest.raises(Unavailable):
                await locking
    assert await deps.redis.exists("lock:{slot-pair}:1:2")
    direct = Limits(deps.redis, own)
    await direct.register(ADDRESS)  # the second of two: the first was counted once
    with pytest.raises(RateLimited):
        await direct.register(ADDRESS)
    await deps.redis.delete("lock:{slot-pair}:1:2")


async def test_two_holders_never_give_back_each_others_lock(deps: Deps) -> None:
    """T-R3, T-R4: a lock without an end stays for ever; one object for two tasks is one owner."""
    async with deps.locks.hold([(3, 4)]) as first:
        assert first == {(3, 4)}
        assert 0 < await deps.redis.pttl("lock:{slot-pair}:3:4") <= deps.settings.lock_ttl * 1000
        async with deps.locks.hold([(3, 4)]) as second:
            assert second == set()
        await deps.locks.released()
        assert await deps.redis.exists("lock:{slot-pair}:3:4")
    await deps.locks.released()
    assert not await deps.redis.exists("lock:{slot-pair}:3:4")


async def test_trouble_with_giving_a_lock_back_changes_no_answer(
    settings: Settings, before_redis: Before, deps: Deps
) -> None:
    """T-R5: the way out of the lock raised after the COMMIT."""
    async with before_redis as proxy:
        own = _through(settings, proxy)
        client = redis.connect(own, repeat=False)
        locks = Locks(client, own)
        async with locks.hold([(5, 6)]) as held:
            assert held
            proxy.mute = True
            proxy.cut()
        await locks.released()
        await client.aclose()
    await deps.redis.delete("lock:{slot-pair}:5:6")


async def test_nobody_waits_for_a_lock(deps: Deps) -> None:
    """T-R6: redis-py looks again every 100 ms."""
    async with deps.locks.hold([(7, 8)]):
        began = time.monotonic()
        async with deps.locks.hold([(7, 8)]) as held:
            assert not held
        assert time.monotonic() - began < 0.09
    await deps.locks.released()


async def test_sets_of_locks_are_got_as_a_whole_or_not_at_all(deps: Deps) -> None:
    sets = [{(1, 2), (3, 4)}, {(5, 6), (7, 8)}, {(7, 8)}]
    async with deps.locks.hold([(1, 2)]), deps.locks.hold_sets(sets) as held:
        assert held == [1, 2], "what is of one set may be of another, too"
        async with deps.locks.hold([(3, 4), (5, 6)]) as others:
            assert others == {(3, 4)}
    await deps.locks.released()


async def test_more_requests_than_connections_wait_for_one(settings: Settings) -> None:
    """T-R7: the usual pool raises at once when it is used up."""
    client = redis.connect(settings, repeat=True)
    answers = await asyncio.gather(*(client.ping() for _ in range(20 * CONNECTIONS)))
    assert all(answers)
    await client.aclose()


async def test_an_answer_never_goes_to_somebody_else(
    settings: Settings, before_redis: Before, deps: Deps
) -> None:
    """A cancelled command left its answer on the connection, and the next user read it
    (CVE-2023-28858): 3,000 reads through a slow way, a good part of them cancelled."""
    names = [f"crossed:{number}" for number in range(100)]
    await deps.redis.mset({name: name for name in names})
    async with before_redis as proxy:
        client = redis.connect(_through(settings, proxy, timeout=5.0), repeat=True)
        proxy.delay = 0.002
        wrong, answered = [], 0

        async def ask(number: int) -> None:
            nonlocal answered
            name = names[number % 100]
            try:
                async with asyncio.timeout(0.0007 * (number % 12) or None):
                    value = await client.get(name)
            except TimeoutError:
                return
            answered += 1
            if value != name.encode():
                wrong.append((name, value))

        for start in range(0, 3000, 12):
            await asyncio.gather(*(ask(number) for number in range(start, start + 12)))
        assert wrong == []
        assert 200 < answered < 2990, answered
        await client.aclose()
    await deps.redis.delete(*names)
