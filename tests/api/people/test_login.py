"""POST /api/login/"""

import re
from typing import Any

import pytest

from tests.api.checks import check_invalid, check_problem, without_id
from tests.api.conftest import Served
from tests.cast import PASSWORD, Api, Person, Reply

REQUIRED = ["This field is required."]


async def _login(api: Api, username: str, password: str, address: str | None = None) -> Reply:
    headers = {"X-Real-IP": address} if address else None
    body = {"username": username, "password": password}
    return await api.post("/api/login/", body, headers=headers)


async def test_it_works(api: Api, stranger: Person) -> None:
    reply = await _login(api, stranger.username, PASSWORD)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert set(reply.json) == {"token", "username"}
    assert reply.json["username"] == stranger.username
    assert re.fullmatch("[0-9a-f]{40}", reply.json["token"])
    me = await api.get("/api/me/", headers={"Authorization": f"Token {reply.json['token']}"})
    assert me.json["id"] == stranger.id


async def test_the_username_comes_back_as_it_was_registered(api: Api, stranger: Person) -> None:
    reply = await _login(api, stranger.username.upper(), PASSWORD)
    assert (reply.status, reply.json["username"]) == (200, stranger.username)


async def test_every_login_gets_a_token_of_its_own(api: Api, stranger: Person) -> None:
    first = (await _login(api, stranger.username, PASSWORD)).json["token"]
    second = (await _login(api, stranger.username, PASSWORD)).json["token"]
    assert len({first, second, stranger.token}) == 3
    for token in (first, second, stranger.token):
        reply = await api.get("/api/me/", headers={"Authorization": f"Token {token}"})
        assert reply.status == 200


@pytest.mark.parametrize(
    "password",
    ["wrong", "", PASSWORD + " ", PASSWORD.upper(), 73 * "x", 5000 * "é"],
    ids=["wrong", "empty", "with a space", "upper case", "73 bytes", "long"],
)
async def test_a_wrong_password_and_an_unknown_user_look_the_same(
    api: Api, ada: Person, password: str
) -> None:
    known = await _login(api, "ada", password)
    unknown = await _login(api, "nobody-of-that-name", password)
    check_problem(known, 401, "wrong_credentials")
    check_problem(unknown, 401, "wrong_credentials")
    assert known.json["detail"] == "Unable to log in with provided credentials."
    assert without_id(known) == without_id(unknown)
    assert set(known.headers) == set(unknown.headers)


async def test_the_first_72_bytes_of_a_longer_password_are_not_enough(
    api: Api, stranger: Person
) -> None:
    who = {"Authorization": f"Token {stranger.token}"}
    change = {"current_password": PASSWORD, "new_password": 72 * "x"}
    assert (await api.post("/api/password/", change, headers=who)).status == 200
    assert (await _login(api, stranger.username, 73 * "x")).status == 401
    assert (await _login(api, stranger.username, 72 * "x")).status == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"username": REQUIRED, "password": REQUIRED}),
        ({"username": "ada"}, {"password": REQUIRED}),
        (
            {"username": None, "password": 1},
            {"username": ["This field may not be null."], "password": ["Not a valid string."]},
        ),
        (
            {"username": {"$ne": 1}, "password": ["x"]},
            {"username": ["Not a valid string."], "password": ["Not a valid string."]},
        ),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    check_invalid(await api.post("/api/login/", body), errors)


@pytest.mark.parametrize("username", ["' OR 1=1 --", "%", "ada\\", "_da", "ada ", "\u0430da"])
async def test_a_username_is_never_a_pattern(api: Api, ada: Person, username: str) -> None:
    check_problem(await _login(api, username, PASSWORD), 401, "wrong_credentials")


async def test_guessing_is_slowed_down_but_does_not_lock_the_owner_out(
    served: Served, stranger: Person
) -> None:
    async with served(rate_limit=True, login_limit=3, xheaders=True) as api:
        for _ in range(3):
            check_problem(
                await _login(api, stranger.username, "guess", "203.0.113.7"),
                401,
                "wrong_credentials",
            )
        for username in (stranger.username, stranger.username.upper()):
            reply = await _login(api, username, PASSWORD, "203.0.113.7")
            check_problem(reply, 429, "rate_limited")
            assert 1 <= int(reply.headers["Retry-After"]) <= 65
        assert (await _login(api, stranger.username, PASSWORD, "203.0.113.8")).status == 200


async def test_one_address_can_not_try_all_names(served: Served) -> None:
    async with served(rate_limit=True, login_address_limit=3, xheaders=True) as api:
        statuses = [
            (await _login(api, f"nobody{n}", "guess", "203.0.113.9")).status for n in range(5)
        ]
        assert statuses == [401, 401, 401, 429, 429]
