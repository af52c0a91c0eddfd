"""POST /api/appointments/{id}/noshow/ and .../fulfill/, which differ only in words."""

import pytest

from tests.api.checks import (
    BEYOND_64_BIT,
    NEVER,
    check_invalid,
    check_needs_login,
    check_problem,
    check_same_as_missing,
)
from tests.cast import Api, Given, Person, Reply

pytestmark = pytest.mark.parametrize("action", ["noshow", "fulfill"])

STATUSES = {"noshow": "noshow", "fulfill": "fulfilled"}
MESSAGES = {
    "noshow": "Appointment marked as no-show",
    "fulfill": "Appointment marked as fulfilled",
}
OTHER = {"noshow": "fulfill", "fulfill": "noshow"}


async def _end(api: Api, action: str, who: Person | None, appointment_id: int) -> Reply:
    return await api.post(f"/api/appointments/{appointment_id}/{action}/", who=who)


async def _booked(given: Given, keeper: Person, ada: Person) -> int:
    slots = await given.make_slots(1, provider_id=keeper.session.provider_id)
    appointment_id = await given.make_appointment(ada, slots[0])
    await given.make_begun(*slots)
    return appointment_id


async def test_it_works(
    action: str, api: Api, given: Given, keeper: Person, ada: Person, unbroken: None
) -> None:
    appointment_id = await _booked(given, keeper, ada)
    reply = await _end(api, action, keeper, appointment_id)
    kept = (await api.get(f"/api/appointments/{appointment_id}/", who=ada)).json
    assert reply.status == 200
    assert reply.json == {
        "message": MESSAGES[action],
        "appointment_id": appointment_id,
        "slot": kept["slot"]["id"],
    }
    assert kept["status"] == STATUSES[action]
    slot = (await api.get(f"/api/slots/{kept['slot']['id']}/")).json
    assert slot["status"] == "busy", "only cancelling gives the place back"


async def test_again_succeeds_again(
    action: str, api: Api, given: Given, keeper: Person, admin: Person, ada: Person
) -> None:
    appointment_id = await _booked(given, keeper, ada)
    replies = [await _end(api, action, who, appointment_id) for who in (admin, keeper)]
    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].json == replies[1].json
    assert [reply.headers["ETag"] for reply in replies] == ['"2"', '"2"']


async def test_it_refuses_what_ended_otherwise(
    action: str, api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    slots = await given.make_slots(2, provider_id=keeper.session.provider_id)
    for before, slot_id in zip(("cancel", OTHER[action]), slots, strict=True):
        appointment_id = await given.make_appointment(ada, slot_id)
        await given.make_begun(slot_id)
        await _end(api, before, keeper, appointment_id)
        check_problem(await _end(api, action, keeper, appointment_id), 409, "not_active")


async def test_no_customer_may_not_even_of_his_own(
    action: str, api: Api, given: Given, keeper: Person, ada: Person, stranger: Person
) -> None:
    appointment_id = await _booked(given, keeper, ada)
    for who in (ada, stranger):
        for wanted in (appointment_id, NEVER):
            check_problem(await _end(api, action, who, wanted), 403, "permission_denied")
    kept = await api.get(f"/api/appointments/{appointment_id}/", who=ada)
    assert kept.json["status"] == "booked"


async def test_staff_may_not_decide_on_their_own_visit_elsewhere(
    action: str, api: Api, given: Given, keeper: Person, rival: Person
) -> None:
    appointment_id = await _booked(given, keeper, rival)
    check_problem(await _end(api, action, rival, appointment_id), 403, "permission_denied")


async def test_it_refuses_another_providers(
    action: str, api: Api, given: Given, keeper: Person, rival: Person, ada: Person
) -> None:
    appointment_id = await _booked(given, keeper, ada)
    reply = await _end(api, action, rival, appointment_id)
    check_same_as_missing(reply, await _end(api, action, rival, NEVER))


async def test_it_rejects_bad_input(
    action: str, api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    path = f"/api/appointments/{await _booked(given, keeper, ada)}/{action}/"
    reply = await api.post(path, {"reason": 5, "reasn": "ill"}, who=keeper)
    check_invalid(
        reply,
        {
            "reason": ["Not a valid string."],
            "reasn": ['There is no such name here. Did you mean "reason"?'],
        },
    )


async def test_only_a_visit_may_be_before_its_time(
    action: str, api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    slots = await given.make_slots(1, provider_id=keeper.session.provider_id)
    reply = await _end(api, action, keeper, await given.make_appointment(ada, slots[0]))
    if action == "noshow":
        check_problem(reply, 422, "too_early")
    else:
        assert reply.status == 200


@pytest.mark.parametrize("appointment_id", [0, NEVER, BEYOND_64_BIT, 10**40])
async def test_it_handles_a_missing_one(
    action: str, api: Api, keeper: Person, appointment_id: int
) -> None:
    check_problem(await _end(api, action, keeper, appointment_id), 404, "not_found")


async def test_it_needs_a_login(
    action: str, api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    check_needs_login(await _end(api, action, None, await _booked(given, keeper, ada)))
