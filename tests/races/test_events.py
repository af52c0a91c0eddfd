"""The log of events under races: who follows it sees every change once, in a true order."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from service import app as service_app
from service.booking.delivery import event
from service.booking.people.operator import OPERATOR
from service.deps import Deps
from service.settings import Settings
from service.workers import sequencer
from tests import told
from tests.cast import Api, Given, Person
from tests.races.storm import Storm
from tests.races.wire import Wire

pytestmark = pytest.mark.usefixtures("unbroken")


@contextlib.asynccontextmanager
async def numbering(*all_deps: Deps) -> AsyncIterator[None]:
    """While which each of these numbers events, as processes do side by side."""
    tasks = [asyncio.create_task(sequencer.number(deps)) for deps in all_deps]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def followed(deps: Deps, after: int, done: asyncio.Event) -> list[dict[str, Any]]:
    """What an admin is shown, page by page, until no more comes."""
    found: list[dict[str, Any]] = []
    while True:
        page = await event.page(deps, OPERATOR, after=after, types=(), limit=50)
        found += json.loads(page.body)
        if page.last_id == after and done.is_set():
            return found
        after = page.last_id
        await asyncio.sleep(0.001)


async def test_eight_writers_are_told_as_they_come_by_two_sequencers(
    wire: Wire,
    deps: Deps,
    settings: Settings,
    given: Given,
    crowd: Sequence[Person],
    database: Any,
) -> None:
    slot_ids = await given.make_slots(10, capacity=2)
    await event.number(deps, full=True)
    since, change = told.head(database), told.last_change(database)
    async with service_app.opened(settings) as other:
        done = asyncio.Event()
        async with numbering(deps, other):
            reading = asyncio.create_task(followed(deps, since, done))
            storm = Storm([wire], slot_ids, 11)
            await storm.blow(crowd[:8], 40)
            while (await event.backlog(deps))[0]:
                await asyncio.sleep(0.01)
        done.set()
        events = await reading
    assert told.faults(events) == []
    assert told.changes(events) == told.changes(told.stored(database, since))
    assert sorted(told.changes(events)) == sorted(told.history(database, change))
    assert events[-1]["id"] == told.head(database) == since + len(events)


async def test_who_takes_long_to_commit_holds_nobody_up_and_comes_later(
    wire: Wire, deps: Deps, given: Given, ada: Person, ben: Person, database: Any
) -> None:
    """Its row of the outbox is older than all that others tell meanwhile."""
    slow, *quick = await given.make_slots(6)
    await event.number(deps, full=True)
    since = told.head(database)
    async with deps.postgres.transaction() as transaction:
        await transaction.run("slot_change", **change_of(slow))
        for n, slot_id in enumerate(quick):
            assert (await wire.book((ada, ben)[n % 2], slot_id)).status == 201
            assert (await event.number(deps))[:2] == (since + n + 1, 1)  # type: ignore[index]
        assert await event.number(deps, full=True) is None
    # It is below what others have been numbered up to, and is found all the same.
    assert (await event.number(deps))[:2] == (since + 6, 1)  # type: ignore[index]
    assert told.stored(database, since + 5)[0]["type"] == "slot.changed"


async def test_what_follows_a_slow_change_of_the_same_thing_is_numbered_after_it(
    wire: Wire, deps: Deps, given: Given, ada: Person, database: Any
) -> None:
    [slot_id, *others] = await given.make_slots(4)
    await event.number(deps, full=True)
    since = told.head(database)
    async with deps.postgres.transaction() as transaction:
        await transaction.run("slot_change", **change_of(slot_id))
        booking = asyncio.create_task(wire.book(ada, slot_id))
        for other in others:
            assert (await wire.book(ada, other)).status == 201
            await event.number(deps)
    assert (await booking).status == 201
    while await event.number(deps) is not None:
        pass
    events = told.stored(database, since)
    assert told.faults(events) == []
    kinds = [one["type"] for one in events if touches(one, slot_id)]
    assert kinds == ["slot.changed", "appointment.booked"]


def touches(one: dict[str, Any], slot_id: int) -> bool:
    slots = [*one["data"].get("slots", []), one["data"].get("slot", {})]
    return any(slot.get("id") == slot_id for slot in slots)


def change_of(slot_id: int) -> dict[str, Any]:
    """Another capacity of a slot."""
    return {
        "slot_id": slot_id,
        "staff_of": -1,
        "version": 0,
        "closed": None,
        "capacity": 2,
        "per_person": 2,
        "deleted": False,
    }


async def test_what_was_undone_leaves_no_event_and_no_gap(
    deps: Deps, api: Api, given: Given, ada: Person, database: Any
) -> None:
    first, second = await given.make_slots(2)
    await event.number(deps, full=True)
    since = told.head(database)
    async with deps.postgres.transaction(keep=False) as transaction:
        await transaction.run("slot_change", **change_of(first))
    await given.make_appointment(ada, second)
    await event.number(deps)
    assert [one["type"] for one in told.stored(database, since)] == ["appointment.booked"]
    assert told.head(database) == since + 1
