"""POST /api/appointments/ with a slot and a customer, by staff"""

from typing import Any

import pytest

from tests.api.calendar.hours.scene import day_after
from tests.api.checks import check_invalid, check_problem
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply

WHY = {"reason": "they called"}


async def _book(api: Api, who: Person, query: str = "", **body: Any) -> Reply:
    headers = body.pop("headers", None)
    return await api.post(f"/api/appointments/{query}", body, who=who, headers=headers)


@pytest.fixture
def grace(given: Given, keeper: Person) -> int:
    """A customer of the keeper's, who can't log in."""
    return given.patient(keeper, "Grace")


@pytest.fixture
def slot_id(given: Given, keeper: Person) -> int:
    return given.slot(provider_id=keeper.session.provider_id)


async def test_staff_book_a_slot_for_somebody(
    api: Api, keeper: Person, grace: int, slot_id: int
) -> None:
    reply = await _book(api, keeper, slot=slot_id, customer=grace, notes="Hello", **WHY)
    assert reply.status == 201, reply.json
    assert reply.headers["ETag"] == '"1"'
    assert reply.json == {
        "id": reply.json["id"],
        "slot": {"id": slot_id, "start_time": "10:00", "end_time": "10:30", "provider": "Clinic"},
        "user": "Grace",
        "notes": "Hello",
        "status": "booked",
    }
    [change] = (await api.get(f"/api/appointments/{reply.json['id']}/history/", who=keeper)).json
    said = change["action"], change["actor"], change["reason"], change["to_slot"]
    assert said == ("book", keeper.username, "they called", slot_id)


async def test_the_whole_slot_is_shown_when_asked_for(
    api: Api, keeper: Person, grace: int, slot_id: int
) -> None:
    reply = await _book(api, keeper, "?expand=slot", slot=slot_id, customer=grace)
    assert (reply.json["slot"]["status"], reply.json["slot"]["remaining"]) == ("busy", 0)


async def test_it_is_refused_as_for_anybody(
    api: Api, keeper: Person, ada: Person, given: Given, grace: int, slot_id: int
) -> None:
    provider_id = keeper.session.provider_id
    [free] = await given.make_slots(1, provider_id=provider_id, starts_at=day_after(3, 9))
    await given.make_appointment(ada, slot_id)
    taken = await _book(api, keeper, slot=slot_id, customer=grace)
    check_problem(taken, 409, "slot_taken", "alternatives")
    assert [one["id"] for one in taken.json["alternatives"]] == [free]
    check_problem(await _book(api, keeper, slot=10**12, customer=grace), 404, "not_found")
    await given.make_begun(free)
    check_problem(await _book(api, keeper, slot=free, customer=grace), 422, "slot_in_past")


async def test_a_group_takes_a_customer_once(
    api: Api, keeper: Person, given: Given, grace: int
) -> None:
    provider_id = keeper.session.provider_id
    [slot_id] = await given.make_slots(1, provider_id=provider_id, capacity=3, per_person=1)
    assert (await _book(api, keeper, slot=slot_id, customer=grace)).status == 201
    again = await _book(api, keeper, slot=slot_id, customer=grace)
    check_problem(again, 409, "already_booked")


async def test_only_staff_of_the_slot_and_of_the_customer_may(
    api: Api, keeper: Person, rival: Person, ada: Person, given: Given, grace: int, slot_id: int
) -> None:
    check_problem(await _book(api, ada, slot=slot_id, customer=grace), 403, "permission_denied")
    theirs = await given.make_customer(rival, "Henry")
    foreign_slot = await _book(api, rival, slot=slot_id, customer=theirs)
    check_problem(foreign_slot, 403, "permission_denied")
    foreign_customer = await _book(api, keeper, slot=slot_id, customer=theirs)
    check_problem(foreign_customer, 404, "not_found")
    assert foreign_customer.json["detail"] == "There is no such customer."
    told = {"override": ["closed"], "reason": "why not"}
    check_problem(await _book(api, ada, slot=slot_id, **told), 403, "permission_denied")
    assert (await api.get(f"/api/slots/{slot_id}/")).json["status"] == "free"


async def test_a_customer_may_say_who_they_are(api: Api, ada: Person, slot_id: int) -> None:
    reply = await _book(api, ada, slot=slot_id, customer=ada.id)
    assert (reply.status, reply.json["user"]) == (201, ada.username)


async def test_a_closed_slot_is_booked_by_override_and_stays_closed(
    api: Api, keeper: Person, ada: Person, given: Given, grace: int
) -> None:
    [slot_id] = await given.make_slots(1, provider_id=keeper.session.provider_id, capacity=2)
    path = f"/api/slots/{slot_id}/"
    await api.patch(path, {"status": "busy-unavailable"}, who=keeper)
    refused = await _book(api, keeper, slot=slot_id, customer=grace)
    check_problem(refused, 409, "slot_taken", "alternatives")
    bare = await _book(api, keeper, slot=slot_id, customer=grace, override=["closed"])
    check_invalid(bare, {"reason": ["This field is required with override."]})
    told = {"customer": grace, "override": ["closed"], "reason": "a patient in pain"}
    reply = await _book(api, keeper, "?expand=slot", slot=slot_id, **told)
    assert (reply.status, reply.json["slot"]["status"]) == (201, "busy-unavailable")
    slot = (await api.get(path)).json
    assert (slot["status"], slot["remaining"]) == ("busy-unavailable", 1)
    check_problem(await api.book(ada, slot_id), 409, "slot_taken", "alternatives")


async def test_what_is_booked_into_a_closure_by_override_is_no_conflict(
    api: Api, keeper: Person, given: Given, grace: int
) -> None:
    provider_id = keeper.session.provider_id
    slots = await given.make_slots(2, provider_id=provider_id, starts_at=day_after(3, 9))
    day = day_after(3, 9).date().isoformat()
    await api.post("/api/closures/", {"provider": provider_id, "from": day, "to": day}, who=keeper)
    by_id = (await _book(api, keeper, slot=slots[0], customer=grace)).json["id"]
    told = {"customer": grace, "override": ["closed"], "reason": "a patient in pain"}
    assert (await _book(api, keeper, slot=slots[1], **told)).status == 201
    target = f"/api/appointments/?provider={provider_id}&outside_hours=true"
    assert [one["id"] for one in (await api.get(target, who=keeper)).json] == [by_id]


async def test_a_persons_limit_counts_unless_it_is_overridden(
    served: Served, keeper: Person, given: Given, grace: int
) -> None:
    slots = await given.make_slots(2, provider_id=keeper.session.provider_id)
    async with served(max_open_appointments=1) as api:
        assert (await _book(api, keeper, slot=slots[0], customer=grace)).status == 201
        full = await _book(api, keeper, slot=slots[1], customer=grace)
        check_problem(full, 422, "limit_reached")
        told = {"customer": grace, "override": ["limit"], "reason": "a series"}
        assert (await _book(api, keeper, slot=slots[1], **told)).status == 201


@pytest.mark.parametrize("name", ["lead", "overlap", "anything"])
async def test_what_says_nothing_of_a_slot_can_not_be_overridden(
    api: Api, keeper: Person, slot_id: int, name: str
) -> None:
    reply = await _book(api, keeper, slot=slot_id, override=[name], reason="why not")
    assert (reply.status, list(reply.json["errors"])) == (400, ["override"])


async def test_the_same_key_books_once(api: Api, keeper: Person, grace: int, slot_id: int) -> None:
    wanted = {"slot": slot_id, "customer": grace, "headers": {"Idempotency-Key": "for-Grace"}}
    first = await _book(api, keeper, **wanted)
    again = await _book(api, keeper, **wanted)
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_dry_run_leaves_nothing_behind(
    api: Api, keeper: Person, given: Given, grace: int
) -> None:
    provider_id = keeper.session.provider_id
    [slot_id] = await given.make_slots(1, provider_id=provider_id)
    path = f"/api/slots/{slot_id}/"
    await api.patch(path, {"status": "busy-unavailable"}, who=keeper)
    before = await api.get(path)
    told = {"customer": grace, "override": ["closed"], "reason": "a patient in pain"}
    for _ in range(2):
        reply = await _book(api, keeper, "?dry_run=true", slot=slot_id, **told)
        assert (reply.status, reply.json) == (200, {"bookable": True, "provider_id": provider_id})
    after = await api.get(path)
    assert (after.json, after.headers["ETag"]) == (before.json, before.headers["ETag"])
    refused = await _book(api, keeper, "?dry_run=true", slot=slot_id, customer=grace)
    check_problem(refused, 409, "slot_taken", "alternatives")
