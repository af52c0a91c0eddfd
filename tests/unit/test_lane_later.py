"""lane.py: LATER, the result of an item whose turn has not come yet."""

import asyncio
from typing import Any

from service.errors import Busy
from service.lane import AGAIN, LATER, Lane


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
    assert asyncio.get_running_loop().time() - began < 0.5


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
