"""Many appointments move at once."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.cast import Given, Person
from tests.races import witness
from tests.races.seating import seated
from tests.races.wire import Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")


async def test_of_100_appointments_moved_onto_one_slot_one_arrives(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    target, *slot_ids = await given.make_slots(101, minutes=10)
    seats = await seated(given, crowd, slot_ids)
    answers = await at_once(wire.move(seat.who, seat.id, target) for seat in seats)
    assert tally(answers) == {200: 1, "slot_taken": 99}
    [(moved, left, _)] = witness.told(answers)
    stayed = {seat.slot_id: [seat.id] for seat in seats if seat.id != moved}
    assert witness.seats(database, [target, *slot_ids]) == stayed | {target: [moved], left: []}


async def test_of_100_appointments_moved_onto_five_places_five_arrive(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    [target] = await given.make_slots(1, capacity=5)
    seats = await seated(given, crowd, await given.make_slots(100, minutes=10))
    answers = await at_once(wire.move(seat.who, seat.id, target) for seat in seats)
    assert tally(answers) == {200: 5, "slot_taken": 95}
    arrived = sorted(moved for moved, _, _ in witness.told(answers))
    assert witness.seats(database, [target]) == {target: arrived}


async def test_moves_and_bookings_of_one_slot_meet_and_one_gets_it(
    wire: Wire, given: Given, crowd: Sequence[Person]
) -> None:
    for target in await given.make_slots(10):
        seats = await seated(given, crowd, await given.make_slots(20))
        calls = [wire.move(seat.who, seat.id, target) for seat in seats]
        calls += [wire.book(who, target) for who in crowd[20:40]]
        random.Random(target).shuffle(calls)
        outcome = tally(await at_once(calls))
        assert outcome["slot_taken"] == 39
        assert outcome[200] + outcome[201] == 1


async def test_200_who_move_from_one_big_slot_to_another_all_arrive(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    [home], [target] = [await given.make_slots(1, capacity=200) for _ in range(2)]
    seats = await seated(given, crowd, [home] * 200)
    answers = await at_once(wire.move(seat.who, seat.id, target) for seat in seats)
    assert tally(answers) == {200: 200}
    assert list(map(len, witness.seats(database, [home, target]).values())) == [0, 200]


async def test_4000_moves_over_40_slots_lose_nothing(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    chance = random.Random(4000)
    slot_ids = await given.make_slots(40)
    seats = await seated(given, crowd, slot_ids[:20])
    moves = [(seat, chance.choice(slot_ids)) for seat in seats for _ in range(200)]
    chance.shuffle(moves)
    answers = await at_once(wire.move(seat.who, seat.id, slot_id) for seat, slot_id in moves)
    outcome = tally(answers)
    assert set(outcome) <= {200, "slot_taken", "same_slot", "busy"}
    assert outcome[200] >= 100

    steps = witness.steps(database, [seat.id for seat in seats])
    assert Counter(witness.told(answers)) == Counter(steps)
    now = {seat.id: seat.slot_id for seat in seats}
    for moved, left, reached in steps:
        assert now[moved] == left
        now[moved] = reached
    assert witness.whereabouts(database, list(now)) == {
        moved: (slot_id, "booked") for moved, slot_id in now.items()
    }
    assert len(set(now.values())) == len(seats)
