"""POST /api/appointments/{id}/cancel/"""

import asyncio
from typing import Any

import pytest

from tests.api.checks import (
    BEYOND_64_BIT,
    NEVER,
    check_invalid,
    check_needs_login,
    check_problem,
    check_same_as_missing,
)
from tests.api.conftest import Served
from tests.cast import Api, Given, Person


def _path(appointment_id: int) -> str:
    return f"/api/appointments/{appointment_id}/cancel/"


async def _status(api: Api, who: Person, appointment_id: int) -> str:
    reply = await api.get(f"/api/appointments/{appointment_id}/", who=who)
    status: str = reply.json["status"]
    return status


async def test_it_works(api: Api, given: Given, ada: Person, ben: Person, unbroken: None) -> None:
    (slot_id,) = await given.make_slots(1)
    appointment_id = await given.make_appointment(ada, slot_id)
    reply = await api.cancel(ada, appointment_id)
    assert reply.status == 200
    assert reply.json == {
        "message": "Appointment cancelled successfully",
        "appointment_id": appointment_id,
        "slot": slot_id,
    }
    assert await _status(api, ada, appointment_id) == "cancelled"
    assert (await api.book(ben, slot_id)).status == 201


async def test_again_succeeds_again_and_changes_nothing(
    api: Api, given: Given, ada: Person, ben: Person, unbroken: None
) -> None:
    (slot_id,) = await given.make_slots(1)
    appointment_id = await given.make_appointment(ada, slot_id)
    first = await api.cancel(ada, appointment_id)
    await given.make_appointment(ben, slot_id)
    second = await api.cancel(ada, appointment_id)
    assert (second.status, second.json) == (200, first.json)
    assert second.headers["ETag"] == first.headers["ETag"] == '"2"'
    assert (await api.get(f"/api/slots/{slot_id}/")).json["status"] == "busy"


async def test_many_at_once_cancel_it_once(
    api: Api, given: Given, ada: Person, unbroken: None
) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1, capacity=2))[0])
    replies = await asyncio.gather(*(api.cancel(ada, appointment_id) for _ in range(10)))
    assert [reply.status for reply in replies] == 10 * [200]
    history = await api.get(f"/api/appointments/{appointment_id}/history/", who=ada)
    assert [change["action"] for change in history.json] == ["book", "cancel"]


@pytest.mark.parametrize("reason", ["", "Fell ill", 500 * "漢"])
async def test_a_reason_is_kept(api: Api, given: Given, ada: Person, reason: str) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    reply = await api.post(_path(appointment_id), {"reason": reason}, who=ada)
    assert reply.status == 200
    history = await api.get(f"/api/appointments/{appointment_id}/history/", who=ada)
    assert history.json[-1]["reason"] == reason


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}],
    ids=["untyped", "JSON", "text"],
)
async def test_the_body_may_be_left_out(
    api: Api, given: Given, ada: Person, headers: dict[str, str]
) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    reply = await api.post(_path(appointment_id), who=ada, headers=headers, raw=b"")
    assert reply.status == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"reason": 5}, ["Not a valid string."]),
        ({"reason": ["x"]}, ["Not a valid string."]),
        ({"reason": 501 * "x"}, ["Ensure this field has no more than 500 characters."]),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, given: Given, ada: Person, body: dict[str, Any], errors: list[str]
) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    reply = await api.post(_path(appointment_id), body, who=ada)
    check_invalid(reply, {"reason": errors})
    assert await _status(api, ada, appointment_id) == "booked"


async def test_its_staff_may(
    api: Api, given: Given, keeper: Person, admin: Person, ada: Person
) -> None:
    slots = await given.make_slots(2, provider_id=keeper.session.provider_id)
    for who, slot_id in zip((keeper, admin), slots, strict=True):
        appointment_id = await given.make_appointment(ada, slot_id)
        assert (await api.cancel(who, appointment_id)).status == 200
        assert await _status(api, ada, appointment_id) == "cancelled"


async def test_it_refuses_someone_elses(
    api: Api, given: Given, rival: Person, ada: Person, stranger: Person
) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    for who in (stranger, rival):
        reply = await api.cancel(who, appointment_id)
        check_same_as_missing(reply, await api.cancel(who, NEVER))
    assert await _status(api, ada, appointment_id) == "booked"


async def test_it_refuses_what_took_place_or_did_not(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    slots = await given.make_slots(2, provider_id=keeper.session.provider_id)
    for action, slot_id in zip(("fulfill", "noshow"), slots, strict=True):
        appointment_id = await given.make_appointment(ada, slot_id)
        await given.make_begun(slot_id)
        await api.post(f"/api/appointments/{appointment_id}/{action}/", who=keeper)
        check_problem(await api.cancel(ada, appointment_id), 409, "not_active")


async def test_shortly_before_only_staff_may(
    served: Served, given: Given, keeper: Person, ada: Person
) -> None:
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    appointment_id = await given.make_appointment(ada, slot_id)
    async with served(notice_minutes=3 * 24 * 60) as api:
        check_problem(await api.cancel(ada, appointment_id), 422, "too_late")
        assert (await api.cancel(keeper, appointment_id)).status == 200
        assert (await api.cancel(ada, appointment_id)).status == 200, "it is done already"


@pytest.mark.parametrize("appointment_id", [0, NEVER, BEYOND_64_BIT, 10**40])
async def test_it_handles_a_missing_one(api: Api, ada: Person, appointment_id: int) -> None:
    check_problem(await api.cancel(ada, appointment_id), 404, "not_found")


async def test_it_needs_a_login(api: Api, given: Given, ada: Person) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    check_needs_login(await api.post(_path(appointment_id)))
    assert await _status(api, ada, appointment_id) == "booked"


async def test_a_reason_of_null_is_none(api: Api, given: Given, stranger: Person) -> None:
    [slot_id] = await given.make_slots(1)
    path = f"/api/appointments/{await given.make_appointment(stranger, slot_id)}"
    assert (await api.post(f"{path}/cancel/", {"reason": None}, who=stranger)).status == 200
    history = await api.get(f"{path}/history/", who=stranger)
    assert history.json[-1]["reason"] == ""
