"""locks.py: a courtesy between processes, released by its owner only."""

import asyncio
import dataclasses
import itertools
from collections.abc import Callable

import pytest

from service import app
from service.deps import Deps
from service.errors import Unavailable
from service.store import redis
from service.store.redis.locks import Locks, Pair

_COUNTER = itertools.count(10**9)  # far from the slots of other tests
Pairs = Callable[[int], list[Pair]]


@pytest.fixture
def pairs() -> Pairs:
    return lambda count: [(next(_COUNTER), next(_COUNTER)) for _ in range(count)]


@pytest.fixture
def locks(deps: Deps) -> Locks:
    return Locks(deps.redis, deps.settings)


def _key(pair: Pair) -> str:
    return f"lock:{{slot-pair}}:{pair[0]}:{pair[1]}"


async def test_what_is_free_is_held_and_given_back(locks: Locks, deps: Deps, pairs: Pairs) -> None:
    wanted = pairs(3)
    async with locks.hold(wanted + wanted) as held:
        assert held == set(wanted)
        for pair in wanted:
            assert 0 < await deps.redis.pttl(_key(pair)) <= deps.settings.lock_ttl * 1000
    await locks.released()
    assert await deps.redis.exists(*map(_key, wanted)) == 0


async def test_what_another_holds_is_not_waited_for(locks: Locks, deps: Deps, pairs: Pairs) -> None:
    one, shared, two = pairs(3)
    other = Locks(deps.redis, deps.settings)
    async with locks.hold([one, shared]):
        async with other.hold([shared, two]) as held:
            assert held == {two}
        await other.released()
        assert await deps.redis.exists(_key(shared)), "it was not theirs to release"
    await locks.released()
    async with other.hold([shared]) as held:
        assert held == {shared}
    await other.released()


async def test_of_many_at_once_one_holds(locks: Locks, pairs: Pairs) -> None:
    (pair,) = pairs(1)
    holding = most = 0

    async def hold() -> int:
        nonlocal holding, most
        async with locks.hold([pair]) as held:
            holding += len(held)
            most = max(most, holding)
            await asyncio.sleep(0.02)
            holding -= len(held)
            return len(held)

    got = await asyncio.gather(*(hold() for _ in range(20)))
    await locks.released()
    assert most == 1
    assert sum(got) >= 1


async def test_it_is_given_back_after_an_error(locks: Locks, deps: Deps, pairs: Pairs) -> None:
    (pair,) = pairs(1)
    with pytest.raises(ZeroDivisionError):
        async with locks.hold([pair]):
            raise ZeroDivisionError
    await locks.released()
    assert not await deps.redis.exists(_key(pair))


async def test_one_that_was_lost_is_no_trouble(locks: Locks, deps: Deps, pairs: Pairs) -> None:
    kept, lost = pairs(2)
    async with locks.hold([kept, lost]):
        await deps.redis.delete(_key(lost))
    await locks.released()
    assert await deps.redis.exists(_key(kept), _key(lost)) == 0


async def test_one_that_ran_out_and_was_taken_stays_the_takers(
    locks: Locks, deps: Deps, pairs: Pairs
) -> None:
    (pair,) = pairs(1)
    taker = locks.hold([pair])  # one object for all requests of a process, but not one owner
    async with locks.hold([pair]):
        await deps.redis.delete(_key(pair))
        assert await taker.__aenter__() == {pair}
    await locks.released()
    assert await deps.redis.exists(_key(pair))
    await taker.__aexit__(None, None, None)
    await locks.released()
    assert not await deps.redis.exists(_key(pair))


async def test_it_ends_by_itself(locks: Locks, deps: Deps, pairs: Pairs) -> None:
    (pair,) = pairs(1)
    brief = {"lock_timeout": 0.01, "statement_timeout": 0.02, "request_deadline": 0.03}
    settings = dataclasses.replace(deps.settings, **brief, lock_ttl=0.04)
    short = Locks(deps.redis, settings)
    async with short.hold([pair]):
        while await deps.redis.exists(_key(pair)):
            await asyncio.sleep(0.01)
        async with locks.hold([pair]) as held:
            assert held == {pair}
    await locks.released()
    await short.released()


async def test_a_process_that_stops_gives_all_back(deps: Deps, pairs: Pairs) -> None:
    wanted = pairs(3)
    async with app.opened(deps.settings) as stopping, stopping.locks.hold(wanted) as held:
        assert held == set(wanted)
    assert await deps.redis.exists(*map(_key, wanted)) == 0


async def test_nothing_wanted_is_nothing_held(locks: Locks) -> None:
    async with locks.hold([]) as held:
        assert held == set()


async def test_without_redis_nothing_is_begun(deps: Deps, pairs: Pairs) -> None:
    unreachable = dataclasses.replace(deps.settings, redis_url="redis://127.0.0.1:1/0")
    client = redis.connect(unreachable, repeat=False)
    begun = False
    with pytest.raises(Unavailable):
        async with Locks(client, unreachable).hold(pairs(1)):
            begun = True
    assert not begun
    await client.aclose()
