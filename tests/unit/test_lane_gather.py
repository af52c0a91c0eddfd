"""lane.py: beside a set that is being decided, the next one grows before it goes out."""

import asyncio
from typing import Any

from service.lane import GATHER, Lane
from tests.unit.test_lane import Recorder, _turns


def _lane(decide: Recorder) -> Lane[Any, Any]:
    return Lane(decide, width=2, batch=8, queue=1000, patience=5.0)


async def test_few_wait_a_moment_for_more() -> None:
    decide = Recorder(held=True)
    lane = _lane(decide)
    waiting = [asyncio.ensure_future(lane.submit(1))]
    await _turns()
    for n in (2, 3, 4):
        waiting.append(asyncio.ensure_future(lane.submit(n)))
        await _turns()
        assert decide.sets == [[1]], "a small set went out beside another"
    await asyncio.sleep(2 * GATHER)
    assert decide.sets == [[1], [2, 3, 4]], "a set that is stuck holds up nobody"
    decide.go.set()
    assert await asyncio.gather(*waiting) == [2, 4, 6, 8]


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
