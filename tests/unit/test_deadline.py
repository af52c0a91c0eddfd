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
    deadline.begin(200)
    assert deadline.left(100) == 100
    assert 100 < deadline.left(5000) <= 200 - deadline.ANSWERING
    deadline.begin(0.05)
    await asyncio.sleep(0.06)
    with pytest.raises(Unavailable):
        deadline.left(5.0)


async def test_each_task_has_its_own() -> None:
    async def request(seconds: float) -> float:
        deadline.begin(seconds)
        await asyncio.sleep(0.01)
        return deadline.left(1000.0)

    first, second = await asyncio.gather(request(60.0), request(500.0))
    assert first < 60.0 < 400.0 < second
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

    await asyncio.gather(request(900), request(200), request(3000))
    await request(3000)
    assert [round(left, -2) for left in seen] == [200, 3000]
