"""deadline.py: nobody waits longer than the request has."""

import asyncio
import math
import time

import pytest

from service import deadline
from service.errors import Unavailable
from service.lane import Lane


async def test_outside_of_a_request_there_is_none() -> None:
    assert deadline.until() == math.inf
    assert deadline.left(2.5) == 2.5


async def test_it_is_shared_out_and_then_nothing_is_begun() -> None:
    deadline.begin(0.2)
    assert deadline.left(0.1) == 0.1
    assert 0.1 < deadline.left(5.0) <= 0.15
    await asyncio.sleep(0.16)
    with pytest.raises(Unavailable):
        deadline.left(5.0)


async def test_each_task_has_its_own() -> None:
    async def request(seconds: float) -> float:
        deadline.begin(seconds)
        await asyncio.sleep(0.01)
        return deadline.left(100.0)

    first, second = await asyncio.gather(request(1.0), request(50.0))
    assert first < 1.0 < 49.0 < second
    assert deadline.until() == math.inf


async def test_a_set_is_given_up_with_the_first_of_those_in_it() -> None:
    seen = []

    async def decide(items: list[str]) -> list[str]:
        seen.append(deadline.until() - time.monotonic())
        return items

    lane: Lane[str, str] = Lane(decide, width=1, batch=8, queue=8, patience=1.0)

    async def request(seconds: float) -> str:
        deadline.begin(seconds)
        return await lane.submit("x")

    await asyncio.gather(request(9.0), request(2.0), request(30.0))
    await request(30.0)
    assert [round(left) for left in seen] == [2, 30]
