"""GET and DELETE /api/tokens/, DELETE /api/tokens/{id}/"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.api.checks import (
    BEYOND_64_BIT,
    NEVER,
    check_needs_login,
    check_problem,
    check_same_as_missing,
    next_link,
    walk,
)
from tests.cast import PASSWORD, Api, Person, Reply


async def _login(api: Api, who: Person) -> Person:
    body = {"username": who.username, "password": PASSWORD}
    return who._replace(token=(await api.post("/api/login/", body)).json["token"])


async def _ids(api: Api, who: Person) -> list[int]:
    return [token["id"] for token in (await api.get("/api/tokens/", who=who)).json]


async def _me(api: Api, who: Person) -> Reply:
    return await api.get("/api/me/", who=who)


async def test_it_lists_ones_own(api: Api, stranger: Person) -> None:
    second = await _login(api, stranger)
    reply = await api.get("/api/tokens/", who=second)
    assert reply.status == 200
    assert [set(token) for token in reply.json] == 2 * [{"id", "created_at", "current"}]
    assert [token["current"] for token in reply.json].count(True) == 1
    for token in reply.json:
        assert type(token["id"]) is int
        assert token["id"] < 2**53, "a JavaScript client would round it"
        age = datetime.now(UTC) - datetime.fromisoformat(token["created_at"])
        assert timedelta(seconds=-2) < age < timedelta(minutes=5)


async def test_it_comes_in_pages_and_every_token_once(api: Api, stranger: Person) -> None:
    for _ in range(6):
        await _login(api, stranger)
    whole = (await api.get("/api/tokens/", who=stranger)).json
    pages = await walk(api, "/api/tokens/?limit=3", who=stranger)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [token for page in pages for token in page] == whole
    assert await walk(api, "/api/tokens/?limit=7", who=stranger) == [whole]


async def test_a_page_goes_on_where_the_last_one_ended_even_if_that_token_is_gone(
    api: Api, stranger: Person
) -> None:
    other, *_ = [await _login(api, stranger) for _ in range(3)]
    whole = await _ids(api, stranger)
    reply = await api.get("/api/tokens/?limit=2", who=stranger)
    last = reply.json[1]
    who = other if last["current"] else stranger
    assert (await api.delete(f"/api/tokens/{last['id']}/", who=who)).status == 204
    rest = await api.get(next_link(reply) or "", who=who)
    assert [token["id"] for token in rest.json] == whole[2:]


@pytest.mark.parametrize("cursor", ["x", "1-", "-1", "1-2-3", "1-" + 20 * "9", "%00"])
async def test_a_cursor_of_ones_own_making_is_refused(api: Api, ben: Person, cursor: str) -> None:
    reply = await api.get(f"/api/tokens/?cursor={cursor}", who=ben)
    check_problem(reply, 400, "invalid", "errors")
    assert set(reply.json["errors"]) == {"cursor"}


async def test_it_never_shows_a_token(api: Api, stranger: Person) -> None:
    listed = json.dumps((await api.get("/api/tokens/", who=stranger)).json)
    assert stranger.token not in listed
    assert "token:" not in listed


async def test_one_session_is_logged_out_by_its_id(api: Api, stranger: Person) -> None:
    second = await _login(api, stranger)
    tokens = (await api.get("/api/tokens/", who=stranger)).json
    other = next(token["id"] for token in tokens if not token["current"])
    reply = await api.delete(f"/api/tokens/{other}/", who=stranger)
    assert (reply.status, reply.json) == (204, None)
    check_problem(await _me(api, second), 401, "invalid_token")
    assert (await _me(api, stranger)).status == 200
    assert other not in await _ids(api, stranger)
    again = await api.delete(f"/api/tokens/{other}/", who=stranger)
    check_problem(again, 404, "not_found")


async def test_ones_own_session_may_be_the_one(api: Api, stranger: Person) -> None:
    (own,) = await _ids(api, stranger)
    assert (await api.delete(f"/api/tokens/{own}/", who=stranger)).status == 204
    check_problem(await _me(api, stranger), 401, "invalid_token")


async def test_all_are_logged_out_at_once(api: Api, stranger: Person, ben: Person) -> None:
    people = [stranger, await _login(api, stranger), await _login(api, stranger)]
    reply = await api.delete("/api/tokens/", who=people[1])
    assert (reply.status, reply.json) == (204, None)
    for person in people:
        check_problem(await _me(api, person), 401, "invalid_token")
    assert (await _me(api, ben)).status == 200


async def test_it_refuses_someone_elses(api: Api, stranger: Person, ben: Person) -> None:
    (own,) = await _ids(api, stranger)
    reply = await api.delete(f"/api/tokens/{own}/", who=ben)
    missing = await api.delete(f"/api/tokens/{NEVER}/", who=ben)
    check_same_as_missing(reply, missing)
    assert (await _me(api, stranger)).status == 200


@pytest.mark.parametrize("token_id", [0, NEVER, BEYOND_64_BIT, 10**40])
async def test_it_handles_a_missing_one(api: Api, ben: Person, token_id: int) -> None:
    check_problem(await api.delete(f"/api/tokens/{token_id}/", who=ben), 404, "not_found")


async def test_it_needs_a_login(api: Api) -> None:
    check_needs_login(await api.get("/api/tokens/"))
    check_needs_login(await api.delete("/api/tokens/"))
    check_needs_login(await api.delete("/api/tokens/1/"))
