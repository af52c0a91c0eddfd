"""lane.py: who asks most is not served first."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from service.booking.appointment.book import BookItem, booking_lane
from service.booking.appointment.end import EndItem, ending_lane
from service.booking.appointment.read import ListItem, list_lane
from service.booking.appointment.reschedule import MoveItem, reschedule_lane
from service.booking.broad import Work, broad_lane
from service.deps import Deps
from service.errors import NotFound
from service.lane import Lane
from tests.cast import Person


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


LANES: dict[str, Callable[[Deps], Lane[Any, Any]]] = {
    "book": booking_lane,
    "end": ending_lane,
    "list": list_lane,
    "move": reschedule_lane,
    "work": broad_lane,
}


def _asked(lane: str, who: int) -> Any:
    """Something that this account asks of a lane, of appointments and slots that are not there."""
    end = ("cancel", "booked", "cancelled", False, "", "", 0)
    return {
        "book": BookItem(who, 0, "", False, "", ""),
        "end": EndItem(0, *end, who, 0, False, "", ""),
        "list": ListItem(who, 0, "", "-infinity", "infinity", 0, 1, False, ""),
        "move": MoveItem(0, 0, 0, who, 0, False, "", ""),
        "work": Work(who, lambda: asyncio.sleep(0)),
    }[lane]


@pytest.mark.parametrize("name", LANES)
async def test_in_lanes_of_signed_in_people_who_asks_much_goes_behind_who_asks_little(
    name: str, deps: Deps, ada: Person, ben: Person
) -> None:
    narrow = replace(deps.settings, lane_width=1, lane_batch=1)
    lane = LANES[name](replace(deps, settings=narrow))
    served = []

    async def ask(who: int) -> None:
        with contextlib.suppress(NotFound):
            await lane.submit(_asked(name, who))
        served.append(who)

    await asyncio.gather(*(ask(ada.id) for _ in range(10)), ask(ben.id))
    await lane.close()
    assert served.index(ben.id) <= 2
