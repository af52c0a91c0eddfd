"""?expand=slot gives whole slots, on every appointment call."""

from typing import Any

import pytest

from tests.api.checks import FULL_SLOT
from tests.cast import Api, Given, Person


async def _slot(api: Api, slot_id: int) -> dict[str, Any]:
    slot: dict[str, Any] = (await api.get(f"/api/slots/{slot_id}/")).json
    assert set(slot) == FULL_SLOT
    return slot


async def test_booking(api: Api, given: Given, ada: Person) -> None:
    (slot_id,) = await given.make_slots(1, capacity=2, per_person=1)
    reply = await api.post("/api/appointments/?expand=slot", {"slot": slot_id}, who=ada)
    assert set(reply.json) == {"id", "slot", "user", "notes", "status"}
    assert reply.json["slot"] == await _slot(api, slot_id)
    assert reply.json["slot"]["remaining"] == 1, "this booking is counted"


async def test_getting(api: Api, given: Given, ada: Person) -> None:
    (slot_id,) = await given.make_slots(1)
    appointment_id = await given.make_appointment(ada, slot_id)
    reply = await api.get(f"/api/appointments/{appointment_id}/?expand=slot", who=ada)
    assert set(reply.json) == {"id", "slot", "user", "notes", "status"}
    assert reply.json["slot"] == await _slot(api, slot_id)


async def test_listing(api: Api, given: Given, keeper: Person, stranger: Person) -> None:
    provider_id = keeper.session.provider_id
    slots = await given.make_slots(2, provider_id=provider_id)
    for slot_id in slots:
        await given.make_appointment(stranger, slot_id)
    whole = [await _slot(api, slot_id) for slot_id in slots]
    own = await api.get("/api/appointments/?expand=slot", who=stranger)
    assert [set(one) for one in own.json] == 2 * [{"id", "slot", "notes", "status"}]
    assert [one["slot"] for one in own.json] == whole
    path = f"/api/appointments/?provider={provider_id}&expand=slot&limit=1"
    first = await api.get(path, who=keeper)
    assert [one["slot"] for one in first.json] == whole[:1]
    assert "expand=slot" in first.headers["Link"], "the next page is expanded too"


async def test_rescheduling(api: Api, given: Given, ada: Person) -> None:
    old, new = await given.make_slots(2)
    appointment_id = await given.make_appointment(ada, old)
    path = f"/api/appointments/{appointment_id}/reschedule/?expand=slot"
    reply = await api.patch(path, {"new_slot": new}, who=ada)
    assert reply.json == {
        "message": "Appointment rescheduled successfully",
        "appointment_id": appointment_id,
        "old_slot": await _slot(api, old),
        "new_slot": await _slot(api, new),
    }
    assert (reply.json["old_slot"]["status"], reply.json["new_slot"]["status"]) == ("free", "busy")


@pytest.mark.parametrize(
    ("action", "status"), [("cancel", "free"), ("noshow", "busy"), ("fulfill", "busy")]
)
async def test_ending(
    api: Api, given: Given, keeper: Person, ada: Person, action: str, status: str
) -> None:
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    appointment_id = await given.make_appointment(ada, slot_id)
    await given.make_begun(slot_id)
    path = f"/api/appointments/{appointment_id}/{action}/?expand=slot"
    for _ in range(2):
        reply = await api.post(path, who=keeper)
        assert set(reply.json) == {"message", "appointment_id", "slot"}
        assert reply.json["slot"] == await _slot(api, slot_id)
        assert reply.json["slot"]["status"] == status


@pytest.mark.parametrize("query", ["", "?expand=", "?expand=provider", "?expand=slots"])
async def test_nothing_else_expands(api: Api, given: Given, ada: Person, query: str) -> None:
    (slot_id,) = await given.make_slots(1)
    reply = await api.post(f"/api/appointments/{query}", {"slot": slot_id}, who=ada)
    assert set(reply.json["slot"]) == {"id", "start_time", "end_time", "provider"}


async def test_expanding_shows_nobody_elses(
    api: Api, given: Given, ada: Person, stranger: Person
) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    reply = await api.get(f"/api/appointments/{appointment_id}/?expand=slot", who=stranger)
    assert reply.status == 404
