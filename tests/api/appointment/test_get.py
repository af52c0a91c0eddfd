"""GET /api/appointments/{id}/"""

import pytest

from tests.api.checks import (
    BEYOND_64_BIT,
    NEVER,
    check_needs_login,
    check_problem,
    check_same_as_missing,
)
from tests.cast import Api, Given, Person


async def test_it_works(api: Api, given: Given, ada: Person) -> None:
    (slot_id,) = await given.make_slots(1)
    booked = await api.book(ada, slot_id, "Knee")
    reply = await api.get(f"/api/appointments/{booked.json['id']}/", who=ada)
    assert reply.status == 200
    assert reply.json == booked.json
    assert reply.headers["ETag"] == booked.headers["ETag"]
    assert set(reply.json) == {"id", "slot", "user", "notes", "status"}
    assert set(reply.json["slot"]) == {"id", "start_time", "end_time", "provider"}


async def test_its_providers_staff_see_it(
    api: Api, given: Given, keeper: Person, admin: Person, ada: Person
) -> None:
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    booked = await api.book(ada, slot_id, "For the doctor")
    for who in (keeper, admin):
        reply = await api.get(f"/api/appointments/{booked.json['id']}/", who=who)
        assert (reply.status, reply.json) == (200, booked.json)


async def test_it_refuses_someone_elses(
    api: Api, given: Given, keeper: Person, rival: Person, ada: Person, stranger: Person
) -> None:
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    appointment_id = await given.make_appointment(ada, slot_id)
    for who in (stranger, rival):
        reply = await api.get(f"/api/appointments/{appointment_id}/", who=who)
        missing = await api.get(f"/api/appointments/{NEVER}/", who=who)
        check_same_as_missing(reply, missing)
        assert set(reply.headers) == set(missing.headers)


async def test_staff_lose_sight_of_what_moves_elsewhere(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    (here,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    (there,) = await given.make_slots(1)
    appointment_id = await given.make_appointment(ada, here)
    assert (await api.reschedule(ada, appointment_id, there)).status == 200
    reply = await api.get(f"/api/appointments/{appointment_id}/", who=keeper)
    check_problem(reply, 404, "not_found")


async def test_it_follows_what_happens_to_it(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    first, second = await given.make_slots(2, provider_id=keeper.session.provider_id)
    appointment_id = await given.make_appointment(ada, first)
    path = f"/api/appointments/{appointment_id}/"
    tags = [(await api.get(path, who=ada)).headers["ETag"]]
    await api.reschedule(ada, appointment_id, second)
    moved = await api.get(path, who=ada)
    assert (moved.json["slot"]["id"], moved.json["status"]) == (second, "booked")
    await api.post(f"{path}fulfill/", who=keeper)
    ended = await api.get(path, who=ada)
    assert ended.json == moved.json | {"status": "fulfilled"}
    tags += [moved.headers["ETag"], ended.headers["ETag"]]
    assert tags == ['"1"', '"2"', '"3"']


@pytest.mark.parametrize("appointment_id", [0, NEVER, 2**63 - 1, BEYOND_64_BIT, 10**40])
async def test_it_handles_a_missing_one(api: Api, ada: Person, appointment_id: int) -> None:
    reply = await api.get(f"/api/appointments/{appointment_id}/", who=ada)
    check_problem(reply, 404, "not_found")


async def test_it_needs_a_login(api: Api, given: Given, ada: Person) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    for wanted in (appointment_id, NEVER):
        check_needs_login(await api.get(f"/api/appointments/{wanted}/"))
