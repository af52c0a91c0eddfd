"""POST /api/logout/"""

import asyncio

from tests.api.checks import check_needs_login, check_problem
from tests.cast import PASSWORD, Api, Person


async def test_it_works(api: Api, stranger: Person) -> None:
    reply = await api.post("/api/logout/", who=stranger)
    assert reply.status == 200
    assert reply.json == {"message": "Logged out successfully"}


async def test_the_token_never_works_again(api: Api, stranger: Person) -> None:
    assert (await api.get("/api/me/", who=stranger)).status == 200
    await api.post("/api/logout/", who=stranger)
    for method, path in [
        ("GET", "/api/me/"),
        ("GET", "/api/appointments/"),
        ("POST", "/api/appointments/"),
        ("DELETE", "/api/tokens/"),
        ("POST", "/api/logout/"),
    ]:
        reply = await api.call(method, path, who=stranger)
        check_problem(reply, 401, "invalid_token")
        assert reply.json["detail"] == "Invalid token."


async def test_other_tokens_of_the_account_live_on(api: Api, stranger: Person) -> None:
    body = {"username": stranger.username, "password": PASSWORD}
    other = (await api.post("/api/login/", body)).json["token"]
    await api.post("/api/logout/", who=stranger)
    reply = await api.get("/api/me/", headers={"Authorization": f"Token {other}"})
    assert reply.status == 200


async def test_of_many_logouts_at_once_one_succeeds(api: Api, stranger: Person) -> None:
    replies = await asyncio.gather(*(api.post("/api/logout/", who=stranger) for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [200] + 7 * [401]


async def test_it_ignores_a_body(api: Api, stranger: Person, ben: Person) -> None:
    reply = await api.post("/api/logout/", {"user": ben.id, "token": ben.token}, who=stranger)
    assert reply.status == 200
    assert (await api.get("/api/me/", who=ben)).status == 200


async def test_it_needs_a_login(api: Api) -> None:
    check_needs_login(await api.post("/api/logout/"))
