"""lane.py: many requests decided together, none spoiled by its neighbour."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service.errors import Busy, OutcomeUnknown, SlotTaken, Unavailable
from service.lane import AGAIN, Lane

Decide = Callable[[list[Any]], Awaitable[list[Any]]]


class Recorder:
    """Decides by doubling what it is given, when told to; remembers every set."""

    def __init__(self, *, held: bool = False) -> None:
        self.sets: list[list[Any]] = []
        self.at_once = self.most_at_once = 0
        self.go = asyncio.Event()
        if not held:
            self.go.set()

    async def __call__(self, items: list[Any]) -> list[Any]:
        self.sets.append(items)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.go.wait()
        await asyncio.sleep(0)
        self.at_once -= 1
        return [2 * item for item in items]


def _lane(decide: Decide, **options: Any) -> Lane[Any, Any]:
    return Lane(decide, **{"width": 1, "batch": 64, "queue": 1000, "patience": 5.0} | options)


async def _all(lane: Lane[Any, Any], items: list[Any]) -> list[Any]:
    return await asyncio.gather(*map(lane.submit, items), return_exceptions=True)


async def _turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_lone_item_goes_out_at_once() -> None:
    decide = Recorder(held=True)
    waiting = asyncio.ensure_future(_lane(decide).submit(1))
    await _turns()
    assert decide.sets == [[1]], "no timer had to run out"
    decide.go.set()
    assert await waiting == 2


async def test_what_arrives_in_one_turn_is_one_set() -> None:
    decide = Recorder()
    assert await _all(_lane(decide), [1, 2, 3]) == [2, 4, 6]
    assert decide.sets == [[1, 2, 3]]


async def test_whoever_has_an_answer_sees_its_own_set_run_no_longer() -> None:
    decide = Recorder(held=True)
    lane = _lane(decide)

    async def ask() -> int:
        await lane.submit(1)
        return lane.running

    asking = asyncio.ensure_future(ask())
    await _turns()
    assert lane.running == 1
    decide.go.set()
    assert await asking == 0


async def test_what_arrives_meanwhile_is_the_next_set() -> None:
    decide = Recorder(held=True)
    lane = _lane(decide)
    first = asyncio.ensure_future(lane.submit(1))
    await _turns()
    others = [asyncio.ensure_future(lane.submit(n)) for n in (2, 3)]
    await _turns()
    others.append(asyncio.ensure_future(lane.submit(4)))
    await _turns()
    decide.go.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert decide.sets == [[1], [2, 3, 4]]


async def test_no_set_is_larger_and_no_more_run_than_allowed() -> None:
    decide = Recorder()
    results = await _all(_lane(decide, width=3, batch=4), list(range(50)))
    assert results == [2 * n for n in range(50)]
    assert max(map(len, decide.sets)) == 4
    assert decide.most_at_once == 3
    assert [n for one in decide.sets for n in one] == list(range(50)), "first come, first served"


async def test_equal_items_are_items_of_their_own() -> None:
    async def decide(items: list[Any]) -> list[Any]:
        return list(range(len(items)))

    assert await _all(_lane(decide), ["same", "same", "same"]) == [0, 1, 2]


async def test_a_refusal_reaches_only_whom_it_is_for() -> None:
    async def decide(items: list[Any]) -> list[Any]:
        return [SlotTaken(f"[{item}]") if item == 2 else item for item in items]

    one, two, three = await _all(_lane(decide), [1, 2, 3])
    assert (one, three) == (1, 3)
    assert isinstance(two, SlotTaken)
    assert two.alternatives == "[2]"


async def test_one_bad_item_never_spoils_its_neighbours() -> None:
    decided = []

    async def decide(items: list[Any]) -> list[Any]:
        if "bad" in items:
            raise ValueError("bad")
        decided.extend(items)
        return items

    results = await _all(_lane(decide), [1, "bad", 2, "bad", 3])
    assert [type(one) for one in results] == [int, ValueError, int, ValueError, int]
    assert decided == [1, 2, 3], "each exactly once"


@pytest.mark.parametrize("trouble", [OutcomeUnknown, Unavailable])
async def test_trouble_of_the_whole_set_reaches_everyone_and_nothing_is_repeated(
    trouble: type[Exception],
) -> None:
    calls = []

    async def decide(items: list[Any]) -> list[Any]:
        calls.append(items)
        raise trouble

    results = await _all(_lane(decide), [1, 2, 3])
    assert [type(one) for one in results] == 3 * [trouble]
    assert len({id(one) for one in results}) == 3, "an exception of one's own"
    assert calls == [[1, 2, 3]]


async def test_an_answer_of_the_wrong_length_leaves_nobody_waiting() -> None:
    async def decide(items: list[Any]) -> list[Any]:
        return items[1:]

    lane = _lane(decide)
    results = await asyncio.wait_for(_all(lane, [1, 2, 3]), 2)
    assert [type(one) for one in results] == 3 * [OutcomeUnknown]


async def test_again_is_decided_again_with_the_next_set() -> None:
    sets = []

    async def decide(items: list[Any]) -> list[Any]:
        sets.append(items)
        return [AGAIN if item in items[:n] else item for n, item in enumerate(items)]

    assert await _all(_lane(decide), [7, 7, 8]) == [7, 7, 8]
    assert sets == [[7, 7, 8], [7]]


async def test_again_and_again_ends_as_busy() -> None:
    calls = []

    async def decide(items: list[Any]) -> list[Any]:
        calls.append(items)
        return [AGAIN for _ in items]

    (result,) = await _all(_lane(decide, tries=3), [1])
    assert isinstance(result, Busy)
    assert len(calls) == 4


async def test_a_full_queue_refuses_at_once_and_recovers() -> None:
    decide = Recorder(held=True)
    lane = _lane(decide, queue=2)
    taken = [asyncio.ensure_future(lane.submit(1))]
    await _turns()
    taken += [asyncio.ensure_future(lane.submit(n)) for n in (2, 3)]
    await _turns()
    with pytest.raises(Unavailable):
        await lane.submit(4)
    decide.go.set()
    assert await asyncio.gather(*taken) == [2, 4, 6]
    assert await lane.submit(5) == 10
    assert [4] not in decide.sets


async def test_whoever_waited_too_long_is_refused_and_never_decided() -> None:
    decide = Recorder(held=True)
    lane = _lane(decide, patience=0.05)
    first = asyncio.ensure_future(lane.submit(1))
    await _turns()
    late = await asyncio.gather(lane.submit(2), lane.submit(3), return_exceptions=True)
    assert [type(one) for one in late] == [Unavailable, Unavailable]
    decide.go.set()
    assert await first == 2, "what has begun is finished, however long it takes"
    assert await lane.submit(4) == 8
    assert decide.sets == [[1], [4]]


async def test_whoever_has_gone_leaves_the_others_theirs() -> None:
    decide = Recorder(held=True)
    lane = _lane(decide)
    one, two, three = (asyncio.ensure_future(lane.submit(n)) for n in (1, 2, 3))
    await _turns()
    two.cancel()
    decide.go.set()
    assert await asyncio.gather(one, three) == [2, 6]
    assert two.cancelled()


async def test_closing_waits_for_everything_that_was_taken() -> None:
    decide = Recorder(held=True)
    lane = _lane(decide, batch=2)
    waiting = [asyncio.ensure_future(lane.submit(n)) for n in range(5)]
    await _turns()
    closing = asyncio.ensure_future(lane.close())
    await _turns()
    assert not closing.done()
    decide.go.set()
    await closing
    assert [one.result() for one in waiting] == [0, 2, 4, 6, 8]
