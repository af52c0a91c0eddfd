"""Bookings, moves and cancellations at random over few slots, each storm from one seed."""

from collections.abc import Sequence

import pytest

from tests.cast import Given, Person
from tests.races import witness
from tests.races.conftest import Running
from tests.races.storm import ALLOWED, Hold, Storm, most_at_once
from tests.races.wire import Wire

pytestmark = pytest.mark.usefixtures("unbroken")


def agree(storm: Storm, database: object, capacity: int) -> None:
    """What the callers were told, what they can prove, and what PostgreSQL says are one story."""
    assert set(storm.outcomes) <= ALLOWED
    assert all(most <= capacity for most in most_at_once(storm.holds).values())
    now = witness.whereabouts(database, storm.booked)
    assert {one: slot_id for one, (slot_id, status) in now.items() if status == "booked"} == (
        storm.active
    )
    seated = witness.seats(database, storm.slot_ids).values()
    assert sorted(one for some in seated for one in some) == sorted(storm.active)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_one_server(
    seed: int, wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    slot_ids = await given.make_slots(6, capacity=seed)
    storm = Storm([wire], slot_ids, seed)
    await storm.blow(crowd[:30], rounds=30)
    agree(storm, database, capacity=seed)
    assert storm.outcomes[201] >= 6 * seed


async def test_two_servers(
    wire: Wire, running: Running, given: Given, crowd: Sequence[Person], database: object
) -> None:
    slot_ids = await given.make_slots(8)
    async with running() as other:
        storm = Storm([wire, other], slot_ids, seed=4)
        await storm.blow(crowd[:40], rounds=30)
    agree(storm, database, capacity=1)
    assert storm.outcomes[201] >= 8


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("batch", [1, 64])
@pytest.mark.parametrize("prepare", [True, False])
async def test_lanes_of_every_shape(
    width: int,
    batch: int,
    prepare: bool,
    running: Running,
    given: Given,
    crowd: Sequence[Person],
    database: object,
) -> None:
    slot_ids = await given.make_slots(6)
    async with running(lane_width=width, lane_batch=batch, prepare=prepare) as wire:
        storm = Storm([wire], slot_ids, seed=10 * width + batch)
        await storm.blow(crowd[:30], rounds=8)
    agree(storm, database, capacity=1)
    assert storm.outcomes[201] >= 6


def test_the_proof_sees_a_place_held_twice() -> None:
    apart = [Hold(1, 0.0, 1.0), Hold(1, 1.0, 2.0), Hold(2, 0.5, 1.5)]
    assert most_at_once(apart) == {1: 1, 2: 1}
    assert most_at_once([*apart, Hold(1, 0.9, 1.1)])[1] == 2
