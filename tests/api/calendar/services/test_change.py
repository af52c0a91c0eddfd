"""PATCH /api/services/{id}/"""

import asyncio
import json
from typing import Any

import pytest

from tests.api.checks import BEYOND_64_BIT, NEVER, check_invalid, check_needs_login, check_problem
from tests.cast import Api, Given, Person, Reply


async def _change(
    api: Api, who: Person | None, service_id: int, headers: Any = None, **changes: Any
) -> Reply:
    return await api.patch(f"/api/services/{service_id}/", changes, who=who, headers=headers)


def _calendars(database: Any, *provider_ids: int) -> list[int]:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT calendar_version FROM provider WHERE id = ANY (%s) ORDER BY id",
            [list(provider_ids)],
        )
        return [version for (version,) in cursor.fetchall()]


async def test_it_changes_what_is_given_and_nothing_else(
    api: Api, given: Given, admin: Person
) -> None:
    service_id = await given.make_service(await given.make_provider(), per_day=3)
    before = (await api.get(f"/api/services/{service_id}/")).json
    reply = await _change(api, admin, service_id, name="New", lead_minutes=5, capacity=2)
    changed = {"name": "New", "lead_minutes": 5, "capacity": 2, "version": 2}
    assert (reply.status, reply.json) == (200, before | changed)
    assert reply.headers["ETag"] == '"2"'
    assert (await api.get(f"/api/services/{service_id}/")).json == reply.json
    again = await _change(api, admin, service_id)
    assert again.json == reply.json | {"version": 3}


async def test_null_takes_a_limit_away_and_leaves_the_rest(
    api: Api, given: Given, admin: Person
) -> None:
    limits = dict.fromkeys(("per_day", "per_customer_day", "per_customer_open"), 3)
    limits |= {"notice_minutes": 60, "step_minutes": 10}
    service_id = await given.make_service(**limits, lead_minutes=5, description="Hello")
    before = (await api.get(f"/api/services/{service_id}/")).json
    nulls = dict.fromkeys((*limits, "name", "lead_minutes", "description", "providers", "needs"))
    reply = await _change(api, admin, service_id, **nulls)
    none = dict.fromkeys(limits) | {"step_minutes": 30, "version": 2}
    assert reply.json == before | none


async def test_a_step_that_is_the_duration_follows_it(
    api: Api, given: Given, admin: Person
) -> None:
    follows, stays = await given.make_service(), await given.make_service(step_minutes=10)
    changed = [await _change(api, admin, one, duration_minutes=45) for one in (follows, stays)]
    assert [reply.json["step_minutes"] for reply in changed] == [45, 10]


async def test_providers_and_needs_are_replaced_as_a_whole(
    api: Api, given: Given, admin: Person, database: Any
) -> None:
    one, other, third, room = [await given.make_provider() for _ in range(4)]
    service_id = await given.make_service(one, other, needs={"room": [room]})
    before = _calendars(database, one, other, third, room)
    offers = [{"provider": other, "weight": 50}, {"provider": third, "weight": 150}]
    reply = await _change(api, admin, service_id, providers=offers)
    assert (reply.json["providers"], reply.json["needs"]) == (offers, {"room": [room]})
    # All have other times now: who went, who stayed, who came, and the room.
    assert _calendars(database, one, other, third, room) == [version + 1 for version in before]
    reply = await _change(api, admin, service_id, needs={})
    assert (reply.json["providers"], reply.json["needs"]) == (offers, {})
    assert _calendars(database, one, room) == [before[0] + 1, before[3] + 2]


async def test_every_version_is_kept_with_who_made_it(
    api: Api, given: Given, admin: Person, database: Any
) -> None:
    service_id = await given.make_service(await given.make_provider())
    first = (await api.get(f"/api/services/{service_id}/")).json
    second = (await _change(api, admin, service_id, duration_minutes=45)).json
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT document::text, actor_id FROM service_version WHERE service_id = %s"
            " ORDER BY version",
            [service_id],
        )
        kept = [(json.loads(document), actor_id) for document, actor_id in cursor.fetchall()]
    assert kept == [(first, 0), (second, admin.id)]


async def test_it_is_changed_only_while_it_is_what_was_seen(
    api: Api, given: Given, admin: Person
) -> None:
    service_id = await given.make_service()
    seen = {"If-Match": '"1"'}
    assert (await _change(api, admin, service_id, seen, name="One")).status == 200
    refused = await _change(api, admin, service_id, seen, name="Two")
    check_problem(refused, 412, "precondition_failed")
    assert (await _change(api, admin, service_id, {"If-Match": "*"}, name="3")).json["version"] == 3


async def test_two_changes_at_once_lose_neither(api: Api, given: Given, admin: Person) -> None:
    service_id = await given.make_service(await given.make_provider())
    changes = [{"name": "New"}, {"lead_minutes": 5}, {"capacity": 9}, {"horizon_days": 5}]
    await asyncio.gather(*(_change(api, admin, service_id, **one) for one in changes))
    after = (await api.get(f"/api/services/{service_id}/")).json
    for one in changes:
        assert after.items() >= one.items()
    assert after["version"] == 5


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"capacity": 1}, {"party_max": ["Must not be greater than capacity."]}),
        ({"party_max": 5}, {"party_max": ["Must not be greater than capacity."]}),
        ({"per_day": 0}, {"per_day": ["Ensure this value is greater than or equal to 1."]}),
        ({"providers": [{"provider": NEVER}]}, {"providers": [f"There is no provider {NEVER}."]}),
        ({"providers": [{}]}, {"providers.0.provider": ["This field is required."]}),
        ({"version": 9}, {"version": ["There is no such name here."]}),
        ({"served": 9}, {"served": ["There is no such name here."]}),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, given: Given, admin: Person, changes: dict[str, Any], errors: dict[str, Any]
) -> None:
    service_id = await given.make_service(capacity=4, party_max=4)
    check_invalid(await _change(api, admin, service_id, **changes), errors)
    assert (await api.get(f"/api/services/{service_id}/")).json["version"] == 1


async def test_only_an_admin_changes_it(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    service_id = await given.make_service(keeper.session.provider_id)
    for who in (keeper, ada):
        reply = await _change(api, who, service_id, name="Mine")
        check_problem(reply, 403, "permission_denied")
    check_needs_login(await _change(api, None, service_id, name="Mine"))


@pytest.mark.parametrize("service_id", [0, NEVER, BEYOND_64_BIT])
async def test_it_handles_a_missing_one(api: Api, admin: Person, service_id: int) -> None:
    check_problem(await _change(api, admin, service_id, name="x"), 404, "not_found")
