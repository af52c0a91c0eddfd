"""lane.py: LATER and LOCKED, the results of an item whose turn has not come yet."""

import asyncio
import time
from typing import Any

from service.errors import Busy, Unavailable
from service.lane import AGAIN, LATER, LOCKED, PAUSE, Lane


def _lane(decide: Any, **options: Any) -> Lane[Any, Any]:
    return Lane(decide, **{"width": 1, "batch": 2, "queue": 1000, "patience": 5.0} | options)


async def test_it_waits_for_its_turn_however_often_that_has_not_come() -> None:
    left = 50

    async def decide(items: list[Any]) -> list[Any]:
        nonlocal left
        left -= 1
        return items if left == 0 else [LATER for _ in items]

    assert await _lane(decide, tries=3).submit("patient") == "patient"


async def test_when_its_patience_is_over_it_hears_busy() -> None:
    async def decide(items: list[Any]) -> list[Any]:
        await asyncio.sleep(0.01)
        return [LATER for _ in items]

    began = asyncio.get_running_loop().time()
    [result] = await asyncio.gather(_lane(decide, patience=0.1).submit(1), return_exceptions=True)
    assert isinstance(result, Busy)
    assert asyncio.get_running_loop().time() - began < 3


async def test_those_behind_it_go_first() -> None:
    sets = []

    async def decide(items: list[Any]) -> list[Any]:
        sets.append(items)
        await asyncio.sleep(0)
        return [LATER if item == "held" and len(sets) < 4 else item for item in items]

    items = ["held", "held", 1, 2, 3, 4]
    assert await asyncio.gather(*map(_lane(decide).submit, items)) == items
    assert sets == [["held", "held"], [1, 2], [3, 4], ["held", "held"]]


async def test_those_who_are_decided_again_stay_at_the_head_and_in_order() -> None:
    sets = []

    async def decide(items: list[Any]) -> list[Any]:
        sets.append(items)
        await asyncio.sleep(0)
        return [AGAIN for _ in items] if len(sets) == 1 else items

    assert await asyncio.gather(*map(_lane(decide).submit, [1, 2, 3])) == [1, 2, 3]
    assert sets == [[1, 2], [1, 2], [3]]


async def test_what_is_locked_holds_up_nobody_and_comes_again_after_a_pause() -> None:
    locked, sets = True, []

    async def decide(items: list[Any]) -> list[Any]:
        sets.append(items)
        return [LOCKED if item == "held" and locked else item for item in items]

    lane = _lane(decide, width=1, batch=10)
    held = asyncio.ensure_future(lane.submit("held"))
    assert await lane.submit(1) == 1
    assert (held.done(), lane.waiting) == (False, 1)
    since = time.monotonic()
    await asyncio.sleep(2.5 * PAUSE)
    pauses = (time.monotonic() - since) / PAUSE
    assert len(sets) <= 2 + pauses, "it does not ask without a pause"
    locked = False
    assert await held == "held"


async def test_what_is_locked_for_long_is_decided_alone_one_after_the_other() -> None:
    at_once = 0

    async def decide(items: list[Any]) -> list[Any]:
        return [LOCKED if item in ("a", "b") else item for item in items]

    async def wait(items: list[Any]) -> list[Any]:
        nonlocal at_once
        at_once += 1
        assert (len(items), at_once) == (1, 1)
        await asyncio.sleep(0.02)
        at_once -= 1
        if items == ["b"]:
            raise Unavailable
        return items

    lane = _lane(decide, tries=2, alone=wait)
    asked = [lane.submit("a"), lane.submit("b"), lane.submit(1)]
    one, other, third = await asyncio.gather(*asked, return_exceptions=True)
    assert (one, third) == ("a", 1)
    assert isinstance(other, Unavailable)
    assert lane.waiting == 0


async def test_who_waits_for_a_lock_beyond_its_patience_hears_unavailable() -> None:
    async def decide(items: list[Any]) -> list[Any]:
        return [LOCKED for _ in items]

    async def wait(items: list[Any]) -> list[Any]:
        await asyncio.sleep(1.2)
        return items

    lane = _lane(decide, tries=0, alone=wait, patience=1.0)
    first, second = await asyncio.gather(lane.submit(1), lane.submit(2), return_exceptions=True)
    assert first == 1
    assert isinstance(second, Unavailable)
    await lane.close()


async def test_closing_waits_for_those_who_come_again() -> None:
    left = 3

    async def decide(items: list[Any]) -> list[Any]:
        nonlocal left
        left -= 1
        return [LOCKED for _ in items] if left else items

    lane = _lane(decide)
    asked = asyncio.ensure_future(lane.submit(1))
    await asyncio.sleep(0)
    await lane.close()
    assert asked.done()


async def test_what_ended_by_chance_comes_again_after_a_pause() -> None:
    """A deadlock, for one: nothing was done, and it may well be done the next time."""
    left = 3

    async def decide(items: list[Any]) -> list[Any]:
        nonlocal left
        left -= 1
        if left:
            unavailable = Unavailable()
            unavailable.again = True
            raise unavailable
        return items

    assert await asyncio.gather(*map(_lane(decide).submit, [1, 2])) == [1, 2]
