"""GET /api/appointments/{id}/history/"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.checks import (
    BEYOND_64_BIT,
    NEVER,
    check_needs_login,
    check_problem,
    check_same_as_missing,
    walk,
)
from tests.cast import Api, Given, Person


async def test_it_tells_every_change_oldest_first(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    first, second = await given.make_slots(2, provider_id=keeper.session.provider_id)
    appointment_id = await given.make_appointment(ada, first)
    path = f"/api/appointments/{appointment_id}"
    await api.reschedule(ada, appointment_id, second)
    await api.post(f"{path}/cancel/", {"reason": "The doctor fell ill"}, who=keeper)
    await api.cancel(ada, appointment_id)
    reply = await api.get(f"{path}/history/", who=ada)
    assert reply.status == 200
    instants = [datetime.fromisoformat(change.pop("at")) for change in reply.json]
    assert reply.json == [
        {
            "action": "book",
            "actor": "ada",
            "from_slot": None,
            "to_slot": first,
            "from_status": None,
            "to_status": "booked",
            "reason": "",
        },
        {
            "action": "reschedule",
            "actor": "ada",
            "from_slot": first,
            "to_slot": second,
            "from_status": "booked",
            "to_status": "booked",
            "reason": "",
        },
        {
            "action": "cancel",
            "actor": "staff",
            "from_slot": second,
            "to_slot": None,
            "from_status": "booked",
            "to_status": "cancelled",
            "reason": "The doctor fell ill",
        },
    ]
    told = (await api.get(f"{path}/history/", who=keeper)).json
    assert [change["actor"] for change in told] == ["ada", "ada", keeper.username]
    assert instants == sorted(instants)
    assert datetime.now(UTC) - instants[0] < timedelta(minutes=5)
    assert instants[0].utcoffset() == timedelta(0)


@pytest.mark.parametrize(("action", "status"), [("noshow", "noshow"), ("fulfill", "fulfilled")])
async def test_it_tells_how_it_ended(
    api: Api, given: Given, keeper: Person, ada: Person, action: str, status: str
) -> None:
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    appointment_id = await given.make_appointment(ada, slot_id)
    await given.make_begun(slot_id)
    await api.post(
        f"/api/appointments/{appointment_id}/{action}/", {"reason": "Again!"}, who=keeper
    )
    reply = await api.get(f"/api/appointments/{appointment_id}/history/", who=keeper)
    last = reply.json[-1]
    assert (last["action"], last["actor"]) == (action, keeper.username)
    assert (last["from_status"], last["to_status"]) == ("booked", status)
    assert (last["from_slot"], last["to_slot"], last["reason"]) == (slot_id, slot_id, "Again!")
    last = (await api.get(f"/api/appointments/{appointment_id}/history/", who=ada)).json[-1]
    assert (last["actor"], last["reason"]) == ("staff", ""), "staff's remarks are their own"


async def test_what_was_refused_leaves_no_trace(
    api: Api, given: Given, ada: Person, ben: Person
) -> None:
    own, taken = await given.make_slots(2)
    appointment_id = await given.make_appointment(ada, own)
    await given.make_appointment(ben, taken)
    await api.reschedule(ada, appointment_id, taken)
    await api.reschedule(ada, appointment_id, own)
    await api.reschedule(ben, appointment_id, taken)
    await api.cancel(ben, appointment_id)
    reply = await api.get(f"/api/appointments/{appointment_id}/history/", who=ada)
    assert [change["action"] for change in reply.json] == ["book"]


async def test_it_refuses_someone_elses(
    api: Api, given: Given, rival: Person, ada: Person, stranger: Person
) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    for who in (stranger, rival):
        reply = await api.get(f"/api/appointments/{appointment_id}/history/", who=who)
        missing = await api.get(f"/api/appointments/{NEVER}/history/", who=who)
        check_same_as_missing(reply, missing)


@pytest.mark.parametrize("appointment_id", [0, NEVER, BEYOND_64_BIT, 10**40])
async def test_it_handles_a_missing_one(api: Api, admin: Person, appointment_id: int) -> None:
    reply = await api.get(f"/api/appointments/{appointment_id}/history/", who=admin)
    check_problem(reply, 404, "not_found")


async def test_it_needs_a_login(api: Api, given: Given, ada: Person) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    check_needs_login(await api.get(f"/api/appointments/{appointment_id}/history/"))


async def test_it_comes_in_pages(api: Api, given: Given, ada: Person) -> None:
    slots = await given.make_slots(4)
    appointment_id = await given.make_appointment(ada, slots[0])
    for slot_id in slots[1:]:
        assert (await api.reschedule(ada, appointment_id, slot_id)).status == 200
    path = f"/api/appointments/{appointment_id}/history/"
    pages = await walk(api, f"{path}?limit=3", ada)
    assert [[change["to_slot"] for change in page] for page in pages] == [slots[:3], slots[3:]]
    assert [change for page in pages for change in page] == (await api.get(path, who=ada)).json
    assert len(await walk(api, f"{path}?limit=4", ada)) == 1
    assert (await api.get(f"{path}?limit=0", who=ada)).status == 400
