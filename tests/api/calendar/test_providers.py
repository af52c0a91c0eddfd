"""POST and GET /api/providers/, GET and PATCH /api/providers/{id}/"""

from typing import Any

import pytest

from service.http.cursor import written
from tests.api.checks import (
    BEYOND_64_BIT,
    NEVER,
    check_invalid,
    check_needs_login,
    check_problem,
    walk,
)
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply

REQUIRED = ["This field is required."]
NULL = ["This field may not be null."]
NEW = {"name": "Dr Moreau", "time_zone": "America/New_York"}
BAD = [
    ({"name": ""}, {"name": ["This field may not be blank."]}),
    ({"name": 5}, {"name": ["Not a valid string."]}),
    ({"name": 201 * "x"}, {"name": ["Ensure this field has no more than 200 characters."]}),
    ({"time_zone": "Mars/Base"}, {"time_zone": ['"Mars/Base" is not a valid choice.']}),
    ({"time_zone": "../../etc"}, {"time_zone": ['"../../etc" is not a valid choice.']}),
    ({"time_zone": "+02:00"}, {"time_zone": ['"+02:00" is not a valid choice.']}),
    ({"time_zone": ["UTC"]}, {"time_zone": ["Not a valid string."]}),
    ({"kind": "robot"}, {"kind": ['"robot" is not a valid choice.']}),
    ({"per_day": 0}, {"per_day": ["Ensure this value is greater than or equal to 1."]}),
    ({"per_day": 1001}, {"per_day": ["Ensure this value is less than or equal to 1000."]}),
    ({"name": 1, "time_zone": ""}, None),
]


async def _create(api: Api, who: Person, **changes: Any) -> Reply:
    return await api.post("/api/providers/", NEW | changes, who=who)


async def test_it_creates(api: Api, admin: Person) -> None:
    reply = await _create(api, admin)
    assert reply.status == 201
    assert reply.json == {"id": reply.json["id"], **NEW}
    assert reply.headers["Location"] == f"/api/providers/{reply.json['id']}/"
    assert (await api.get(reply.headers["Location"])).json == reply.json


async def test_a_room_and_a_limit_are_told_where_they_are_any(api: Api, admin: Person) -> None:
    room = await _create(api, admin, kind="room", per_day=8)
    assert room.json == {"id": room.json["id"], **NEW, "kind": "room", "per_day": 8}
    path = f"/api/providers/{room.json['id']}/"
    assert (await api.get(path)).json == room.json
    page = await api.get(f"/api/providers/?cursor={room.json['id'] - 1}&limit=1")
    assert page.json == [room.json]
    kept = await api.patch(path, {"name": "Room 1", "per_day": 9}, who=admin)
    assert kept.json == room.json | {"name": "Room 1", "per_day": 9}
    assert (await api.patch(path, {"kind": None}, who=admin)).json == kept.json
    plain = await api.patch(path, {"kind": "person", "per_day": None}, who=admin)
    assert plain.json == {"id": room.json["id"], **NEW, "name": "Room 1"}


async def test_only_an_admin_creates(api: Api, ada: Person, okafor: Person) -> None:
    for who in (ada, okafor):
        check_problem(await _create(api, who), 403, "permission_denied")
    check_needs_login(await api.post("/api/providers/", NEW))


@pytest.mark.parametrize(("changes", "errors"), BAD)
async def test_it_rejects_bad_input(
    api: Api, admin: Person, okafor: Person, changes: dict[str, Any], errors: dict[str, Any] | None
) -> None:
    expected = errors or {
        "name": ["Not a valid string."],
        "time_zone": ["This field may not be blank."],
    }
    check_invalid(await _create(api, admin, **changes), expected)
    own = f"/api/providers/{okafor.session.provider_id}/"
    check_invalid(await api.patch(own, changes, who=okafor), expected)


async def test_it_names_every_missing_field(api: Api, admin: Person) -> None:
    reply = await api.post("/api/providers/", {}, who=admin)
    check_invalid(reply, {"name": REQUIRED, "time_zone": REQUIRED})
    reply = await api.post("/api/providers/", {"name": None, "time_zone": None}, who=admin)
    check_invalid(reply, {"name": NULL, "time_zone": NULL})


async def test_an_id_in_the_body_changes_nothing(
    served: Served, admin: Person, given: Given
) -> None:
    taken = await given.make_provider()
    async with served(unknown_fields="ignore") as api:
        reply = await _create(api, admin, id=taken, created_at="2000-01-01T00:00:00Z")
        changed = await api.patch(f"/api/providers/{taken}/", {"id": NEVER}, who=admin)
    assert reply.json["id"] != taken
    assert changed.json == {"id": taken, "name": "Clinic", "time_zone": "UTC"}


async def test_everyone_gets_one(api: Api, given: Given) -> None:
    provider_id = await given.make_provider("Dr Ito", "Asia/Tokyo")
    reply = await api.get(f"/api/providers/{provider_id}/")
    assert reply.status == 200
    assert reply.json == {"id": provider_id, "name": "Dr Ito", "time_zone": "Asia/Tokyo"}


@pytest.mark.parametrize("provider_id", [0, NEVER, BEYOND_64_BIT, 10**40])
async def test_it_handles_a_missing_one(api: Api, admin: Person, provider_id: int) -> None:
    path = f"/api/providers/{provider_id}/"
    check_problem(await api.get(path), 404, "not_found")
    check_problem(await api.patch(path, {"name": "x"}, who=admin), 404, "not_found")


async def test_everyone_lists_all_page_by_page(api: Api, given: Given) -> None:
    made = [await given.make_provider(f"Page {n}") for n in range(5)]
    pages = await walk(api, f"/api/providers/?limit=2&cursor={written(made[0] - 1)}")
    assert [len(page) for page in pages[:2]] == [2, 2]
    assert [one["id"] for page in pages for one in page][:5] == made


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("limit=0", {"limit": ["Ensure this value is greater than or equal to 1."]}),
        ("limit=501", {"limit": ["Ensure this value is less than or equal to 500."]}),
        ("limit=ten", {"limit": ["A valid integer is required."]}),
        ("cursor=x", {"cursor": ["Invalid cursor."]}),
        (f"cursor={BEYOND_64_BIT}", {"cursor": ["Invalid cursor."]}),
    ],
)
async def test_a_list_rejects_bad_input(api: Api, query: str, errors: dict[str, Any]) -> None:
    check_invalid(await api.get(f"/api/providers/?{query}"), errors)


async def test_its_staff_and_an_admin_change_it(api: Api, keeper: Person, admin: Person) -> None:
    own = f"/api/providers/{keeper.session.provider_id}/"
    reply = await api.patch(own, {"name": "New name"}, who=keeper)
    assert reply.status == 200
    expected = {"id": keeper.session.provider_id, "name": "New name", "time_zone": "UTC"}
    assert reply.json == expected
    reply = await api.patch(own, {"time_zone": "Asia/Kathmandu"}, who=admin)
    assert reply.json == expected | {"time_zone": "Asia/Kathmandu"}
    assert (await api.get(own)).json == reply.json
    assert (await api.patch(own, {}, who=keeper)).json == reply.json


async def test_slots_keep_their_instant_in_a_new_zone(
    api: Api, given: Given, keeper: Person
) -> None:
    provider_id = keeper.session.provider_id
    (slot_id,) = await given.make_slots(1, provider_id=provider_id)
    before = (await api.get(f"/api/slots/{slot_id}/")).json
    await api.patch(f"/api/providers/{provider_id}/", {"time_zone": "Asia/Kathmandu"}, who=keeper)
    after = (await api.get(f"/api/slots/{slot_id}/")).json
    assert (after["starts_at"], after["ends_at"]) == (before["starts_at"], before["ends_at"])
    assert (before["start_time"], after["start_time"]) == ("10:00", "15:45")


async def test_nobody_else_changes_it(api: Api, keeper: Person, rival: Person, ada: Person) -> None:
    path = f"/api/providers/{keeper.session.provider_id}/"
    for who in (rival, ada):
        check_problem(await api.patch(path, {"name": "Stolen"}, who=who), 403, "permission_denied")
    check_needs_login(await api.patch(path, {"name": "Stolen"}))
    assert (await api.get(path)).json["name"] == "Clinic"
