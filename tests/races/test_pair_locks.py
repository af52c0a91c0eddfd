"""The Redis lock on a pair of slots: a move waits for its turn, but not for ever."""

import asyncio
import time

import pytest

from service.deps import Deps
from tests.cast import Given, Person
from tests.races import witness
from tests.races.conftest import Running
from tests.races.wire import Wire

pytestmark = pytest.mark.usefixtures("unbroken")


def lock_of(one: int, other: int) -> str:
    return f"lock:{{slot-pair}}:{min(one, other)}:{max(one, other)}"


@pytest.mark.parametrize("there", [0, 1])
async def test_a_move_either_way_waits_until_another_process_lets_go(
    there: int, wire: Wire, deps: Deps, given: Given, ada: Person
) -> None:
    slot_ids = await given.make_slots(2)
    home, target = slot_ids[there - 1], slot_ids[there]
    appointment = await given.make_appointment(ada, home)
    await deps.redis.set(lock_of(home, target), "another process", px=300)
    began = time.monotonic()
    assert (await wire.move(ada, appointment, target)).status == 200
    assert 0.25 < time.monotonic() - began < 1.0


async def test_moves_of_other_pairs_do_not_wait(
    wire: Wire, deps: Deps, given: Given, ada: Person, ben: Person
) -> None:
    home, target, elsewhere, free = await given.make_slots(4)
    held = await given.make_appointment(ada, home)
    other = await given.make_appointment(ben, elsewhere)
    await deps.redis.set(lock_of(home, target), "another process", px=500)
    waiting = asyncio.ensure_future(wire.move(ada, held, target))
    await asyncio.sleep(0.05)
    for slot_id in (free, elsewhere, free):
        began = time.monotonic()
        assert (await wire.move(ben, other, slot_id)).status == 200
        assert time.monotonic() - began < 0.25
    assert not waiting.done()
    assert (await waiting).status == 200


async def test_a_move_that_waited_too_long_is_told_so_and_not_done(
    running: Running, deps: Deps, given: Given, ada: Person, database: object
) -> None:
    home, target = await given.make_slots(2)
    appointment = await given.make_appointment(ada, home)
    await deps.redis.set(lock_of(home, target), "another process", px=20_000)
    async with running(lock_timeout=0.1, statement_timeout=0.3, request_deadline=3.0) as wire:
        answer = await wire.move(ada, appointment, target)
    assert (answer.status, answer.code) == (409, "busy")
    assert witness.whereabouts(database, [appointment]) == {appointment: (home, "booked")}
    await deps.redis.delete(lock_of(home, target))


async def test_a_lock_that_was_lost_costs_no_slot_its_place(
    wire: Wire, running: Running, deps: Deps, given: Given, crowd: list[Person], database: object
) -> None:
    """Redis forgets all locks again and again while two servers move between the same slots."""
    slot_ids = await given.make_slots(4)
    people = crowd[:20]
    ids = [await given.make_appointment(people[0], slot_ids[0])]
    done = False

    async def forget() -> None:
        while not done:
            if keys := await deps.redis.keys("lock:*"):
                await deps.redis.delete(*keys)
            await asyncio.sleep(0.001)

    forgetting = asyncio.ensure_future(forget())
    async with running() as other:
        for _ in range(10):
            answers = await asyncio.gather(
                *(
                    server.move(people[0], ids[0], slot_id)
                    for slot_id in slot_ids
                    for server in (wire, other)
                )
            )
            assert {answer.code or answer.status for answer in answers} <= {200, "same_slot"}
    done = True
    await forgetting
    seated = witness.seats(database, slot_ids)
    assert sorted(map(len, seated.values())) == [0, 0, 0, 1]
