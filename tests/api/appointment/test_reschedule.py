"""PATCH /api/appointments/{id}/reschedule/"""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.api.checks import (
    BEYOND_64_BIT,
    FULL_SLOT,
    NEVER,
    check_invalid,
    check_needs_login,
    check_problem,
    check_same_as_missing,
)
from tests.api.conftest import Served
from tests.cast import Api, Given, Person

INTEGER = ["A valid integer is required."]


async def _where(api: Api, who: Person, appointment_id: int) -> int:
    reply = await api.get(f"/api/appointments/{appointment_id}/", who=who)
    slot_id: int = reply.json["slot"]["id"]
    return slot_id


async def _status(api: Api, slot_id: int) -> str:
    status: str = (await api.get(f"/api/slots/{slot_id}/")).json["status"]
    return status


async def test_it_works(api: Api, given: Given, ada: Person, unbroken: None) -> None:
    old, new = await given.make_slots(2)
    appointment_id = await given.make_appointment(ada, old)
    reply = await api.reschedule(ada, appointment_id, new)
    assert reply.status == 200
    assert reply.headers["ETag"] == '"2"'
    assert reply.json == {
        "message": "Appointment rescheduled successfully",
        "appointment_id": appointment_id,
        "old_slot": old,
        "new_slot": new,
    }
    assert await _where(api, ada, appointment_id) == new
    assert (await _status(api, old), await _status(api, new)) == ("free", "busy")


async def test_there_and_back_again(api: Api, given: Given, ada: Person) -> None:
    here, there = await given.make_slots(2)
    appointment_id = await given.make_appointment(ada, here)
    for slot_id in (there, here, there):
        assert (await api.reschedule(ada, appointment_id, slot_id)).status == 200
    assert (await api.book(ada, here)).status == 201


async def test_it_refuses_the_same_slot(api: Api, given: Given, ada: Person) -> None:
    (slot_id,) = await given.make_slots(1)
    appointment_id = await given.make_appointment(ada, slot_id)
    check_problem(await api.reschedule(ada, appointment_id, slot_id), 409, "same_slot")


async def test_it_refuses_a_taken_slot_and_offers_others(
    api: Api, given: Given, ada: Person, ben: Person
) -> None:
    own, taken, *others = await given.make_slots(5)
    appointment_id = await given.make_appointment(ada, own)
    await given.make_appointment(ben, taken)
    reply = await api.reschedule(ada, appointment_id, taken)
    check_problem(reply, 409, "slot_taken", "alternatives")
    assert [one["id"] for one in reply.json["alternatives"]] == others
    assert all(set(one) == FULL_SLOT for one in reply.json["alternatives"])
    assert await _where(api, ada, appointment_id) == own


async def test_two_who_want_to_swap_keep_what_they_have(
    api: Api, given: Given, ada: Person, ben: Person, unbroken: None
) -> None:
    first, second = await given.make_slots(2)
    of_ada = await given.make_appointment(ada, first)
    of_ben = await given.make_appointment(ben, second)
    replies = await asyncio.gather(
        api.reschedule(ada, of_ada, second), api.reschedule(ben, of_ben, first)
    )
    for reply in replies:
        check_problem(reply, 409, "slot_taken", "alternatives")


async def test_it_refuses_what_has_begun(api: Api, given: Given, ada: Person) -> None:
    (own,) = await given.make_slots(1)
    (past,) = await given.make_slots(1, starts_at=datetime(2020, 1, 1, tzinfo=UTC))
    appointment_id = await given.make_appointment(ada, own)
    check_problem(await api.reschedule(ada, appointment_id, past), 422, "slot_in_past")


async def test_it_refuses_a_closed_slot(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    own, closed = await given.make_slots(2, provider_id=keeper.session.provider_id)
    await api.patch(f"/api/slots/{closed}/", {"status": "busy-unavailable"}, who=keeper)
    appointment_id = await given.make_appointment(ada, own)
    reply = await api.reschedule(ada, appointment_id, closed)
    check_problem(reply, 409, "slot_taken", "alternatives")


async def test_it_refuses_what_has_ended(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    *slots, target = await given.make_slots(4, provider_id=keeper.session.provider_id)
    for slot_id, action in zip(slots, ("cancel", "noshow", "fulfill"), strict=True):
        appointment_id = await given.make_appointment(ada, slot_id)
        await given.make_begun(slot_id)
        await api.post(f"/api/appointments/{appointment_id}/{action}/", who=keeper)
        for who in (ada, keeper):
            reply = await api.reschedule(who, appointment_id, target)
            check_problem(reply, 409, "not_active")
    assert await _status(api, target) == "free"


async def test_shortly_before_only_staff_may(
    served: Served, given: Given, keeper: Person, ada: Person
) -> None:
    own, target = await given.make_slots(2, provider_id=keeper.session.provider_id)
    appointment_id = await given.make_appointment(ada, own)
    async with served(notice_minutes=3 * 24 * 60) as api:
        check_problem(await api.reschedule(ada, appointment_id, target), 422, "too_late")
        assert (await api.reschedule(keeper, appointment_id, target)).status == 200


async def test_staff_move_it_within_their_calendar(
    api: Api, given: Given, keeper: Person, rival: Person, admin: Person, ada: Person
) -> None:
    own, target = await given.make_slots(2, provider_id=keeper.session.provider_id)
    (foreign,) = await given.make_slots(1, provider_id=rival.session.provider_id)
    appointment_id = await given.make_appointment(ada, own)
    check_problem(await api.reschedule(keeper, appointment_id, foreign), 403, "permission_denied")
    assert (await api.reschedule(keeper, appointment_id, target)).status == 200
    assert (await api.reschedule(admin, appointment_id, foreign)).status == 200
    assert (await api.get(f"/api/appointments/{appointment_id}/", who=ada)).json["user"] == "ada"


async def test_it_refuses_someone_elses(
    api: Api, given: Given, rival: Person, ada: Person, stranger: Person
) -> None:
    own, target = await given.make_slots(2)
    appointment_id = await given.make_appointment(ada, own)
    for who in (stranger, rival):
        for new_slot in (target, own, NEVER):
            reply = await api.reschedule(who, appointment_id, new_slot)
            missing = await api.reschedule(who, NEVER, new_slot)
            check_same_as_missing(reply, missing)
    assert await _where(api, ada, appointment_id) == own


@pytest.mark.parametrize("missing", [0, -1, NEVER, BEYOND_64_BIT - 1])
async def test_it_handles_a_missing_slot(api: Api, given: Given, ada: Person, missing: int) -> None:
    (own,) = await given.make_slots(1)
    appointment_id = await given.make_appointment(ada, own)
    check_problem(await api.reschedule(ada, appointment_id, missing), 404, "not_found")
    assert await _where(api, ada, appointment_id) == own


@pytest.mark.parametrize("appointment_id", [0, NEVER, BEYOND_64_BIT, 10**40])
async def test_it_handles_a_missing_one(
    api: Api, given: Given, ada: Person, appointment_id: int
) -> None:
    (target,) = await given.make_slots(1)
    check_problem(await api.reschedule(ada, appointment_id, target), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"new_slot": ["This field is required."]}),
        (
            {"slot": 1},
            {
                "slot": ['There is no such name here. Did you mean "new_slot"?'],
                "new_slot": ["This field is required."],
            },
        ),
        ({"new_slot": None}, {"new_slot": ["This field may not be null."]}),
        ({"new_slot": "8"}, {"new_slot": INTEGER}),
        ({"new_slot": False}, {"new_slot": INTEGER}),
        ({"new_slot": 8.5}, {"new_slot": INTEGER}),
        ({"new_slot": BEYOND_64_BIT}, {"new_slot": INTEGER}),
        ({"new_slot": [1, 2]}, {"new_slot": INTEGER}),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, given: Given, ada: Person, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    path = f"/api/appointments/{appointment_id}/reschedule/"
    check_invalid(await api.patch(path, body, who=ada), errors)


async def test_nothing_else_can_be_changed(
    served: Served, given: Given, ada: Person, ben: Person
) -> None:
    async with served(unknown_fields="ignore") as api:
        own, target = await given.make_slots(2)
        appointment_id = await given.make_appointment(ada, own, "Mine")
        powers = {
            "id": NEVER,
            "user": ben.id,
            "notes": "Yours",
            "status": "fulfilled",
            "version": 9,
        }
        path = f"/api/appointments/{appointment_id}/reschedule/"
        reply = await api.patch(path, {"new_slot": target} | powers, who=ada)
        assert reply.json["appointment_id"] == appointment_id
        kept = await api.get(f"/api/appointments/{appointment_id}/", who=ada)
        assert (kept.json["user"], kept.json["notes"], kept.json["status"]) == (
            "ada",
            "Mine",
            "booked",
        )


async def test_it_needs_a_login(api: Api, given: Given, ada: Person) -> None:
    own, target = await given.make_slots(2)
    appointment_id = await given.make_appointment(ada, own)
    path = f"/api/appointments/{appointment_id}/reschedule/"
    check_needs_login(await api.patch(path, {"new_slot": target}))
    assert await _where(api, ada, appointment_id) == own
