"""limits.py: exactly as many as allowed, however many try at once, within any window."""

import asyncio
import dataclasses
import itertools
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from service.access.limits import DAY, LIMITS, MINUTE, SLICES, STRANGERS, Charge, Limits, Policy
from service.deps import Deps
from service.errors import RateLimited, Unavailable
from service.store import redis

_COUNTER = itertools.count(1)
LONGEST = MINUTE + MINUTE // SLICES  # seconds until all of a minute's limit is back
Make = Callable[..., Limits]


@pytest.fixture
def address() -> str:
    """One that nobody has come from yet."""
    return f"192.0.2.{next(_COUNTER)}"


@pytest.fixture
def limits(deps: Deps) -> Make:
    def make(**changes: Any) -> Limits:
        settings = dataclasses.replace(deps.settings, rate_limit=True, **changes)
        return Limits(deps.redis, settings)

    return make


def unused(*, limit: int, window: int) -> Charge:
    """A counter that nothing has been charged to."""
    name = f"test{next(_COUNTER)}"
    return Charge(f"limit:{{limit}}:{name}", Policy(name, limit, window))


async def _passed(*attempts: Any) -> int:
    """How many got through; the others were refused and told how long to wait."""
    results = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [one for one in results if isinstance(one, BaseException)]
    for one in refused:
        assert isinstance(one, RateLimited)
        assert 1 <= one.retry_after <= one.window + one.window // SLICES
    return len(results) - len(refused)


@pytest.mark.parametrize("allowed", [1, 7, 20])
async def test_of_many_at_once_exactly_as_many_as_allowed_pass(
    limits: Make, address: str, allowed: int
) -> None:
    made = limits(login_limit=allowed)
    assert await _passed(*(made.login(f"ada{allowed}", address) for _ in range(100))) == allowed
    assert await _passed(*(made.login(f"ada{allowed}", address) for _ in range(10))) == 0


@pytest.mark.parametrize("name", LIMITS)
async def test_any_limit_of_the_table_is_counted_by_its_name_as_its_setting_says(
    limits: Make, address: str, name: str
) -> None:
    setting, window = LIMITS[name]
    made = limits(**{setting: 2 * STRANGERS})
    allowed = 2 if name == "login-stranger" else 2 * STRANGERS
    assert await _passed(*(made.count(name, address) for _ in range(20))) == allowed
    assert made.refused == Counter(dict.fromkeys(LIMITS, 0) | {name: 20 - allowed})
    with pytest.raises(RateLimited) as refused:
        await made.count(name, address)
    assert (refused.value.policy, refused.value.window) == (name, window)


async def test_two_processes_count_together(limits: Make, address: str) -> None:
    first, second = limits(login_limit=5), limits(login_limit=5)
    attempts = [made.login("bea", address) for _ in range(20) for made in (first, second)]
    assert await _passed(*attempts) == 5


async def test_each_account_and_address_is_counted_by_itself(limits: Make, address: str) -> None:
    made = limits(login_limit=1)
    for username, origin in [("cai", address), ("dan", address), ("cai", f"{address}9")]:
        assert await _passed(*(made.login(username, origin) for _ in range(3))) == 1


async def test_one_address_shares_one_allowance_for_all_names(limits: Make, address: str) -> None:
    made = limits(login_address_limit=6)
    assert await _passed(*(made.login(f"name{n}", address) for n in range(10))) == 6
    assert await _passed(made.login("name1", f"{address}9")) == 1


async def test_registrations_are_counted_by_themselves(limits: Make, address: str) -> None:
    made = limits(register_limit=2, login_address_limit=1)
    await made.login("fay", address)
    assert await _passed(*(made.register(address) for _ in range(5))) == 2


async def test_strangers_together_do_not_get_far_and_the_owner_never_hears_of_them(
    limits: Make, address: str
) -> None:
    made = limits(login_account_limit=20)
    await made.remember("gus", address)
    botnet = [f"198.51.100.{n}" for n in range(200)]
    assert await _passed(*(made.login("gus", one) for one in botnet)) == 20
    assert await _passed(made.login("gus", "203.0.113.77")) == 0
    assert await _passed(*(made.login("gus", address) for _ in range(10))) == 10


async def test_one_stranger_alone_can_not_use_up_what_an_account_takes_of_strangers(
    limits: Make, address: str
) -> None:
    made = limits(login_limit=1000, login_account_limit=20)
    assert await _passed(*(made.login("hal", address) for _ in range(100))) == 20 // STRANGERS
    assert await _passed(made.login("hal", f"{address}9")) == 1


async def test_a_refused_attempt_is_not_counted(limits: Make, address: str) -> None:
    made = limits(login_limit=2, login_address_limit=3)
    await _passed(*(made.login("ida", address) for _ in range(50)))
    assert await _passed(*(made.login(f"ida{n}", address) for n in range(5))) == 1


async def test_of_no_window_more_than_the_limit_pass(limits: Make) -> None:
    """At random times for three windows; what is told comes true as well."""
    made, charge = limits(), unused(limit=20, window=1)
    loop, passed = asyncio.get_running_loop(), []
    chance = random.Random(7)
    until = loop.time() + 3
    while loop.time() < until:
        try:
            standing = await made.lane.submit([charge])
            passed.append(loop.time())
            recent = [one for one in passed if one > passed[-1] - 1]
            assert len(recent) <= 20
            assert standing.remaining <= 20 - len(recent)
        except RateLimited:
            await asyncio.sleep(chance.choice([0, 0.03, 0.2]))
    assert len(passed) >= 50, "it lets through what it promises"


async def test_what_is_left_is_told(limits: Make, address: str) -> None:
    made = limits(login_limit=3)
    standings = [await made.login("jon", address) for _ in range(3)]
    assert [one and one.remaining for one in standings] == [2, 1, 0]
    for one in standings:
        assert one
        assert one.policy == Policy("login", 3, MINUTE)
        assert MINUTE - 1 <= one.seconds <= LONGEST
    with pytest.raises(RateLimited) as caught:
        await made.login("jon", address)
    assert (caught.value.policy, caught.value.limit) == ("login", 3)
    assert made.refused["login"] == 1


async def test_what_is_written_is_counted_by_the_day_and_told_only_when_refused(
    limits: Make,
) -> None:
    made, account_id = limits(writes_a_day=3), next(_COUNTER) + 10**12
    reads, writes = made.user(account_id), made.user(account_id, writes=True)
    assert await _passed(*(made.lane.submit(writes) for _ in range(9))) == 3
    assert await _passed(*(made.lane.submit(reads) for _ in range(9))) == 9, (
        "beside it, all goes on"
    )
    [told] = await made.decide([reads])
    assert told.policy.name == "user"
    with pytest.raises(RateLimited) as caught:
        await made.lane.submit(writes)
    assert (caught.value.policy, caught.value.limit, caught.value.window) == ("writes", 3, DAY)
    assert 22 * 3600 < caught.value.retry_after <= DAY + DAY // SLICES
    assert made.refused["writes"] == 7


async def test_every_count_ends_by_itself(limits: Make, deps: Deps, address: str) -> None:
    made = limits()
    before = set(await deps.redis.keys("limit:*"))
    await made.login("kim", address)
    keys = set(await deps.redis.keys("limit:*")) - before
    assert len(keys) == 4
    assert 0 < min([await deps.redis.ttl(key) for key in keys]) <= LONGEST


async def test_no_key_tells_who_it_was(limits: Make, deps: Deps) -> None:
    made = limits()
    await made.login("hunter2-typed-as-a-name", "203.0.113.201")
    await made.remember("hunter2-typed-as-a-name", "203.0.113.201")
    keys = b" ".join(await deps.redis.keys("*"))
    assert b"hunter2" not in keys
    assert b"known:203" not in keys


async def test_a_clock_that_was_set_back_locks_nobody_out(limits: Make, deps: Deps) -> None:
    made, charge = limits(), unused(limit=2, window=60)
    assert await _passed(*(made.lane.submit([charge]) for _ in range(3))) == 2
    script = b"local s = cmsgpack.unpack(redis.call('GET', KEYS[1])) s[1] = s[1] + 1000 "
    await deps.redis.eval(script + b"redis.call('SET', KEYS[1], cmsgpack.pack(s))", 1, charge.key)
    assert await _passed(*(made.lane.submit([charge]) for _ in range(3))) == 2


async def test_all_counters_share_a_slot_of_a_cluster(limits: Make, deps: Deps) -> None:
    before = set(await deps.redis.keys("limit:*"))
    made = limits()
    await made.login("lea", "2001:db8::1")
    await made.register("203.0.113.5")
    await made.visit("203.0.113.5")
    keys = set(await deps.redis.keys("limit:*")) - before
    assert {key.partition(b"{")[2].partition(b"}")[0] for key in keys} == {b"limit"}


async def test_switched_off_it_counts_nothing(deps: Deps, address: str) -> None:
    made = Limits(deps.redis, dataclasses.replace(deps.settings, rate_limit=False, login_limit=1))
    before = await deps.redis.dbsize()
    for _ in range(5):
        assert await made.login("mia", address) is None
        assert await made.register(address) is None
        assert await made.visit(address) is None
        await made.remember("mia", address)
    assert await deps.redis.dbsize() == before


async def test_without_redis_only_visitors_pass(deps: Deps, address: str) -> None:
    settings = dataclasses.replace(
        deps.settings, rate_limit=True, redis_url="redis://127.0.0.1:1/0"
    )
    client = redis.connect(settings, repeat=False)
    made = Limits(client, settings)
    for attempt in (made.login("ned", address), made.register(address)):
        with pytest.raises(Unavailable):
            await attempt
    for _ in range(3):
        assert await made.visit(address) is None
    assert made.uncounted == 3
    await client.aclose()
