"""DELETE /api/services/{id}/"""

from typing import Any

import pytest

from tests.api.checks import BEYOND_64_BIT, NEVER, check_needs_login, check_problem
from tests.cast import Api, Given, Person


async def test_it_is_gone_and_going_again_succeeds(
    api: Api, given: Given, admin: Person, database: Any
) -> None:
    path = f"/api/services/{await given.make_service(await given.make_provider())}/"
    for _ in range(2):
        reply = await api.delete(path, who=admin)
        assert (reply.status, reply.json) == (204, None)
    check_problem(await api.get(path), 404, "not_found")
    check_problem(await api.patch(path, {"name": "Back"}, who=admin), 404, "not_found")
    with database.cursor() as cursor:
        cursor.execute("SELECT version FROM service WHERE id = %s", [path.split("/")[3]])
        assert cursor.fetchall() == [(2,)]


async def test_what_is_booked_stays(
    api: Api, given: Given, admin: Person, keeper: Person, ada: Person
) -> None:
    provider_id = keeper.session.provider_id
    service_id = await given.make_service(provider_id)
    slot = {
        "provider": provider_id,
        "starts_at": "2031-01-06T10:00:00Z",
        "ends_at": "2031-01-06T11:00:00Z",
        "service": service_id,
    }
    made = await api.post("/api/slots/", slot, who=keeper)
    booked = await api.book(ada, made.json["id"])
    await api.delete(f"/api/services/{service_id}/", who=admin)
    path = f"/api/appointments/{booked.json['id']}/"
    assert (await api.get(path, who=ada)).json == booked.json
    later = slot | {"starts_at": slot["ends_at"], "ends_at": "2031-01-06T12:00:00Z"}
    check_problem(await api.post("/api/slots/", later, who=keeper), 404, "not_found")


async def test_the_times_of_its_providers_change(
    api: Api, given: Given, admin: Person, database: Any
) -> None:
    one = await given.make_provider()
    service_id = await given.make_service(one)
    versions = []
    for _ in range(3):
        with database.cursor() as cursor:
            cursor.execute("SELECT calendar_version FROM provider WHERE id = %s", [one])
            versions += cursor.fetchone()
        await api.delete(f"/api/services/{service_id}/", who=admin)
    assert versions == [versions[0], versions[0] + 1, versions[0] + 1]


async def test_it_is_retired_only_while_it_is_what_was_seen(
    api: Api, given: Given, admin: Person
) -> None:
    path = f"/api/services/{await given.make_service()}/"
    await api.patch(path, {"name": "New"}, who=admin)
    refused = await api.delete(path, who=admin, headers={"If-Match": '"1"'})
    check_problem(refused, 412, "precondition_failed")
    gone = await api.delete(path, who=admin, headers={"If-Match": '"2"'})
    assert gone.status == 204


async def test_only_an_admin_retires_it(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    path = f"/api/services/{await given.make_service(keeper.session.provider_id)}/"
    for who in (keeper, ada):
        check_problem(await api.delete(path, who=who), 403, "permission_denied")
    check_needs_login(await api.delete(path))
    assert (await api.get(path)).status == 200


@pytest.mark.parametrize("service_id", [0, NEVER, BEYOND_64_BIT])
async def test_it_handles_a_missing_one(api: Api, admin: Person, service_id: int) -> None:
    reply = await api.delete(f"/api/services/{service_id}/", who=admin)
    check_problem(reply, 404, "not_found")
