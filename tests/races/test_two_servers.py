"""Two processes' worth of pools, lanes and locks on the same slots."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.cast import Given, Person
from tests.races import witness
from tests.races.conftest import Running
from tests.races.seating import seated
from tests.races.wire import Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")


async def test_each_slot_goes_to_one_racer_whichever_server_it_asked(
    wire: Wire, running: Running, given: Given, crowd: Sequence[Person]
) -> None:
    slot_ids = await given.make_slots(30)
    async with running() as other:
        wishes = [(slot_id, n) for slot_id in slot_ids for n in range(60)]
        random.Random(30).shuffle(wishes)
        answers = await at_once(
            (wire, other)[n % 2].book(crowd[n], slot_id) for slot_id, n in wishes
        )
    assert tally(answers) == {201: 30, "slot_taken": 30 * 59}
    got = Counter(answer.json["slot"]["id"] for answer in answers if answer.status == 201)
    assert got == dict.fromkeys(slot_ids, 1)


async def test_swaps_asked_of_both_in_opposite_order_all_arrive(
    wire: Wire, running: Running, given: Given, crowd: Sequence[Person], database: object
) -> None:
    slot_ids = await given.make_slots(64, capacity=2, minutes=15)
    seats = await seated(given, crowd, slot_ids)
    there = [slot_ids[n ^ 1] for n in range(64)]
    async with running() as other:
        answers = await at_once(
            (wire, other)[n % 2].move(seat.who, seat.id, there[n]) for n, seat in enumerate(seats)
        )
    assert tally(answers) == {200: 64}
    now = witness.whereabouts(database, [seat.id for seat in seats])
    assert [now[seat.id][0] for seat in seats] == there


async def test_the_same_moves_asked_of_both_happen_once(
    wire: Wire, running: Running, given: Given, crowd: Sequence[Person], database: object
) -> None:
    slot_ids = await given.make_slots(100, minutes=10)
    homes, targets = slot_ids[:50], slot_ids[50:]
    seats = await seated(given, crowd, homes)
    ids = [seat.id for seat in seats]
    async with running() as other:
        answers = await at_once(
            server.move(seat.who, seat.id, targets[n])
            for n, seat in enumerate(seats)
            for server in (wire, other)
        )
    assert tally(answers)[200] == 50
    assert set(tally(answers)) <= {200, "same_slot", "busy"}
    assert sorted(witness.told(answers)) == sorted(zip(ids, homes, targets, strict=True))
    assert sorted(witness.steps(database, ids)) == sorted(witness.told(answers))


async def test_a_crowd_between_two_big_slots_waits_its_turn_and_nobody_is_put_off(
    wire: Wire, running: Running, given: Given, crowd: Sequence[Person], database: object
) -> None:
    """All of them need the one lock on this pair of slots."""
    [one], [other] = [await given.make_slots(1, capacity=200) for _ in range(2)]
    seats = await seated(given, crowd, [one, other] * 100)
    async with running() as second:
        answers = await at_once(
            (wire, second)[n // 2 % 2].move(seat.who, seat.id, one + other - seat.slot_id)
            for n, seat in enumerate(seats)
        )
    assert tally(answers) == {200: 200}
    assert len(witness.steps(database, [seat.id for seat in seats])) == 200
