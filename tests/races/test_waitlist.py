"""Many leave and many want their times, while others stand in line for them."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg2
import pytest

from tests.cast import Given, Person
from tests.races.conftest import Running
from tests.races.times import hours, opened
from tests.races.wire import Wire, at_once

pytestmark = pytest.mark.usefixtures("unbroken")

HOLDERS = """
SELECT waiting.account_id, hold.status
  FROM waiting
  JOIN appointment AS hold ON hold.id = waiting.hold_id
 WHERE waiting.service_id = %s
 ORDER BY waiting.id
"""


def offers(database: Any, service_id: int) -> list[tuple[int, str]]:
    """Who was offered something, in the order of the line, and what became of it."""
    with database.cursor() as cursor:
        cursor.execute(HOLDERS, [service_id])
        return [tuple(row) for row in cursor.fetchall()]


async def crowded(
    wire: Wire, given: Given, admin: Person, owners: Sequence[Person]
) -> tuple[dict[str, Any], list[str], list[int]]:
    """A service, its times on a day, and whose appointments those are."""
    provider_id = await opened(wire, given, admin)
    service_id = await given.make_service(provider_id, duration_minutes=60)
    times = [at.isoformat() for at in hours(len(owners))]
    wish = {"service": service_id, "provider": provider_id}
    booked = [
        await wire.call("POST", "/api/appointments/", wish | {"starts_at": at}, who=who)
        for who, at in zip(owners, times, strict=True)
    ]
    return wish, times, [one.json["id"] for one in booked]


async def stand(wire: Wire, wish: dict[str, Any], who: Person) -> int:
    first, *_, last = hours(8)
    span = {"from": first.isoformat(), "to": (last + timedelta(hours=1)).isoformat()}
    joined = await wire.call("POST", "/api/waitlist/", wish | span, who=who)
    assert joined.status == 201, joined
    return int(joined.json["id"])


async def test_what_many_leave_at_once_is_offered_in_the_order_of_the_line(
    wire: Wire,
    running: Running,
    given: Given,
    crowd: Sequence[Person],
    admin: Person,
    database: Any,
) -> None:
    owners, line, greedy = crowd[:8], crowd[8:20], crowd[20:50]
    wish, times, booked = await crowded(wire, given, admin, owners)
    for who in line:
        await stand(wire, wish, who)
    async with running(lane_batch=1) as other:
        wires = (wire, other)
        left, wanted = await asyncio.gather(
            at_once(
                wires[n % 2].cancel(who, one)
                for n, (who, one) in enumerate(zip(owners, booked, strict=True))
            ),
            at_once(
                wires[n % 2].call(
                    "POST", "/api/appointments/", wish | {"starts_at": times[n % 8]}, who=who
                )
                for n, who in enumerate(greedy)
            ),
        )
    assert {one.status for one in left} == {200}
    assert {one.code for one in wanted} == {"slot_taken"}
    service_id = wish["service"]
    assert offers(database, service_id) == [(who.id, "held") for who in line[:8]]


async def test_what_is_let_go_of_by_many_comes_to_everybody_in_line_and_is_free_at_last(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person, database: Any
) -> None:
    owners, line = crowd[:4], crowd[4:24]
    wish, times, booked = await crowded(wire, given, admin, owners)
    for who in line:
        await stand(wire, wish, who)

    async def decline(who: Person) -> None:
        while True:
            [mine] = (await wire.call("GET", "/api/waitlist/", who=who)).json[-1:]
            if mine["status"] == "offered":
                gone = await wire.call("DELETE", f"/api/holds/{mine['hold']}/", who=who)
                assert gone.status == 204, gone
                return
            await asyncio.sleep(0.02)

    declined = asyncio.gather(*map(decline, line))
    await asyncio.gather(*(wire.cancel(*one) for one in zip(owners, booked, strict=True)))
    await asyncio.wait_for(declined, 30)
    assert offers(database, wish["service"]) == [(who.id, "expired") for who in line]
    for at in times:
        free = await wire.call(
            "POST", "/api/appointments/", wish | {"starts_at": at}, who=crowd[30]
        )
        assert free.status == 201


async def test_who_leaves_while_a_closure_goes_offers_when_it_has_gone(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person, database: Any
) -> None:
    """Else one would see the time closed, the other would see it taken, and nobody offer it."""
    owners, line = crowd[:2], crowd[2:4]
    wish, times, booked = await crowded(wire, given, admin, owners)
    for who in line:
        await stand(wire, wish, who)
    with contextlib.closing(psycopg2.connect(database.dsn)) as other, other.cursor() as cursor:
        cursor.execute(  # as a closure goes that was in nobody's way
            "SELECT offer_between(ARRAY[%s], %s, %s)",
            [wish["provider"], times[0], times[-1]],
        )
        leaving = asyncio.ensure_future(wire.cancel(owners[0], booked[0]))
        await asyncio.sleep(0.2)
        assert not leaving.done()
        other.commit()
        assert (await leaving).status == 200
    assert offers(database, wish["service"]) == [(line[0].id, "held")]


@pytest.mark.parametrize("how", ["cancel", "open"])
async def test_who_frees_a_time_and_waits_for_a_person_who_waits_for_it_lets_go(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person, database: Any, how: str
) -> None:
    """Who books locks the person first and the place then; who offers, the other way round."""
    owners, line = crowd[:2], crowd[2]
    wish, _, booked = await crowded(wire, given, admin, owners)
    span = {"starts_at": hours(4)[2].isoformat(), "ends_at": hours(4)[3].isoformat()}
    closure = await wire.call(
        "POST", "/api/closures/", {"provider": wish["provider"]} | span, who=admin
    )
    await stand(wire, wish, line)
    with contextlib.closing(psycopg2.connect(database.dsn)) as other, other.cursor() as cursor:
        cursor.execute("SELECT FROM account WHERE id = %s FOR NO KEY UPDATE", [line.id])
        if how == "cancel":
            freeing = asyncio.ensure_future(wire.cancel(owners[0], booked[0]))
            locked = "SELECT FROM slot WHERE provider_id = %s ORDER BY id FOR NO KEY UPDATE"
        else:
            path = f"/api/closures/{closure.json['id']}/"
            freeing = asyncio.ensure_future(wire.call("DELETE", path, who=admin))
            locked = "SELECT FROM provider WHERE id = %s FOR NO KEY UPDATE"
        await asyncio.sleep(0.1)
        assert not freeing.done()
        cursor.execute("SET lock_timeout = '0.8s'")  # before PostgreSQL looks for circles
        await asyncio.to_thread(cursor.execute, locked, [wish["provider"]])
        await asyncio.sleep(0.5)
        assert not freeing.done()
        other.commit()
    assert (await freeing).status in (200, 204)
    assert [account for account, _ in offers(database, wish["service"])] == [line.id]
