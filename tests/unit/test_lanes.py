"""deps.py: the lanes of a process, each by the function that makes it."""

from typing import Any

import pytest

from service.booking.appointment.book import BookItem, booking_lane
from service.deps import Deps, Lanes, named_lane
from service.errors import NotFound
from service.lane import Lane
from tests.cast import Person


async def test_a_rule_finds_its_lane_by_what_makes_it(deps: Deps, ada: Person) -> None:
    lane = deps.lanes[booking_lane]
    assert lane is deps.lanes.by_name()["booking"]
    with pytest.raises(NotFound):
        await lane.submit(BookItem(ada.id, 0, "", False, "", ""))


async def test_a_process_has_every_lane_once_and_they_are_its_own(deps: Deps) -> None:
    other = Lanes()
    other.open(deps)
    ours, others = deps.lanes.by_name(), other.by_name()
    assert list(ours) == list(others)
    assert len({*ours.values(), *others.values()}) == 2 * len(ours)
    await other.close()


def test_a_name_that_another_lane_has_is_a_mistake() -> None:
    def another(deps: Deps) -> Lane[Any, Any]:
        raise AssertionError

    with pytest.raises(AssertionError, match="two lanes are called booking"):
        named_lane("booking")(another)
