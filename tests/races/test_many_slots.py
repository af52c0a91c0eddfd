"""Many slots, each wanted by many."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.cast import Given, Person
from tests.races import witness
from tests.races.wire import Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")


async def test_each_of_60_slots_goes_to_one_of_its_100_racers(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    chance = random.Random(60)
    slot_ids = await given.make_slots(60)
    wishes = [(who, slot_id) for slot_id in slot_ids for who in chance.sample(crowd, 100)]
    chance.shuffle(wishes)
    answers = await at_once(wire.book(who, slot_id) for who, slot_id in wishes)
    assert tally(answers) == {201: 60, "slot_taken": 5940}
    got = Counter(answer.json["slot"]["id"] for answer in answers if answer.status == 201)
    assert got == dict.fromkeys(slot_ids, 1)
    assert all(len(seated) == 1 for seated in witness.seats(database, slot_ids).values())


async def test_slots_of_every_size_are_filled_to_the_last_place_and_no_further(
    wire: Wire, given: Given, crowd: Sequence[Person]
) -> None:
    chance = random.Random(7)
    sizes = {}
    for size in (1, 2, 3, 7, 20, 64, 65, 100):
        [slot_id] = await given.make_slots(1, capacity=size)
        sizes[slot_id] = size
    wishes = [(who, slot_id) for slot_id in sizes for who in crowd[:120]]
    chance.shuffle(wishes)
    answers = await at_once(wire.book(who, slot_id) for who, slot_id in wishes)
    got = Counter(answer.json["slot"]["id"] for answer in answers if answer.status == 201)
    assert got == sizes
    assert tally(answers)["slot_taken"] == len(wishes) - sum(sizes.values())


async def test_nobody_is_refused_while_there_is_a_slot_for_each(
    wire: Wire, given: Given, crowd: Sequence[Person]
) -> None:
    slot_ids = await given.make_slots(len(crowd), minutes=5)
    answers = await at_once(
        wire.book(person, slot_id) for person, slot_id in zip(crowd, slot_ids, strict=True)
    )
    assert tally(answers) == {201: len(crowd)}
    assert [answer.json["slot"]["id"] for answer in answers] == slot_ids
