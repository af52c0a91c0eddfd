"""Somebody holds one row for long: who needs it is refused, nobody else suffers for it."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from service.settings import Settings
from tests.cast import Given, Person
from tests.races.conftest import Running
from tests.races.wire import at_once

pytestmark = pytest.mark.usefixtures("unbroken")

LONG = {"lock_timeout": 1.5, "statement_timeout": 4.0, "request_deadline": 6.0, "lock_ttl": 7.0}


@pytest.fixture
def holder(settings: Settings) -> Iterator[Any]:
    """A session of somebody else's, as of a person in psql."""
    connection = psycopg2.connect(settings.database_url)
    yield connection
    connection.close()


async def test_of_20_who_book_at_once_only_those_who_wait_for_it_are_refused(
    running: Running, given: Given, ada: Person, holder: Any
) -> None:
    slot_ids = await given.make_slots(20)
    with holder.cursor() as cursor:
        cursor.execute("SELECT FROM slot WHERE id = %s FOR UPDATE", [slot_ids[7]])
    async with running(lock_timeout=0.3) as wire:
        answers = await at_once(wire.book(ada, slot_id) for slot_id in slot_ids)
        statuses = [answer.status for answer in answers]
        assert statuses == [503 if n == 7 else 201 for n in range(20)]
        holder.rollback()
        assert (await wire.book(ada, slot_ids[7])).status == 201


async def test_of_two_who_book_at_once_only_whose_account_is_held_is_refused(
    running: Running, given: Given, ada: Person, ben: Person, holder: Any
) -> None:
    slot_ids = await given.make_slots(8)
    with holder.cursor() as cursor:
        cursor.execute("SELECT FROM account WHERE id = %s FOR UPDATE", [ada.id])
    async with running(lock_timeout=0.3) as wire:
        answers = await at_once(
            wire.book(who, slot_id)
            for who, slot_id in zip((ada, ben, ben, ben) * 2, slot_ids, strict=True)
        )
        assert [answer.status for answer in answers] == [503, 201, 201, 201] * 2


@pytest.mark.parametrize("keyed", [False, True])
async def test_staff_who_wait_for_it_take_no_connections_from_bookings(
    running: Running, given: Given, ada: Person, admin: Person, holder: Any, keyed: bool
) -> None:
    """They wait for longer than a booking may take."""
    held, *slot_ids = await given.make_slots(41)
    with holder.cursor() as cursor:
        cursor.execute("SELECT FROM slot WHERE id = %s FOR UPDATE", [held])
    async with running(pool_size=4, **LONG) as wire:
        closing = {"status": "busy-unavailable"}
        keys = [f"held-{held}-{n}" if keyed else "" for n in range(20)]
        path = f"/api/slots/{held}/"
        waiting = asyncio.gather(
            *(wire.call("PATCH", path, closing, who=admin, key=key) for key in keys)
        )
        await asyncio.sleep(0.3)
        began = time.monotonic()
        answers = await at_once(wire.book(ada, slot_id) for slot_id in slot_ids)
        took = time.monotonic() - began
        assert [answer.status for answer in answers] == [201] * 40
        assert took < 2, "they waited for those who wait"
        assert {answer.status for answer in await waiting} == {503}
        holder.rollback()
        assert (await wire.call("PATCH", path, closing, who=admin)).status == 200


async def test_a_move_to_it_is_refused_and_the_others_arrive(
    running: Running, given: Given, ada: Person, holder: Any
) -> None:
    slot_ids = await given.make_slots(12)
    moved = [await given.make_appointment(ada, slot_id) for slot_id in slot_ids[:6]]
    with holder.cursor() as cursor:
        cursor.execute("SELECT FROM slot WHERE id = %s FOR UPDATE", [slot_ids[8]])
    async with running(lock_timeout=0.3) as wire:
        answers = await at_once(
            wire.move(ada, one, to) for one, to in zip(moved, slot_ids[6:], strict=True)
        )
        assert [answer.status for answer in answers] == [200, 200, 503, 200, 200, 200]


async def test_a_stranger_hears_nothing_of_an_appointment_that_is_held(
    running: Running, given: Given, ada: Person, ben: Person, holder: Any
) -> None:
    [slot_id] = await given.make_slots(1)
    held = await given.make_appointment(ada, slot_id)
    with holder.cursor() as cursor:
        cursor.execute("SELECT FROM appointment WHERE id = %s FOR UPDATE", [held])
    async with running(lock_timeout=0.3) as wire:
        owner, stranger = await at_once(
            wire.call("POST", f"/api/appointments/{held}/cancel/", {}, who=who)
            for who in (ada, ben)
        )
        assert (owner.status, stranger.status) == (503, 404)
