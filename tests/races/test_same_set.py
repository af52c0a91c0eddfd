"""Items that are decided in one set: each hears its own verdict."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from service.booking.actions import CANCEL
from service.booking.answer import Answer
from service.booking.appointment.book import BookItem, booking_lane
from service.booking.appointment.end import EndItem, ending_lane
from service.booking.appointment.reschedule import MoveItem, reschedule_lane
from service.booking.idempotency import NO_KEY
from service.deps import Deps
from service.errors import DomainError, NotActive, SlotTaken
from tests.cast import Given, Person
from tests.races.wire import Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")


async def submitted(lane: Any, items: Sequence[object]) -> Counter[type]:
    """Which kinds of results the items had, all submitted in one turn of the loop."""
    results = await asyncio.gather(*map(lane.submit, items), return_exceptions=True)
    assert all(isinstance(result, Answer | DomainError) for result in results)
    return Counter(map(type, results))


async def test_the_same_wish_twice_is_granted_once(deps: Deps, given: Given, ada: Person) -> None:
    [slot_id] = await given.make_slots(1)
    wish = BookItem(ada.id, slot_id, "", False, *NO_KEY)
    assert await submitted(deps.lanes[booking_lane], [wish, wish]) == {Answer: 1, SlotTaken: 1}


async def test_64_times_the_same_wish_fills_just_the_places(
    deps: Deps, given: Given, ada: Person
) -> None:
    [slot_id] = await given.make_slots(1, capacity=10)
    wishes = [BookItem(ada.id, slot_id, "", False, *NO_KEY)] * 64
    assert await submitted(deps.lanes[booking_lane], wishes) == {Answer: 10, SlotTaken: 54}


async def test_granted_and_refused_wishes_do_not_mix_up_their_answers(
    deps: Deps, given: Given, ada: Person, ben: Person
) -> None:
    free, taken = await given.make_slots(2)
    await given.make_appointment(ben, taken)
    wishes = [
        BookItem(who.id, slot, "", False, *NO_KEY) for who in (ada, ben) for slot in (taken, free)
    ]
    results = await asyncio.gather(
        *map(deps.lanes[booking_lane].submit, wishes), return_exceptions=True
    )
    assert [type(result) for result in results] == [SlotTaken, Answer, SlotTaken, SlotTaken]
    assert results[1].body.count('"user":"ada"') == 1


async def test_the_same_cancellation_twice_is_done_once_and_confirmed_twice(
    deps: Deps, given: Given, ada: Person
) -> None:
    appointment = await given.make_appointment(ada, (await given.make_slots(1))[0])
    item = _cancels(ada, appointment)
    assert await submitted(deps.lanes[ending_lane], [item, item]) == {Answer: 2}


async def test_a_place_left_in_the_same_set_is_free_for_the_next_set(
    deps: Deps, given: Given, ada: Person, ben: Person
) -> None:
    first, second, third = await given.make_slots(3)
    one, other = await given.make_appointment(ada, first), await given.make_appointment(ben, second)
    moves = [
        MoveItem(one, second, 0, ada.id, 0, False, *NO_KEY),
        MoveItem(other, third, 0, ben.id, 0, False, *NO_KEY),
    ]
    assert await submitted(deps.lanes[reschedule_lane], moves) == {Answer: 1, SlotTaken: 1}
    assert await submitted(deps.lanes[reschedule_lane], moves[:1]) == {Answer: 1}


async def test_an_item_that_cannot_be_stored_spoils_none_of_its_neighbours(
    deps: Deps, given: Given, ada: Person
) -> None:
    slot_ids = await given.make_slots(10)
    items = [BookItem(ada.id, slot_id, "", False, *NO_KEY) for slot_id in slot_ids]
    items[4] = items[4]._replace(notes="x" * 4001)  # refused by a CHECK, which no caller can meet
    results = await asyncio.gather(
        *map(deps.lanes[booking_lane].submit, items), return_exceptions=True
    )
    assert [isinstance(result, Answer) for result in results] == [n != 4 for n in range(10)]


async def test_somebody_whose_account_is_gone_spoils_nothing_for_the_others(
    wire: Wire, given: Given, crowd: Sequence[Person], database: Any
) -> None:
    ghost = await given.make_person("ghost")
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM account WHERE id = %s", [ghost.id])
    slot_ids = await given.make_slots(20)
    answers = await at_once(
        wire.book(ghost if n % 5 == 0 else crowd[n], slot_id) for n, slot_id in enumerate(slot_ids)
    )
    assert tally(answers) == {201: 16, "invalid_token": 4}


async def test_a_cancelled_appointment_is_not_moved_by_the_same_turn(
    deps: Deps, given: Given, ada: Person
) -> None:
    home, target = await given.make_slots(2)
    appointment = await given.make_appointment(ada, home)
    await deps.lanes[ending_lane].submit(_cancels(ada, appointment))
    move = MoveItem(appointment, target, 0, ada.id, 0, False, *NO_KEY)
    assert await submitted(deps.lanes[reschedule_lane], [move, move]) == {NotActive: 2}


def _cancels(who: Person, appointment: int) -> EndItem:
    what = CANCEL.name, CANCEL.begins, CANCEL.after, CANCEL.staff_only, CANCEL.message
    return EndItem(appointment, *what, "", 0, who.id, 0, False, *NO_KEY)
