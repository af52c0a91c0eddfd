"""What a limit tells: whole seconds, rounded up, at least one to somebody who has to wait."""

import dataclasses

import pytest

from service.access.limits import Charge, Limits, Policy, Standing
from service.deps import Deps
from service.errors import RateLimited

FIRST, SECOND = Policy("first", 5, 60), Policy("second", 9, 60)
ASKS = [[Charge("one", FIRST), Charge("two", SECOND)]]


def limits_of(deps: Deps) -> Limits:
    return Limits(deps.redis, dataclasses.replace(deps.settings, rate_limit=True))


@pytest.mark.parametrize(
    ("milliseconds", "seconds"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)]
)
async def test_who_has_to_wait_waits_whole_seconds_and_at_least_one(
    deps: Deps, milliseconds: int, seconds: int
) -> None:
    limits = limits_of(deps)
    (told,) = limits.judged(ASKS, [2, -1, milliseconds])
    assert isinstance(told, RateLimited)
    assert (told.retry_after, told.policy, told.limit, told.window) == (seconds, *SECOND)
    assert +limits.refused == {"second": 1}  # those above 0


@pytest.mark.parametrize(("milliseconds", "seconds"), [(0, 0), (1, 1), (2000, 2)])
async def test_the_last_that_passes_is_told_of_its_own_counter(
    deps: Deps, milliseconds: int, seconds: int
) -> None:
    limits = limits_of(deps)
    assert limits.judged(ASKS, [1, 0, milliseconds]) == [Standing(FIRST, 0, seconds)]
    assert not +limits.refused
