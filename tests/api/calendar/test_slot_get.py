"""GET /api/slots/{id}/"""

from datetime import UTC, datetime

import pytest

from tests.api.checks import BEYOND_64_BIT, FULL_SLOT, NEVER, check_problem
from tests.cast import Api, Given, Person


async def test_everyone_gets_one(api: Api, given: Given) -> None:
    provider_id = await given.make_provider("Dr Moreau", "America/New_York")
    at = datetime(2031, 7, 1, 2, 30, tzinfo=UTC)
    (slot_id,) = await given.make_slots(1, provider_id=provider_id, starts_at=at, capacity=2)
    reply = await api.get(f"/api/slots/{slot_id}/")
    assert reply.status == 200
    assert reply.json == {
        "id": slot_id,
        "start_time": "22:30",
        "end_time": "23:00",
        "provider": "Dr Moreau",
        "provider_id": provider_id,
        "date": "2031-06-30",
        "starts_at": "2031-07-01T02:30:00+00:00",
        "ends_at": "2031-07-01T03:00:00+00:00",
        "time_zone": "America/New_York",
        "capacity": 2,
        "remaining": 2,
        "status": "free",
        "per_person": 2,
    }


async def test_it_follows_what_happens_to_the_slot(api: Api, given: Given, ada: Person) -> None:
    (slot_id,) = await given.make_slots(1, capacity=2)
    path = f"/api/slots/{slot_id}/"
    first = await given.make_appointment(ada, slot_id)
    reply = await api.get(path)
    assert set(reply.json) == FULL_SLOT | {"per_person"}
    assert (reply.json["remaining"], reply.json["status"]) == (1, "free")
    await given.make_appointment(ada, slot_id)
    reply = await api.get(path)
    assert (reply.json["remaining"], reply.json["status"]) == (0, "busy")
    await api.cancel(ada, first)
    reply = await api.get(path)
    assert (reply.json["remaining"], reply.json["status"]) == (1, "free")


async def test_every_change_raises_its_version(api: Api, given: Given, ada: Person) -> None:
    slot_id, other = await given.make_slots(2)
    path = f"/api/slots/{slot_id}/"
    tags = [(await api.get(path)).headers["ETag"]]
    appointment_id = await given.make_appointment(ada, slot_id)
    tags.append((await api.get(path)).headers["ETag"])
    await api.reschedule(ada, appointment_id, other)
    tags.append((await api.get(path)).headers["ETag"])
    assert len(set(tags)) == 3
    assert (await api.get(path)).headers["ETag"] == tags[-1]


@pytest.mark.parametrize("slot_id", [0, NEVER, 2**63 - 1, BEYOND_64_BIT, 10**40])
async def test_it_handles_a_missing_one(api: Api, slot_id: int) -> None:
    check_problem(await api.get(f"/api/slots/{slot_id}/"), 404, "not_found")


@pytest.mark.parametrize("slot_id", ["x", "-1", "1.5", "+1", "1%00", "1%2F", "٣", "1e3", "0x1"])
async def test_what_is_no_id_is_no_slot(api: Api, slot_id: str) -> None:
    check_problem(await api.get(f"/api/slots/{slot_id}/"), 404, "not_found")


async def test_a_deleted_one_is_missing(api: Api, given: Given, admin: Person) -> None:
    (slot_id,) = await given.make_slots(1)
    await api.delete(f"/api/slots/{slot_id}/", who=admin)
    check_problem(await api.get(f"/api/slots/{slot_id}/"), 404, "not_found")
