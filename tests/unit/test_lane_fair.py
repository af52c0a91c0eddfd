"""lane.py: who asks most is not served first."""

import asyncio
from typing import Any, NamedTuple

from service.lane import Lane


class Item(NamedTuple):
    owner: str
    number: int


async def _sets(items: list[Item], batch: int) -> list[list[Item]]:
    """The sets in which a lane decides items that came in this order."""
    sets: list[list[Item]] = []

    async def decide(decided: list[Item]) -> list[Item]:
        sets.append(decided)
        return decided

    lane: Lane[Item, Item] = Lane(
        decide, width=1, batch=batch, queue=1000, patience=5.0, owner=lambda item: item.owner
    )
    assert await asyncio.gather(*map(lane.submit, items)) == items
    return sets


async def test_of_each_owner_one_goes_before_seconds_when_not_all_fit() -> None:
    crowd = [Item("greedy", n) for n in range(6)]
    sets = await _sets([*crowd, Item("modest", 1), Item("shy", 1)], batch=4)
    assert sets[0] == [crowd[0], Item("modest", 1), Item("shy", 1), crowd[1]]
    assert sets[1] == crowd[2:]


async def test_the_order_stays_where_all_fit() -> None:
    items: list[Any] = [Item("a", 1), Item("a", 2), Item("b", 1), Item("a", 3)]
    assert await _sets(items, batch=4) == [items]


async def test_each_owner_keeps_its_own_order() -> None:
    items = [Item(owner, n) for n in range(5) for owner in "aab"]
    sets = await _sets(items, batch=3)
    for owner in "ab":
        numbers = [item.number for one in sets for item in one if item.owner == owner]
        assert numbers == sorted(numbers)
