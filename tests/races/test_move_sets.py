"""Sets of moves beside each other, beside single moves, bookings and cancellations."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest

from tests.cast import Given, Person
from tests.races import witness
from tests.races.conftest import Running
from tests.races.seating import seated
from tests.races.times import Place, Times, hours, opened, whereabouts
from tests.races.wire import Answer, Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")

ALLOWED = {200, 201, "slot_taken", "already_booked", "same_slot", "not_active", "busy"}
SEATS = """
SELECT array_agg(appointment.slot_id ORDER BY appointment.id), max(appointment.place),
       max(slot.capacity), bool_or(slot.deleted_at IS NOT NULL)
  FROM appointment
  JOIN slot ON slot.id = appointment.slot_id
 WHERE appointment.id = ANY (%s)
"""


async def moved(wire: Wire, who: Person, *moves: tuple[int, int], key: str = "") -> Answer:
    body = [{"appointment": one, "new_slot": slot_id} for one, slot_id in moves]
    return await wire.call("POST", "/api/moves/", body, who=who, key=key)


async def test_nobody_sees_a_half_of_a_set(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person, database: Any
) -> None:
    slot_ids = await given.make_slots(3)
    ids = [seat.id for seat in await seated(given, crowd, slot_ids)]
    done = asyncio.Event()
    seen = set()

    async def look() -> None:
        while not done.is_set():
            with database.cursor() as cursor:
                cursor.execute(SEATS, [ids])
                where, place, capacity, gone = cursor.fetchone()
            assert (sorted(where), place, capacity, gone) == (slot_ids, 1, 1, False)
            seen.add(tuple(where))
            await asyncio.sleep(0)

    looking = asyncio.ensure_future(look())
    for turn in range(1, 31):
        targets = slot_ids[turn % 3 :] + slot_ids[: turn % 3]
        assert (await moved(wire, admin, *zip(ids, targets, strict=True))).status == 200
    done.set()
    await looking
    assert len(seen) > 1


async def test_a_swap_asked_for_by_many_is_done_by_each_in_turn_or_refused(
    wire: Wire,
    running: Running,
    given: Given,
    crowd: Sequence[Person],
    admin: Person,
    database: Any,
) -> None:
    slot_ids = await given.make_slots(2)
    ids = [seat.id for seat in await seated(given, crowd, slot_ids)]
    ways = [list(zip(ids, targets, strict=True)) for targets in (slot_ids, slot_ids[::-1])]
    async with running() as other:
        answers = await at_once(
            moved((wire, other)[n % 2], admin, *ways[n // 2 % 2]) for n in range(40)
        )
    assert set(tally(answers)) <= {200, "same_slot", "busy"}
    steps = witness.steps(database, ids)
    assert len(steps) == 2 * tally(answers)[200] > 0
    assert sorted(witness.seats(database, slot_ids).values()) == [[one] for one in ids]


async def test_sets_single_moves_bookings_and_cancellations_at_random(
    wire: Wire,
    running: Running,
    given: Given,
    crowd: Sequence[Person],
    admin: Person,
    database: Any,
) -> None:
    slot_ids = await given.make_slots(10)
    slot_ids += await given.make_slots(2, capacity=3)
    active = {seat.id: seat.who for seat in await seated(given, crowd, slot_ids[:8])}
    outcomes: list[Answer] = []

    async def act(wire: Wire, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(15):
            ids = list(active)
            wish = chance.random()
            if wish < 0.6:
                some = chance.sample(ids, 3)
                targets = [chance.choice(slot_ids) for _ in some]
                answer = await moved(wire, admin, *zip(some, targets, strict=True))
            elif wish < 0.8:
                answer = await wire.move(admin, chance.choice(ids), chance.choice(slot_ids))
            elif wish < 0.9 and len(ids) > 6:
                one = chance.choice(ids)
                who = active.pop(one)
                answer = await wire.cancel(who, one)
            else:
                who = chance.choice(crowd)
                answer = await wire.book(who, chance.choice(slot_ids))
                if answer.status == 201:
                    active[answer.json["id"]] = who
            outcomes.append(answer)

    async with running() as other:
        await asyncio.gather(*(act((wire, other)[n % 2], n) for n in range(20)))
    assert set(tally(outcomes)) <= ALLOWED, tally(outcomes)
    assert tally(outcomes)[200] > 20
    assert whereabouts(database, list(active)).keys() == active.keys()


@pytest.mark.parametrize(
    "terms", [{}, {"capacity": 2}, {"room": True}], ids=["alone", "group", "room"]
)
async def test_sets_of_times_beside_single_ones(
    terms: dict[str, Any],
    wire: Wire,
    running: Running,
    given: Given,
    crowd: Sequence[Person],
    admin: Person,
    database: Any,
) -> None:
    provider_id = await opened(wire, given, admin)
    rule = {k: v for k, v in terms.items() if k != "room"}
    if "room" in terms:
        rule["needs"] = {"room": [await given.make_provider()]}
    service_id = await given.make_service(provider_id, duration_minutes=60, **rule)
    at = hours(6)
    times = Times(wire, [Place(service_id, provider_id, one) for one in at])
    booked = [await times.book(who, n) for n, who in enumerate(crowd[:4])]
    ids = [answer.json["id"] for answer in booked]
    outcomes: list[Answer] = []

    async def act(wire: Wire, seed: int) -> None:
        chance = random.Random(seed)
        mine = Times(wire, times.places)
        for _ in range(10):
            if chance.random() < 0.7:
                some = chance.sample(ids, 2)
                body = [
                    {"appointment": one, "starts_at": chance.choice(at).isoformat()} for one in some
                ]
                answer = await wire.call("POST", "/api/moves/", body, who=admin)
            else:
                answer = await mine.move(admin, chance.choice(ids), chance.randrange(6))
            outcomes.append(answer)

    async with running() as other:
        await asyncio.gather(*(act((wire, other)[n % 2], n) for n in range(12)))
    assert set(tally(outcomes)) <= ALLOWED, tally(outcomes)
    assert tally(outcomes)[200] > 5
    assert whereabouts(database, ids).keys() == set(ids)
