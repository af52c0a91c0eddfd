"""One person at many places at once, where nobody may have two appointments at one time."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from tests.cast import Given, Person
from tests.races.conftest import Running
from tests.races.wire import at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")

OVERLAPS = """
SELECT count(*)
  FROM appointment AS one
  JOIN appointment AS other ON other.account_id = one.account_id AND other.id > one.id
  JOIN slot AS here ON here.id = one.slot_id
  JOIN slot AS there ON there.id = other.slot_id
 WHERE one.account_id = ANY (%s) AND one.status = 'booked' AND other.status = 'booked'
   AND here.starts_at < there.ends_at AND here.ends_at > there.starts_at
"""


def overlaps(database: Any, people: Sequence[Person]) -> int:
    with database.cursor() as cursor:
        cursor.execute(OVERLAPS, [[one.id for one in people]])
        return int(cursor.fetchone()[0])


async def test_of_many_bookings_at_one_time_a_person_gets_one(
    running: Running, given: Given, database: Any
) -> None:
    slot_ids = [(await given.make_slots(1, minutes=60))[0] for _ in range(5)]
    people = [await given.make_person(f"twin{n}") for n in range(4)]
    async with (
        running(customer_overlap="refuse") as one,
        running(customer_overlap="refuse", lane_batch=1) as other,
    ):
        answers = await at_once(
            (one, other)[n % 2].book(who, slot_id)
            for who in people
            for n, slot_id in enumerate(slot_ids)
        )
    assert set(tally(answers)) <= {201, "limit_reached", "slot_taken"}
    assert 1 <= tally(answers)[201] <= len(people)
    assert overlaps(database, people) == 0


async def test_bookings_moves_and_sets_leave_nobody_at_two_places(
    running: Running, given: Given, admin: Person, database: Any
) -> None:
    columns = [await given.make_slots(3, minutes=60) for _ in range(3)]
    slot_ids = [one for slots in columns for one in slots]
    people = [await given.make_person(f"triplet{n}") for n in range(3)]
    outcomes = []
    chance = random.Random(7)
    async with (
        running(customer_overlap="refuse") as one,
        running(customer_overlap="refuse") as other,
    ):
        ids: list[int] = []
        for _ in range(12):
            calls = [
                (one, other)[n % 2].book(who, chance.choice(slot_ids))
                for n, who in enumerate(people * 2)
            ]
            if len(ids) > 1:
                for n in range(4):
                    some = chance.sample(ids, 2)
                    body = [
                        {"appointment": appointment, "new_slot": chance.choice(slot_ids)}
                        for appointment in some
                    ]
                    calls.append((one, other)[n % 2].call("POST", "/api/moves/", body, who=admin))
                    calls.append((one, other)[n % 2].move(admin, some[0], chance.choice(slot_ids)))
            answers = await at_once(calls)
            outcomes += answers
            ids += [answer.json["id"] for answer in answers if answer.status == 201]
            assert overlaps(database, people) == 0
    told = tally(outcomes)
    assert told[201] > 1
    assert told["limit_reached"] > 1
    allowed = {200, 201, "limit_reached", "slot_taken", "already_booked", "same_slot", "busy"}
    assert set(told) <= allowed, told
