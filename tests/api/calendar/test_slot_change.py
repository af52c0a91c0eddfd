"""PATCH /api/slots/{id}/"""

from typing import Any

import pytest

from tests.api.checks import BEYOND_64_BIT, NEVER, check_invalid, check_needs_login, check_problem
from tests.cast import Api, Given, Person, Reply

INTEGER = ["A valid integer is required."]


async def _change(api: Api, who: Person | None, slot_id: int, **changes: Any) -> Reply:
    return await api.patch(f"/api/slots/{slot_id}/", changes, who=who)


async def _own_slot(given: Given, keeper: Person, **options: Any) -> int:
    return (await given.make_slots(1, provider_id=keeper.session.provider_id, **options))[0]


async def test_it_closes_and_opens(
    api: Api, given: Given, keeper: Person, admin: Person, ada: Person
) -> None:
    slot_id = await _own_slot(given, keeper)
    before = (await api.get(f"/api/slots/{slot_id}/")).json
    reply = await _change(api, keeper, slot_id, status="busy-unavailable")
    assert reply.status == 200
    assert reply.json == before | {"status": "busy-unavailable"}
    check_problem(await api.book(ada, slot_id), 409, "slot_taken", "alternatives")
    reply = await _change(api, admin, slot_id, status="free")
    assert reply.json == before
    assert (await api.book(ada, slot_id)).status == 201


async def test_it_changes_the_capacity(
    api: Api, given: Given, keeper: Person, ada: Person, ben: Person
) -> None:
    slot_id = await _own_slot(given, keeper)
    await given.make_appointment(ada, slot_id)
    reply = await _change(api, keeper, slot_id, capacity=2)
    assert (reply.json["capacity"], reply.json["remaining"]) == (2, 1)
    assert (await api.book(ben, slot_id)).status == 201


async def test_opening_a_full_slot_leaves_it_full(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    slot_id = await _own_slot(given, keeper)
    await given.make_appointment(ada, slot_id)
    assert (await _change(api, keeper, slot_id, status="free")).json["status"] == "busy"


async def test_nobody_loses_a_place(
    api: Api, given: Given, keeper: Person, ada: Person, ben: Person
) -> None:
    slot_id = await _own_slot(given, keeper, capacity=3)
    first = await given.make_appointment(ada, slot_id)
    await given.make_appointment(ben, slot_id)
    check_problem(await _change(api, keeper, slot_id, capacity=1), 409, "slot_in_use")
    await api.cancel(ada, first)
    for smaller in (1, 3, 2):
        assert (await _change(api, keeper, slot_id, capacity=smaller)).status == 200
    assert (await api.get(f"/api/slots/{slot_id}/")).json["remaining"] == 1


async def test_an_empty_change_changes_nothing(api: Api, given: Given, keeper: Person) -> None:
    slot_id = await _own_slot(given, keeper)
    before = (await api.get(f"/api/slots/{slot_id}/")).json
    assert (await _change(api, keeper, slot_id)).json == before
    assert (await _change(api, keeper, slot_id, status=None, capacity=None)).json == before


async def test_nothing_else_can_be_changed(
    api: Api, given: Given, keeper: Person, rival: Person
) -> None:
    slot_id = await _own_slot(given, keeper)
    before = (await api.get(f"/api/slots/{slot_id}/")).json
    powers = {"id": NEVER, "provider": rival.session.provider_id, "booked": 1, "remaining": 0}
    times = {"starts_at": "2031-01-01T00:00:00Z", "ends_at": "2031-01-01T01:00:00Z"}
    reply = await _change(api, keeper, slot_id, **powers, **times, version=99, deleted_at="now")
    check_problem(reply, 400, "invalid", "errors")
    assert set(reply.json["errors"]) == {*powers, *times, "version", "deleted_at"}
    assert (await api.get(f"/api/slots/{slot_id}/")).json == before
    assert (await api.get(f"/api/slots/{slot_id}/")).json == before


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"status": "busy"}, {"status": ['"busy" is not a valid choice.']}),
        ({"status": "busy-tentative"}, {"status": ['"busy-tentative" is not a valid choice.']}),
        ({"status": 1}, {"status": ['"1" is not a valid choice.']}),
        ({"capacity": 0}, {"capacity": ["Ensure this value is greater than or equal to 1."]}),
        ({"capacity": -1}, {"capacity": ["Ensure this value is greater than or equal to 1."]}),
        ({"capacity": 1001}, {"capacity": ["Ensure this value is less than or equal to 1000."]}),
        ({"capacity": True}, {"capacity": INTEGER}),
        ({"capacity": "2"}, {"capacity": INTEGER}),
        ({"capacity": 2.5}, {"capacity": INTEGER}),
        (
            {"capacity": [], "status": ""},
            {"capacity": INTEGER, "status": ['"" is not a valid choice.']},
        ),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, given: Given, keeper: Person, changes: dict[str, Any], errors: dict[str, Any]
) -> None:
    slot_id = await _own_slot(given, keeper)
    check_invalid(await _change(api, keeper, slot_id, **changes), errors)


async def test_only_its_staff_change_it(
    api: Api, given: Given, keeper: Person, rival: Person, ada: Person
) -> None:
    slot_id = await _own_slot(given, keeper)
    for who in (rival, ada):
        reply = await _change(api, who, slot_id, status="busy-unavailable")
        check_problem(reply, 403, "permission_denied")
    check_needs_login(await _change(api, None, slot_id, status="busy-unavailable"))
    assert (await api.get(f"/api/slots/{slot_id}/")).json["status"] == "free"


@pytest.mark.parametrize("slot_id", [0, NEVER, BEYOND_64_BIT])
async def test_it_handles_a_missing_one(api: Api, keeper: Person, slot_id: int) -> None:
    check_problem(await _change(api, keeper, slot_id, capacity=2), 404, "not_found")
