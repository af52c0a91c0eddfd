"""One person has one place in a slot, or as many as its owner allows."""

import asyncio
from typing import Any

from tests.api.checks import check_invalid, check_problem
from tests.cast import Api, Given, Person


async def _remaining(api: Api, slot_id: int) -> int:
    return int((await api.get(f"/api/slots/{slot_id}/")).json["remaining"])


async def test_who_clicks_twice_is_in_the_group_once(
    api: Api, given: Given, stranger: Person, ben: Person, unbroken: None
) -> None:
    (slot_id,) = await given.make_slots(1, capacity=3, per_person=1)
    first, again = [await api.book(stranger, slot_id) for _ in range(2)]
    assert first.status == 201
    check_problem(again, 409, "already_booked")
    assert (await api.book(ben, slot_id)).status == 201, "others are not in the way"
    assert await _remaining(api, slot_id) == 1


async def test_two_clicks_at_once_are_one_too(
    api: Api, given: Given, stranger: Person, unbroken: None
) -> None:
    for slot_id in await given.make_slots(10, capacity=5, per_person=1):
        replies = await asyncio.gather(*(api.book(stranger, slot_id) for _ in range(5)))
        codes = sorted((one.status, one.json.get("code", "")) for one in replies)
        assert codes == [(201, ""), *[(409, "already_booked")] * 4]
        assert await _remaining(api, slot_id) == 4


async def test_a_place_given_back_can_be_taken_again(
    api: Api, given: Given, stranger: Person
) -> None:
    (slot_id,) = await given.make_slots(1, capacity=2, per_person=1)
    first = (await api.book(stranger, slot_id)).json["id"]
    await api.cancel(stranger, first)
    assert (await api.book(stranger, slot_id)).status == 201


async def test_a_full_slot_is_taken_whoever_asks(api: Api, given: Given, stranger: Person) -> None:
    (slot_id,) = await given.make_slots(1)
    await api.book(stranger, slot_id)
    check_problem(await api.book(stranger, slot_id), 409, "slot_taken", "alternatives")


async def test_a_move_obeys_too(
    api: Api, given: Given, keeper: Person, stranger: Person, unbroken: None
) -> None:
    group, one, other = await given.make_slots(
        3, provider_id=keeper.session.provider_id, capacity=3, per_person=1
    )
    made = [(await api.book(stranger, slot_id)).json["id"] for slot_id in (one, other)]
    replies = await asyncio.gather(*(api.reschedule(stranger, n, group) for n in made))
    assert sorted(reply.status for reply in replies) == [200, 409]
    (lost,) = [reply for reply in replies if reply.status == 409]
    check_problem(lost, 409, "already_booked")
    left = made[replies.index(lost)]
    check_problem(await api.reschedule(keeper, left, group), 409, "already_booked")
    assert await _remaining(api, group) == 2


async def test_staff_allow_more_and_see_it(
    api: Api, given: Given, keeper: Person, stranger: Person
) -> None:
    hour: dict[str, Any] = {"provider": keeper.session.provider_id, "capacity": 5}
    hour |= {"starts_at": "2031-01-01T10:00:00Z", "ends_at": "2031-01-01T11:00:00Z"}
    made = (await api.post("/api/slots/", hour | {"per_person": 2}, who=keeper)).json
    path = f"/api/slots/{made['id']}/"
    assert made["per_person"] == 2
    assert (await api.get(path)).json == made
    statuses = [(await api.book(stranger, made["id"])).status for _ in range(3)]
    assert statuses == [201, 201, 409]
    changed = await api.patch(path, {"per_person": 3}, who=keeper)
    assert changed.json["per_person"] == 3
    assert (await api.book(stranger, made["id"])).status == 201
    lowered = await api.patch(path, {"per_person": 1}, who=keeper)
    assert "per_person" not in lowered.json, "one is what goes without saying"
    assert lowered.json["remaining"] == 2, "nobody loses a place"
    reply = await api.patch(path, {"per_person": 0}, who=keeper)
    check_invalid(reply, {"per_person": ["Ensure this value is greater than or equal to 1."]})
