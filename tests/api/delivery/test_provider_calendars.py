"""GET, POST, DELETE and refresh of /api/providers/{id}/calendars/"""

import pytest

from tests.api.checks import check_invalid, check_problem
from tests.cast import Api, Given, Person


async def test_calendars_are_for_the_staff_of_that_provider(
    api: Api, given: Given, keeper: Person, rival: Person, stranger: Person, admin: Person
) -> None:
    path = f"/api/providers/{keeper.session.provider_id}/calendars/"
    wanted = {"url": "webcal://calendar.example.org/private-abc/basic.ics"}
    made = await api.post(path, wanted, who=keeper)
    assert made.status == 201
    assert made.headers["Location"] == f"{path}{made.json['id']}/"
    assert made.json == {
        "id": made.json["id"],
        "provider": keeper.session.provider_id,
        "kind": "ics",
        "host": "calendar.example.org",
        "status": "waiting",
        "events": 0,
        "last_ok_at": None,
        "next_at": made.json["next_at"],
        "error": None,
    }
    for who in rival, stranger:
        check_problem(await api.get(path, who=who), 403, "permission_denied")
        check_problem(await api.post(path, wanted, who=who), 403, "permission_denied")
        one = f"{path}{made.json['id']}/"
        check_problem(await api.delete(one, who=who), 403, "permission_denied")
    theirs = f"/api/providers/{rival.session.provider_id}/calendars/{made.json['id']}/"
    check_problem(await api.delete(theirs, who=rival), 404, "not_found")
    check_problem(await api.post(f"{theirs}refresh/", who=rival), 404, "not_found")
    listed = (await api.get(path, who=admin)).json
    assert listed == [made.json | {"conflicts": [], "conflicts_total": 0}]
    none = await api.post("/api/providers/999999999/calendars/", wanted, who=admin)
    check_problem(none, 404, "not_found")


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.org/x.ics", "https://me:pw@example.org/", "x", "https://a b/", "file:///x"],
)
async def test_an_address_has_to_be_one(api: Api, keeper: Person, url: str) -> None:
    path = f"/api/providers/{keeper.session.provider_id}/calendars/"
    reply = await api.post(path, {"url": url}, who=keeper)
    check_problem(reply, 400, "invalid", "errors")
    assert reply.json["errors"].keys() == {"url"}


async def test_a_provider_has_ten_calendars_at_most(api: Api, keeper: Person) -> None:
    path = f"/api/providers/{keeper.session.provider_id}/calendars/"
    wanted = {"url": "https://example.org/a.ics"}
    statuses = [(await api.post(path, wanted, who=keeper)).status for _ in range(11)]
    assert statuses == [201] * 10 + [422]
    check_invalid(await api.post(path, {}, who=keeper), {"url": ["This field is required."]})
