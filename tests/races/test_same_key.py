"""One request sent many times at once under one Idempotency-Key: done once, told alike."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.deps import Deps
from service.errors import KeyInFlight
from tests.cast import Given, Person
from tests.races import witness
from tests.races.conftest import Running
from tests.races.wire import Answer, Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")
IN_FLIGHT = "idempotency_in_flight"


def told_alike(answers: Sequence[Answer], status: int) -> Any:
    """The one document of all successes; the others heard that the first is still under way."""
    assert set(tally(answers)) <= {status, IN_FLIGHT}
    documents = [answer.json for answer in answers if answer.status == status]
    assert documents
    assert all(document == documents[0] for document in documents)
    return documents[0]


@pytest.mark.parametrize("batch", [1, 64])
async def test_booked_by_100_twins_at_two_servers_it_is_booked_once(
    batch: int, running: Running, given: Given, ada: Person, database: object
) -> None:
    async with running(lane_batch=batch) as one, running(lane_batch=batch) as other:
        for slot_id in await given.make_slots(10, capacity=100):
            answers = await at_once(
                (one, other)[n % 2].book(ada, slot_id, key=f"twin-{slot_id}") for n in range(100)
            )
            booked = told_alike(answers, 201)
            assert witness.seats(database, [slot_id]) == {slot_id: [booked["id"]]}
            late = await other.book(ada, slot_id, key=f"twin-{slot_id}")
            assert late == (201, booked)


async def test_moved_and_cancelled_by_twins_it_is_moved_and_cancelled_once(
    wire: Wire, running: Running, given: Given, ada: Person, database: object
) -> None:
    home, target = await given.make_slots(2)
    appointment = await given.make_appointment(ada, home)
    path = f"/api/appointments/{appointment}"
    async with running() as other:
        moves = await at_once(
            (wire, other)[n % 2].call(
                "PATCH", f"{path}/reschedule/", {"new_slot": target}, who=ada, key=f"m-{target}"
            )
            for n in range(40)
        )
        cancels = await at_once(
            (wire, other)[n % 2].call("POST", f"{path}/cancel/", who=ada, key=f"c-{target}")
            for n in range(40)
        )
    assert told_alike([a for a in moves if a.code != "busy"], 200)["new_slot"] == target
    told_alike(cancels, 200)
    history = (await wire.call("GET", f"{path}/history/", who=ada)).json
    assert [change["action"] for change in history] == ["book", "reschedule", "cancel"]


async def test_a_calendar_created_by_twins_is_created_once(
    wire: Wire, running: Running, given: Given, admin: Person
) -> None:
    start = datetime.now(UTC) + timedelta(days=3)
    body = {
        "provider": await given.make_provider(),
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
    }
    async with running() as other:
        answers = await at_once(
            (wire, other)[n % 2].call("POST", "/api/slots/", body, who=admin, key="calendar")
            for n in range(40)
        )
    told_alike(answers, 201)


async def test_the_key_itself_stops_a_twin_that_slipped_past_the_lock(
    deps: Deps, ada: Person
) -> None:
    kept = {"account_id": ada.id, "key": "slipped", "fingerprint": "f", "body": "{}", "version": 1}
    await deps.db.run("idempotency_keep", **kept)
    with pytest.raises(KeyInFlight):
        await deps.db.run("idempotency_keep", **kept)


async def test_each_persons_key_is_their_own(
    wire: Wire, given: Given, crowd: Sequence[Person]
) -> None:
    [slot_id] = await given.make_slots(1, capacity=200)
    answers = await at_once(wire.book(who, slot_id, key="everybody's") for who in crowd)
    assert tally(answers) == {201: 200}
    assert [answer.json["user"] for answer in answers] == [who.username for who in crowd]


async def test_the_loser_of_a_slot_leaves_no_key(
    wire: Wire, given: Given, crowd: Sequence[Person], database: Any
) -> None:
    first, second = await given.make_slots(2)
    answers = await at_once(wire.book(who, first, key=f"race-{first}") for who in crowd[:50])
    assert tally(answers) == {201: 1, "slot_taken": 49}
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM idempotency WHERE key = %s", [f"race-{first}"])
        assert cursor.fetchone() == (1,)
    loser = crowd[0] if answers[0].status == 409 else crowd[1]
    assert (await wire.book(loser, second, key=f"race-{first}")).status == 201
