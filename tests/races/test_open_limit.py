"""One person may have so many coming appointments, however many requests ask at once."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from tests.cast import Given, Person
from tests.races import witness
from tests.races.conftest import Running
from tests.races.wire import at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")


NAMES = (f"keen{number}" for number in itertools.count())


async def newcomers(given: Given, count: int) -> list[Person]:
    """People without any appointment."""
    return [await given.make_person(next(NAMES)) for _ in range(count)]


def open_count(database: Any, slot_ids: Sequence[int]) -> int:
    return sum(map(len, witness.seats(database, slot_ids).values()))


@pytest.mark.parametrize("batch", [1, 7, 64])
async def test_of_40_slots_at_once_one_person_gets_three(
    batch: int, running: Running, given: Given
) -> None:
    [keen] = await newcomers(given, 1)
    slot_ids = await given.make_slots(40)
    async with running(max_open_appointments=3, lane_batch=batch) as wire:
        answers = await at_once(wire.book(keen, slot_id) for slot_id in slot_ids)
        assert tally(answers) == {201: 3, "limit_reached": 37}
        mine = [answer.json["id"] for answer in answers if answer.status == 201]
        for appointment in mine:
            assert (await wire.cancel(keen, appointment)).status == 200
        answers = await at_once(wire.book(keen, slot_id) for slot_id in slot_ids)
        assert tally(answers) == {201: 3, "limit_reached": 37}


async def test_the_limit_is_each_persons_own(running: Running, given: Given) -> None:
    people = await newcomers(given, 20)
    slot_ids = await given.make_slots(200, minutes=5)
    async with running(max_open_appointments=2) as wire:
        answers = await at_once(
            wire.book(people[n % 20], slot_id) for n, slot_id in enumerate(slot_ids)
        )
        assert tally(answers) == {201: 40, "limit_reached": 160}
        names = [answer.json["user"] for answer in answers if answer.status == 201]
        assert sorted(names) == sorted(2 * [who.username for who in people])


async def test_two_servers_keep_it_together(
    running: Running, given: Given, database: object
) -> None:
    [keen] = await newcomers(given, 1)
    slot_ids = await given.make_slots(60)
    async with (
        running(max_open_appointments=5) as one,
        running(max_open_appointments=5) as other,
    ):
        answers = await at_once(
            (one, other)[n % 2].book(keen, slot_id) for n, slot_id in enumerate(slot_ids)
        )
    assert tally(answers) == {201: 5, "limit_reached": 55}
    assert open_count(database, slot_ids) == 5


async def test_whoever_loses_a_race_loses_none_of_the_limit(
    running: Running, given: Given, database: object
) -> None:
    people = await newcomers(given, 20)
    slot_ids = await given.make_slots(20)
    async with running(max_open_appointments=1) as wire:
        answers = await at_once(wire.book(who, slot_id) for slot_id in slot_ids for who in people)
        assert set(tally(answers)) <= {201, "slot_taken", "limit_reached", "busy"}
        assert tally(answers)[201] == 20, "each had a slot left and a wish for it"
    assert open_count(database, slot_ids) == 20
