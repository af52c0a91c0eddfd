"""Moves in opposite directions: the locks are got in one order, so nobody waits in a circle."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from service.settings import Settings
from tests.cast import Given, Person
from tests.races import witness
from tests.races.seating import seated
from tests.races.wire import Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")


async def test_two_who_want_each_others_only_place_both_stay(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    slot_ids = await given.make_slots(100, minutes=10)
    seats = await seated(given, crowd, slot_ids)
    answers = await at_once(
        wire.move(seat.who, seat.id, slot_ids[n ^ 1]) for n, seat in enumerate(seats)
    )
    assert tally(answers) == {"slot_taken": 100}
    assert witness.seats(database, slot_ids) == {seat.slot_id: [seat.id] for seat in seats}


async def test_a_move_either_way_waits_for_the_lower_slot_and_holds_no_other(
    wire: Wire, given: Given, ada: Person, settings: Settings
) -> None:
    low, high = sorted(await given.make_slots(2))
    appointment = await given.make_appointment(ada, low)
    for target in (high, low):
        with closing(psycopg2.connect(settings.database_url)) as holder:
            cursor = holder.cursor()
            cursor.execute("SELECT FROM slot WHERE id = %s FOR UPDATE", [low])
            moving = asyncio.ensure_future(wire.move(ada, appointment, target))
            while not _is_waited_for(cursor):
                await asyncio.sleep(0.01)
            cursor.execute("SELECT FROM slot WHERE id = %s FOR UPDATE NOWAIT", [high])
            assert not moving.done()
        assert (await moving).status == 200


def _is_waited_for(cursor: Any) -> bool:
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
    )
    return bool(cursor.fetchone()[0])


async def test_two_who_change_places_where_there_is_room_both_arrive(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    seats = await seated(given, crowd, await given.make_slots(32, capacity=2))
    ids = [seat.id for seat in seats]
    for far in (1, 2, 4, 8):  # each round with another partner
        here = witness.whereabouts(database, ids)
        there = [here[ids[n ^ far]][0] for n in range(32)]
        answers = await at_once(
            wire.move(seat.who, seat.id, slot_id)
            for seat, slot_id in zip(seats, there, strict=True)
        )
        assert tally(answers) == {200: 32}
        now = witness.whereabouts(database, ids)
        assert [now[one][0] for one in ids] == there


async def test_a_move_and_its_way_back_never_tear_the_appointment(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    slot_ids = await given.make_slots(40)
    homes, others = slot_ids[:20], slot_ids[20:]
    seats = await seated(given, crowd, homes)
    for _ in range(10):
        calls = []
        for seat, other in zip(seats, others, strict=True):
            calls += [wire.move(seat.who, seat.id, other)]
            calls += [wire.move(seat.who, seat.id, seat.slot_id)]
        outcome = tally(await at_once(calls))
        assert set(outcome) <= {200, "same_slot"}
        assert outcome[200] >= 20
    now = witness.whereabouts(database, [seat.id for seat in seats])
    for seat, other in zip(seats, others, strict=True):
        assert now[seat.id][0] in (seat.slot_id, other)


async def test_a_row_in_which_everybody_moves_up_stays_a_row(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    slot_ids = await given.make_slots(31)
    waiting = await seated(given, crowd, slot_ids[:30])
    expected = {slot_ids[0]: []} | dict(
        zip(slot_ids[1:], ([seat.id] for seat in waiting), strict=True)
    )
    while waiting:
        answers = await at_once(
            wire.move(seat.who, seat.id, slot_ids[slot_ids.index(seat.slot_id) + 1])
            for seat in waiting
        )
        assert set(tally(answers)) <= {200, "slot_taken"}
        assert answers[-1].status == 200, "nobody is in front of the first of those who wait"
        waiting = [
            seat for seat, answer in zip(waiting, answers, strict=True) if answer.status != 200
        ]
    assert witness.seats(database, slot_ids) == expected


async def test_a_ring_with_one_gap_turns_without_losing_anybody(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    slot_ids = await given.make_slots(12)
    seats = await seated(given, crowd, slot_ids[:11])
    ids = [seat.id for seat in seats]
    turned = 0
    for _ in range(20):
        now = witness.whereabouts(database, ids)
        answers = await at_once(
            wire.move(seat.who, seat.id, slot_ids[(slot_ids.index(now[seat.id][0]) + 1) % 12])
            for seat in seats
        )
        assert set(tally(answers)) <= {200, "slot_taken"}
        assert tally(answers)[200] >= 1
        turned += tally(answers)[200]
    assert len(witness.steps(database, ids)) == turned
    assert sorted(map(len, witness.seats(database, slot_ids).values())) == [0] + [1] * 11
