"""limits.py: exactly as many as allowed, however many try at once."""

import asyncio
import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from service.deps import Deps
from service.errors import RateLimited
from service.limits import WINDOW, Limits

_COUNTER = itertools.count(1)
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


async def _passed(*attempts: Any) -> int:
    """How many got through; the others were refused and told how long to wait."""
    results = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [one for one in results if one is not None]
    for one in refused:
        assert isinstance(one, RateLimited)
        assert 1 <= one.retry_after <= WINDOW
    return len(results) - len(refused)


@pytest.mark.parametrize("allowed", [1, 7, 20])
async def test_of_many_at_once_exactly_as_many_as_allowed_pass(
    limits: Make, address: str, allowed: int
) -> None:
    made = limits(login_limit=allowed)
    assert await _passed(*(made.login("ada", address) for _ in range(100))) == allowed
    assert await _passed(*(made.login("ada", address) for _ in range(10))) == 0


async def test_two_processes_count_together(limits: Make, address: str) -> None:
    first, second = limits(login_limit=5), limits(login_limit=5)
    attempts = [made.login("ada", address) for _ in range(20) for made in (first, second)]
    assert await _passed(*attempts) == 5


async def test_each_account_and_address_is_counted_by_itself(limits: Make, address: str) -> None:
    made = limits(login_limit=1)
    for username, origin in [("ada", address), ("ben", address), ("ada", f"{address}9")]:
        assert await _passed(*(made.login(username, origin) for _ in range(3))) == 1


async def test_spelling_does_not_help(limits: Make, address: str) -> None:
    made = limits(login_limit=2)
    spellings = ["ada", "ADA", "Ada", "aDa"]
    assert await _passed(*(made.login(username, address) for username in spellings)) == 2


async def test_one_address_shares_one_allowance_for_all_names(limits: Make, address: str) -> None:
    made = limits(login_limit=100, address_limit=6)
    attempts = [made.login(f"name{n}", address) for n in range(10)]
    assert await _passed(*attempts, made.register(address), made.register(address)) == 6
    assert await _passed(made.register(f"{address}9")) == 1


async def test_a_refused_attempt_is_not_counted(limits: Make, deps: Deps, address: str) -> None:
    made = limits(login_limit=2, address_limit=10)
    await _passed(*(made.login("ada", address) for _ in range(50)))
    assert await deps.redis.get(f"limit:address:{address}") == b"2"


async def test_every_count_ends_by_itself(limits: Make, deps: Deps, address: str) -> None:
    await _passed(limits(login_limit=2).login("ada", address))
    keys = await deps.redis.keys(f"limit:*{address}*")
    assert len(keys) == 2
    for key in keys:
        assert 0 < await deps.redis.ttl(key) <= WINDOW
        await deps.redis.delete(key)
    assert await _passed(*(limits(login_limit=2).login("ada", address) for _ in range(5))) == 2


async def test_switched_off_it_counts_nothing(limits: Make, deps: Deps, address: str) -> None:
    made = Limits(deps.redis, dataclasses.replace(deps.settings, rate_limit=False, login_limit=1))
    assert await _passed(*(made.login("ada", address) for _ in range(5))) == 5
    assert await deps.redis.keys(f"limit:*{address}*") == []
