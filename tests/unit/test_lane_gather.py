"""lane.py: beside a set that is being decided, the next one grows before it goes out."""

import asyncio
import time
from typing import Any

import pytest

from service import lane as lane_module
from service.lane import Lane
from tests.unit.test_lane import Recorder, _turns


def _lane(decide: Recorder) -> Lane[Any, Any]:
    return Lane(decide, width=2, batch=8, queue=1000, patience=5.0)


async def test_few_wait_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "GATHER", 60.0)  # a busy machine must not end the wait
    decide = Recorder(held=True)
    lane = _lane(decide)
    waiting = [asyncio.ensure_future(lane.submit(1))]
    await _turns()
    for n in (2, 3, 4):
        waiting.append(asyncio.ensure_future(lane.submit(n)))
        await _turns()
        assert decide.sets == [[1]], "a small set went out beside another"
    decide.go.set()
    assert await asyncio.gather(*waiting) == [2, 4, 6, 8]
    assert decide.sets == [[1], [2, 3, 4]]


async def test_they_wait_a_moment_only() -> None:
    decide = Recorder(held=True)
    lane = _lane(decide)
    waiting = [asyncio.ensure_future(lane.submit(1))]
    await _turns()
    waiting += [asyncio.ensure_future(lane.submit(n)) for n in (2, 3)]
    until = time.monotonic() + 5.0
    while len(decide.sets) < 2 and time.monotonic() < until:
        await asyncio.sleep(0.001)
    assert decide.sets == [[1], [2, 3]], "a set that is stuck holds up nobody"
    decide.go.set()
    assert await asyncio.gather(*waiting) == [2, 4, 6]


async def test_half_a_batch_goes_out_at_once() -> None:
    decide = Recorder(held=True)
    lane = _lane(decide)
    waiting = [asyncio.ensure_future(lane.submit(n)) for n in (1,)]
    await _turns()
    waiting += [asyncio.ensure_future(lane.submit(n)) for n in (2, 3, 4, 5)]
    await _turns()
    assert decide.sets == [[1], [2, 3, 4, 5]]
    decide.go.set()
    await asyncio.gather(*waiting)


async def test_the_end_of_a_set_lets_the_next_go() -> None:
    decide = Recorder(held=True)
    lane = _lane(decide)
    waiting = [asyncio.ensure_future(lane.submit(n)) for n in (1,)]
    await _turns()
    waiting.append(asyncio.ensure_future(lane.submit(2)))
    await _turns()
    decide.go.set()
    await _turns()
    assert decide.sets == [[1], [2]]
    await asyncio.gather(*waiting)
