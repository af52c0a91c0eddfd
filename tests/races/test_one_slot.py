"""Everybody wants the same slot."""

from collections.abc import Sequence

import pytest

from tests.cast import Given, Person
from tests.races import witness
from tests.races.wire import Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")


async def test_of_200_callers_exactly_one_gets_it(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    [slot_id] = await given.make_slots(1)
    answers = await at_once(wire.book(person, slot_id) for person in crowd)
    assert tally(answers) == {201: 1, "slot_taken": 199}
    [winner] = [answer for answer in answers if answer.status == 201]
    assert witness.seats(database, [slot_id]) == {slot_id: [winner.json["id"]]}


async def test_of_200_callers_five_get_one_of_five_places(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    [slot_id] = await given.make_slots(1, capacity=5)
    answers = await at_once(wire.book(person, slot_id) for person in crowd)
    assert tally(answers) == {201: 5, "slot_taken": 195}
    winners = sorted(answer.json["id"] for answer in answers if answer.status == 201)
    assert witness.seats(database, [slot_id]) == {slot_id: winners}


async def test_one_person_asking_100_times_at_once_gets_it_once(
    wire: Wire, given: Given, ada: Person
) -> None:
    [slot_id] = await given.make_slots(1)
    answers = await at_once(wire.book(ada, slot_id) for _ in range(100))
    assert tally(answers) == {201: 1, "slot_taken": 99}


async def test_every_answer_is_the_callers_own(
    wire: Wire, given: Given, crowd: Sequence[Person]
) -> None:
    [slot_id] = await given.make_slots(1, capacity=100)
    answers = await at_once(wire.book(person, slot_id) for person in crowd)
    assert tally(answers) == {201: 100, "slot_taken": 100}
    for person, answer in zip(crowd, answers, strict=True):
        if answer.status == 201:
            assert answer.json["user"] == person.username
    assert len({answer.json["id"] for answer in answers if answer.status == 201}) == 100


async def test_losers_are_offered_what_is_free(
    wire: Wire, given: Given, crowd: Sequence[Person]
) -> None:
    wanted, *others = await given.make_slots(4)
    answers = await at_once(wire.book(person, wanted) for person in crowd)
    for answer in answers:
        if answer.status == 409:
            assert [slot["id"] for slot in answer.json["alternatives"]] == others


async def test_a_slot_that_is_given_back_is_fought_for_again_50_times(
    wire: Wire, given: Given, crowd: Sequence[Person]
) -> None:
    [slot_id] = await given.make_slots(1)
    for _ in range(50):
        answers = await at_once(wire.book(person, slot_id) for person in crowd[:20])
        assert tally(answers) == {201: 1, "slot_taken": 19}
        [(winner, won)] = [
            (person, answer)
            for person, answer in zip(crowd[:20], answers, strict=True)
            if answer.status == 201
        ]
        assert (await wire.cancel(winner, won.json["id"])).status == 200
