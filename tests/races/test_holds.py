"""Holds that run out while others want their places, with the worker at it and without."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from service.booking.appointment import hold
from service.deps import Deps
from tests.cast import Given, Person
from tests.races.conftest import Running
from tests.races.times import hours, opened
from tests.races.wire import Answer, Wire

pytestmark = pytest.mark.usefixtures("unbroken")

Wish = dict[str, Any]
EXPECTED = {"slot_taken", "hold_expired", "busy", "limit_reached", "already_booked"}


@contextlib.asynccontextmanager
async def tidied(deps: Deps, worker: bool) -> AsyncIterator[None]:
    """With a worker who is always at it, or with none."""

    async def tidy() -> None:
        while True:
            await hold.expire(deps, 3)
            await asyncio.sleep(0.01)

    task = asyncio.create_task(tidy()) if worker else None
    yield
    if task:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def come_and_go(
    number: int, who: Person, wires: Sequence[Wire], wishes: Sequence[Wish]
) -> Counter[str]:
    """Hold, and confirm about when it ends, or let go, or just book; what came of it."""
    chance, told = random.Random(number), Counter[str]()

    async def call(method: str, path: str, body: Wish | None = None) -> Answer:
        answer = await chance.choice(wires).call(method, path, body, who=who)
        assert answer.status < 300 or answer.code in EXPECTED, answer
        return answer

    for _ in range(4):
        wish = chance.choice(wishes)
        if chance.random() < 0.3:
            booked = await call("POST", "/api/appointments/", wish)
            told["booked"] += booked.status == 201
            continue
        held = await call("POST", "/api/holds/", wish | {"seconds": 1})
        if held.status != 201:
            await asyncio.sleep(0.05)
            continue
        ends = datetime.fromisoformat(held.json["expires_at"])
        path = f"/api/holds/{held.json['id']}/"
        if chance.random() < 0.2:
            assert (await call("DELETE", path)).status == 204
            continue
        left = (ends - datetime.now(UTC)).total_seconds()
        await asyncio.sleep(max(0.0, left + chance.uniform(-0.15, 0.05)))
        confirmed = await call("POST", f"{path}confirm/", {"if_still_free": chance.random() < 0.3})
        told["confirmed"] += confirmed.status == 201
        if confirmed.code == "hold_expired":
            assert datetime.now(UTC) >= ends, "it was refused before its end"
            told["late"] += 1
    return told


@pytest.mark.parametrize("worker", [False, True], ids=["worker stopped", "worker running"])
@pytest.mark.parametrize("kind", ["slots", "times"])
async def test_every_place_has_one_owner_whatever_runs_out(
    kind: str,
    worker: bool,
    wire: Wire,
    running: Running,
    given: Given,
    deps: Deps,
    crowd: Sequence[Person],
    admin: Person,
    database: Any,
) -> None:
    provider_id = await opened(wire, given, admin)
    wishes: list[Wish]
    if kind == "slots":
        slots = await given.make_slots(10, provider_id=provider_id, capacity=2)
        wishes = [{"slot": one} for one in slots]
    else:
        service_id = await given.make_service(provider_id, duration_minutes=60)
        of = {"service": service_id, "provider": provider_id}
        wishes = [of | {"starts_at": at.isoformat()} for at in hours(8)]
    async with running() as other, tidied(deps, worker):
        told = await asyncio.gather(
            *(come_and_go(n, who, [wire, other], wishes) for n, who in enumerate(crowd[:30]))
        )
    total = sum(told, Counter[str]())
    won = total["booked"] + total["confirmed"]
    assert 0 < won <= (20 if kind == "slots" else 8)
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM appointment JOIN slot ON slot.id = appointment.slot_id"
            " WHERE status = 'booked' AND provider_id = %s",
            [provider_id],
        )
        assert cursor.fetchone() == (won,)
