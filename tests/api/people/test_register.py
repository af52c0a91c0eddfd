"""POST /api/register/"""

import asyncio
import itertools
from typing import Any

import pytest

from service.deps import Deps
from tests.api.checks import check_invalid, check_problem
from tests.api.conftest import Served
from tests.cast import PASSWORD, Api, Person, Reply

REQUIRED = ["This field is required."]
NULL = ["This field may not be null."]
BLANK = ["This field may not be blank."]
TEXT = ["Not a valid string."]
RIGHTS = ("ACL", "SETUSER", "default")
_COUNTER = itertools.count(1)


def _new(**changes: Any) -> dict[str, Any]:
    name = f"newcomer{next(_COUNTER)}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD} | changes


async def _login(api: Api, new: dict[str, Any]) -> Reply:
    return await api.post("/api/login/", {"username": new["username"], "password": new["password"]})


async def test_it_works(api: Api) -> None:
    new = _new()
    reply = await api.post("/api/register/", new)
    assert reply.status == 201
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json == {
        "id": reply.json["id"],
        "username": new["username"],
        "email": new["email"],
    }
    assert type(reply.json["id"]) is int
    assert (await _login(api, new)).status == 200


@pytest.mark.parametrize(
    "password",
    ["8 chars!", 72 * "x", 36 * "é", "  spaces  ", "tab\tline\nend"],
    ids=["shortest", "72 bytes", "72 bytes of 36 letters", "spaces", "control characters"],
)
async def test_a_password_is_kept_whole(api: Api, password: str) -> None:
    new = _new(password=password)
    assert (await api.post("/api/register/", new)).status == 201
    assert (await _login(api, new)).status == 200
    assert (await _login(api, new | {"password": password[:-1]})).status == 401


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"username": None}, {"username": NULL}),
        ({"username": ""}, {"username": BLANK}),
        ({"username": 5}, {"username": TEXT}),
        ({"username": ["x"]}, {"username": TEXT}),
        (
            {"username": "a b"},
            {"username": ["Enter a valid value: Letters, digits and @/./+/-/_ only."]},
        ),
        (
            {"username": "newline\n"},
            {"username": ["Enter a valid value: Letters, digits and @/./+/-/_ only."]},
        ),
        (
            {"username": 151 * "x"},
            {"username": ["Ensure this field has no more than 150 characters."]},
        ),
        ({"email": ""}, {"email": BLANK}),
        ({"email": "nobody"}, {"email": ["Enter a valid value: An e-mail address."]}),
        ({"email": "a@"}, {"email": ["Enter a valid value: An e-mail address."]}),
        ({"email": "a@b@c"}, {"email": ["Enter a valid value: An e-mail address."]}),
        ({"email": "x@example.org\n"}, {"email": ["Enter a valid value: An e-mail address."]}),
        (
            {"email": 250 * "x" + "@a.b" + "c"},
            {"email": ["Ensure this field has no more than 254 characters."]},
        ),
        ({"password": None}, {"password": NULL}),
        ({"password": True}, {"password": TEXT}),
        ({"password": 12345678}, {"password": TEXT}),
        ({"password": "7 chars"}, {"password": ["Ensure this field has at least 8 characters."]}),
        (
            {"password": 73 * "x"},
            {"password": ["Ensure this field has no more than 72 bytes."]},
        ),
        (
            {"password": 36 * "é" + "x"},
            {"password": ["Ensure this field has no more than 72 bytes."]},
        ),
        ({"username": 5, "email": None, "password": []}, None),
        (
            {"email": "nobody", "password": "7 chars"},
            {
                "email": ["Enter a valid value: An e-mail address."],
                "password": ["Ensure this field has at least 8 characters."],
            },
        ),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, changes: dict[str, Any], errors: dict[str, list[str]] | None
) -> None:
    reply = await api.post("/api/register/", _new(**changes))
    check_invalid(reply, errors or {"username": TEXT, "email": NULL, "password": TEXT})


async def test_it_names_every_missing_field(api: Api) -> None:
    reply = await api.post("/api/register/", {})
    check_invalid(reply, dict.fromkeys(("username", "email", "password"), REQUIRED))


@pytest.mark.parametrize("spelling", ["ada", "ADA", "Ada"])
async def test_a_taken_username_is_refused_however_it_is_spelt(
    api: Api, ada: Person, spelling: str
) -> None:
    reply = await api.post("/api/register/", _new(username=spelling))
    check_problem(reply, 409, "username_taken")


async def test_of_many_who_want_a_name_at_once_one_gets_it(api: Api) -> None:
    new = _new()
    replies = await asyncio.gather(*(api.post("/api/register/", new) for _ in range(10)))
    assert sorted(reply.status for reply in replies) == [201] + 9 * [409]


async def test_nobody_gives_himself_a_role_or_an_id(served: Served, ada: Person) -> None:
    async with served(unknown_fields="ignore") as api:
        powers = {"role": "admin", "provider_id": 1, "is_staff": True, "id": ada.id, "status": "x"}
        new = _new(**powers, created_at="2000-01-01T00:00:00Z")
        reply = await api.post("/api/register/", new)
        assert reply.status == 201
        assert reply.json["id"] != ada.id
        token = (await _login(api, new)).json["token"]
        me = await api.get("/api/me/", headers={"Authorization": f"Token {token}"})
        assert me.json["role"] == "customer"


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "kept-in-one-transaction"}])
async def test_what_is_done_is_told_though_redis_takes_no_note_of_the_address(
    served: Served, deps: Deps, headers: dict[str, str]
) -> None:
    async with served(rate_limit=True) as api:
        new = _new()
        await deps.redis.execute_command(*RIGHTS, "resetkeys", "~limit:*", "%R~known:*")
        try:
            reply = await api.post("/api/register/", new, headers=headers)
        finally:
            await deps.redis.execute_command(*RIGHTS, "allkeys")
        assert reply.status == 201
        assert (await _login(api, new)).status == 200
