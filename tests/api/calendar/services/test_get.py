"""GET /api/services/ and /api/services/{id}/"""

from typing import Any

import pytest

from tests.api.checks import BEYOND_64_BIT, NEVER, check_invalid, check_problem, walk
from tests.cast import Api, Given, Person


async def test_everyone_gets_one(api: Api, given: Given, ada: Person) -> None:
    service_id = await given.make_service(await given.make_provider(), name="Massage")
    for who in (None, ada):
        reply = await api.get(f"/api/services/{service_id}/", who=who)
        assert (reply.status, reply.json["id"], reply.json["name"]) == (200, service_id, "Massage")


async def test_what_is_known_is_not_sent_again(api: Api, given: Given) -> None:
    path = f"/api/services/{await given.make_service()}/"
    tag = (await api.get(path)).headers["ETag"]
    again = await api.get(path, headers={"If-None-Match": tag})
    assert (again.status, again.json) == (304, None)


@pytest.mark.parametrize("service_id", [0, NEVER, BEYOND_64_BIT])
async def test_it_handles_a_missing_one(api: Api, service_id: int) -> None:
    check_problem(await api.get(f"/api/services/{service_id}/"), 404, "not_found")


async def test_everyone_lists_all_page_by_page(api: Api, given: Given) -> None:
    made = [await given.make_service() for _ in range(5)]
    pages = await walk(api, f"/api/services/?limit=2&cursor={made[0] - 1}")
    assert [len(page) for page in pages[:2]] == [2, 2]
    assert [one["id"] for page in pages for one in page] == made
    assert pages[0][0] == (await api.get(f"/api/services/{made[0]}/")).json


async def test_a_provider_narrows_the_list_to_what_it_offers(api: Api, given: Given) -> None:
    one, other, room = [await given.make_provider() for _ in range(3)]
    both = await given.make_service(one, other)
    own = await given.make_service(one, needs={"room": [room]})
    listed = {
        provider_id: [
            each["id"] for each in (await api.get(f"/api/services/?provider={provider_id}")).json
        ]
        for provider_id in (one, other, room, NEVER)
    }
    assert listed == {one: [both, own], other: [both], room: [], NEVER: []}
    either = await api.get(f"/api/services/?provider={other}&provider={one}&provider=0")
    assert [each["id"] for each in either.json] == [both, own]


async def test_what_is_retired_is_not_listed(api: Api, given: Given, admin: Person) -> None:
    one = await given.make_provider()
    kept, gone = await given.make_service(one), await given.make_service(one)
    assert (await api.delete(f"/api/services/{gone}/", who=admin)).status == 204
    assert [each["id"] for each in (await api.get(f"/api/services/?provider={one}")).json] == [kept]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("limit=0", {"limit": ["Ensure this value is greater than or equal to 1."]}),
        ("provider=me", {"provider": ["A valid integer is required."]}),
        ("cursor=x", {"cursor": ["Invalid cursor."]}),
        ("providers=1", {"providers": ['There is no such name here. Did you mean "provider"?']}),
    ],
)
async def test_a_list_rejects_bad_input(api: Api, query: str, errors: dict[str, Any]) -> None:
    check_invalid(await api.get(f"/api/services/?{query}"), errors)
