"""One appointment is changed by many at once."""

import itertools
import random
from collections.abc import Sequence

import pytest

from tests.cast import Given, Person
from tests.races import witness
from tests.races.seating import seated
from tests.races.wire import Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")


async def test_moved_to_100_slots_at_once_it_went_the_way_its_callers_were_told(
    wire: Wire, given: Given, ada: Person, database: object
) -> None:
    home, *targets = await given.make_slots(101, minutes=10)
    moved = await given.make_appointment(ada, home)
    answers = await at_once(wire.move(ada, moved, target) for target in targets)
    assert set(tally(answers)) <= {200, "busy"}
    steps = witness.steps(database, [moved])
    assert sorted(witness.told(answers)) == sorted(steps)
    for (_, _, reached), (_, left, _) in itertools.pairwise(steps):
        assert reached == left
    assert steps[0][1] == home
    assert witness.whereabouts(database, [moved]) == {moved: (steps[-1][2], "booked")}


async def test_cancelled_while_it_is_moved_it_ends_cancelled_and_holds_no_place(
    wire: Wire, given: Given, crowd: Sequence[Person], database: object
) -> None:
    slot_ids = await given.make_slots(200, minutes=5)
    homes, targets = slot_ids[:100], slot_ids[100:]
    seats = await seated(given, crowd, homes)
    calls = []
    for seat, target in zip(seats, targets, strict=True):
        pair = [wire.move(seat.who, seat.id, target), wire.cancel(seat.who, seat.id)]
        calls += random.Random(seat.id).sample(pair, 2)
    answers = await at_once(calls)
    moves = [answer for answer in answers if answer.status != 200 or "new_slot" in answer.json]
    cancels = [answer for answer in answers if answer not in moves]
    assert tally(cancels) == {200: 100}
    assert set(tally(moves)) <= {200, "not_active", "busy"}
    reached = {one: slot_id for one, _, slot_id in witness.told(moves)}
    assert witness.whereabouts(database, [seat.id for seat in seats]) == {
        seat.id: (reached.get(seat.id, seat.slot_id), "cancelled") for seat in seats
    }
    assert not any(witness.seats(database, slot_ids).values())


async def test_cancelled_50_times_at_once_it_is_cancelled_once(
    wire: Wire, given: Given, ada: Person, database: object
) -> None:
    [slot_id] = await given.make_slots(1)
    appointment = await given.make_appointment(ada, slot_id)
    answers = await at_once(wire.cancel(ada, appointment) for _ in range(50))
    assert tally(answers) == {200: 50}
    assert len({str(answer.json) for answer in answers}) == 1
    path = f"/api/appointments/{appointment}/history/"
    history = (await wire.call("GET", path, who=ada)).json
    assert [change["action"] for change in history] == ["book", "cancel"]


async def test_only_one_of_three_endings_at_once_is_the_end(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person, database: object
) -> None:
    slot_ids = await given.make_slots(60, minutes=10)
    seats = await seated(given, crowd, slot_ids)
    await given.make_begun(*slot_ids)
    for seat in seats:
        path = f"/api/appointments/{seat.id}"
        endings = ["noshow", "fulfill", "cancel"]
        random.Random(seat.id).shuffle(endings)
        answers = await at_once(
            wire.call("POST", f"{path}/{ending}/", who=admin) for ending in endings
        )
        assert tally(answers) == {200: 1, "not_active": 2}
        history = (await wire.call("GET", f"{path}/history/", who=admin)).json
        winner = endings[[answer.status for answer in answers].index(200)]
        assert [change["action"] for change in history] == ["book", winner]


async def test_a_version_admits_one_of_50_changes(wire: Wire, given: Given, ada: Person) -> None:
    home, *targets = await given.make_slots(51, minutes=10)
    moved = await given.make_appointment(ada, home)
    answers = await at_once(wire.move(ada, moved, target, if_match=1) for target in targets)
    assert tally(answers) == {200: 1, "precondition_failed": 49}
