"""A provider changes a slot while people book it."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.cast import Given, Person
from tests.races import witness
from tests.races.wire import Answer, Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")


async def test_a_slot_is_either_deleted_or_booked(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person, database: object
) -> None:
    async def delete(slot_id: int, after: float) -> Answer:
        await asyncio.sleep(after)
        return await wire.call("DELETE", f"/api/slots/{slot_id}/", who=admin)

    async def book(who: Person, slot_id: int, after: float) -> Answer:
        await asyncio.sleep(after)
        return await wire.book(who, slot_id)

    seen = set()
    for number, slot_id in enumerate(await given.make_slots(40)):
        lead = (number - 20) / 400  # seconds that the deletion is later: from -50 to 50 ms
        calls = [book(who, slot_id, max(-lead, 0)) for who in crowd[:10]]
        calls.append(delete(slot_id, max(lead, 0)))
        outcome = tally(await at_once(calls))
        seen.add(outcome[204])
        assert outcome in (
            {204: 1, "not_found": 10},
            {"slot_in_use": 1, 201: 1, "slot_taken": 9},
        )
        assert len(witness.seats(database, [slot_id])[slot_id]) == outcome[201]
    assert seen == {0, 1}


async def test_nobody_gets_in_after_the_provider_heard_that_it_is_closed(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person
) -> None:
    [slot_id] = await given.make_slots(1, capacity=1000)
    closed_at = float("inf")
    late: list[Answer] = []

    async def close() -> None:
        nonlocal closed_at
        await asyncio.sleep(0.05)
        body = {"status": "busy-unavailable"}
        closed = await wire.call("PATCH", f"/api/slots/{slot_id}/", body, who=admin)
        closed_at = time.monotonic()
        assert closed.status == 200

    async def keep_booking(who: Person) -> None:
        mine: list[Answer] = []
        while len(mine) < 3:
            sent_after = time.monotonic() > closed_at
            answer = await wire.book(who, slot_id)
            assert answer.status in (201, 409)
            if sent_after:
                mine.append(answer)
        late.extend(mine)

    await asyncio.gather(close(), *(keep_booking(who) for who in crowd[:20]))
    assert tally(late) == {"slot_taken": 60}


async def test_a_slot_never_has_fewer_places_than_appointments(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person, database: object
) -> None:
    for seed in range(15):
        [slot_id] = await given.make_slots(1, capacity=3)
        calls = [wire.book(who, slot_id) for who in crowd[:12]]
        sizes = [1, 2, 5, 2, 8, 1]
        path = f"/api/slots/{slot_id}/"
        calls += [wire.call("PATCH", path, {"capacity": size}, who=admin) for size in sizes]
        random.Random(seed).shuffle(calls)
        outcome = tally(await at_once(calls))
        assert set(outcome) <= {200, 201, "slot_taken", "slot_in_use"}
        slot = (await wire.call("GET", path, who=admin)).json
        assert slot["capacity"] - slot["remaining"] == outcome[201]
        assert len(witness.seats(database, [slot_id])[slot_id]) == outcome[201]


async def test_of_30_who_create_the_same_slot_one_does(
    wire: Wire, given: Given, admin: Person
) -> None:
    provider_id = await given.make_provider()
    start = datetime.now(UTC) + timedelta(days=1)
    body = {
        "provider": provider_id,
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(minutes=30)).isoformat(),
    }
    answers = await at_once(wire.call("POST", "/api/slots/", body, who=admin) for _ in range(30))
    assert tally(answers) == {201: 1, "slot_overlap": 29}


async def test_calendars_created_at_once_in_opposite_order_are_one_calendar(
    wire: Wire, given: Given, admin: Person
) -> None:
    provider_id = await given.make_provider()
    start = datetime.now(UTC) + timedelta(days=2)
    slots = [
        {
            "provider": provider_id,
            "starts_at": (start + timedelta(hours=n)).isoformat(),
            "ends_at": (start + timedelta(hours=n + 1)).isoformat(),
        }
        for n in range(100)
    ]
    answers = await at_once(
        wire.call("POST", "/api/slots/", slots[:: 1 - 2 * (n % 2)], who=admin) for n in range(8)
    )
    assert tally(answers) == {201: 1, "slot_overlap": 7}


async def test_of_30_who_register_one_name_one_has_it(wire: Wire, ada: Person) -> None:
    body = {"username": "Coveted", "email": "c@example.org", "password": "correct horse"}
    answers = await at_once(wire.call("POST", "/api/register/", body, who=ada) for _ in range(30))
    assert tally(answers) == {201: 1, "username_taken": 29}
