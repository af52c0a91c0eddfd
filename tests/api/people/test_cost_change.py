"""BCRYPT_ROUNDS was changed: nobody notices, and time tells nobody who has an account."""

import pytest

from service.deps import Deps
from tests.api.conftest import Served
from tests.cast import PASSWORD, Api, Person


async def login(api: Api, username: str, password: str = PASSWORD) -> int:
    return (await api.post("/api/login/", {"username": username, "password": password})).status


async def rounds(deps: Deps, who: Person) -> int:
    return int(
        (await deps.db.run("account_password_hash", account_id=who.id)).password_hash.split("$")[2]
    )


@pytest.mark.parametrize("wanted", [5, 6])
async def test_a_login_hashes_anew_and_the_token_lives(
    served: Served, deps: Deps, stranger: Person, wanted: int
) -> None:
    async with served(bcrypt_rounds=wanted) as api:
        assert await login(api, stranger.username, "wrong") == 401
        assert await rounds(deps, stranger) == 4
        who = {"username": stranger.username, "password": PASSWORD}
        token = (await api.post("/api/login/", who)).json["token"]
        assert await rounds(deps, stranger) == wanted
        reply = await api.get("/api/me/", headers={"Authorization": f"Token {token}"})
        assert reply.status == 200
        assert await login(api, stranger.username) == 200
