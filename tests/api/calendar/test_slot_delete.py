"""DELETE /api/slots/{id}/"""

import asyncio

import pytest

from tests.api.checks import BEYOND_64_BIT, NEVER, check_needs_login, check_problem
from tests.cast import Api, Given, Person, Reply


async def _delete(api: Api, who: Person | None, slot_id: int) -> Reply:
    return await api.delete(f"/api/slots/{slot_id}/", who=who)


async def test_it_works(api: Api, given: Given, keeper: Person, admin: Person, ada: Person) -> None:
    provider_id = keeper.session.provider_id
    first, second, third = await given.make_slots(3, provider_id=provider_id)
    for who, slot_id in ((keeper, first), (admin, third)):
        reply = await _delete(api, who, slot_id)
        assert (reply.status, reply.json) == (204, None)
        check_problem(await _delete(api, who, slot_id), 404, "not_found")
        check_problem(await api.book(ada, slot_id), 404, "not_found")
    listed = (await api.get(f"/api/slots/?provider={provider_id}")).json
    assert [one["id"] for one in listed] == [second]


async def test_its_time_can_be_used_again(api: Api, given: Given, keeper: Person) -> None:
    provider_id = keeper.session.provider_id
    (slot_id,) = await given.make_slots(1, provider_id=provider_id)
    await _delete(api, keeper, slot_id)
    (again,) = await given.make_slots(1, provider_id=provider_id)
    assert (await api.get(f"/api/slots/{again}/")).status == 200


async def test_not_while_somebody_is_in_it(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id, capacity=2)
    appointment_id = await given.make_appointment(ada, slot_id)
    check_problem(await _delete(api, keeper, slot_id), 409, "slot_in_use")
    await api.cancel(ada, appointment_id)
    assert (await _delete(api, keeper, slot_id)).status == 204
    kept = await api.get(f"/api/appointments/{appointment_id}/", who=ada)
    assert kept.json["slot"]["id"] == slot_id, "what has been stays known"


async def test_not_after_somebody_came_or_should_have(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    slots = await given.make_slots(2, provider_id=keeper.session.provider_id)
    for action, slot_id in zip(("fulfill", "noshow"), slots, strict=True):
        appointment_id = await given.make_appointment(ada, slot_id)
        await given.make_begun(slot_id)
        await api.post(f"/api/appointments/{appointment_id}/{action}/", who=keeper)
        check_problem(await _delete(api, keeper, slot_id), 409, "slot_in_use")


async def test_a_booking_and_a_deletion_never_both_succeed(
    api: Api, given: Given, keeper: Person, ada: Person, unbroken: None
) -> None:
    slots = await given.make_slots(10, provider_id=keeper.session.provider_id)
    replies = await asyncio.gather(
        *(call for one in slots for call in (api.book(ada, one), _delete(api, keeper, one)))
    )
    pairs = zip(replies[::2], replies[1::2], strict=True)
    assert {(booked.status, deleted.status) for booked, deleted in pairs} <= {
        (201, 409),
        (404, 204),
    }


async def test_only_its_staff_delete_it(
    api: Api, given: Given, keeper: Person, rival: Person, ada: Person
) -> None:
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    for who in (rival, ada):
        check_problem(await _delete(api, who, slot_id), 403, "permission_denied")
    check_needs_login(await _delete(api, None, slot_id))
    assert (await api.get(f"/api/slots/{slot_id}/")).status == 200


@pytest.mark.parametrize("slot_id", [0, NEVER, BEYOND_64_BIT])
async def test_it_handles_a_missing_one(api: Api, keeper: Person, slot_id: int) -> None:
    check_problem(await _delete(api, keeper, slot_id), 404, "not_found")
