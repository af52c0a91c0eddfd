"""GET /api/me/, and every way a token can be shown."""

import pytest

from tests.api.checks import check_needs_login, check_problem, send
from tests.api.conftest import Served
from tests.cast import Api, Person, Reply


async def _me(api: Api, authorization: str) -> Reply:
    return await api.get("/api/me/", headers={"Authorization": authorization})


async def test_it_works(api: Api, ada: Person) -> None:
    reply = await api.get("/api/me/", who=ada)
    assert reply.status == 200
    assert reply.json == {
        "id": ada.id,
        "username": "ada",
        "email": "ada@example.org",
        "role": "customer",
    }


async def test_it_tells_the_role(api: Api, okafor: Person, admin: Person) -> None:
    assert (await api.get("/api/me/", who=okafor)).json["role"] == "provider"
    assert (await api.get("/api/me/", who=admin)).json["role"] == "admin"


async def test_it_needs_a_login(api: Api) -> None:
    check_needs_login(await api.get("/api/me/"))


@pytest.mark.parametrize(
    "scheme", ["Token", "token", "TOKEN", "Bearer", "bearer", "Token ", "Bearer  "]
)
async def test_the_scheme_may_be_written_so(api: Api, ada: Person, scheme: str) -> None:
    assert (await _me(api, f"{scheme} {ada.token}")).status == 200


@pytest.mark.parametrize("scheme", ["Basic", "Digest", "JWT", "Token:", "Tokens"])
async def test_any_other_scheme_is_no_login(api: Api, ada: Person, scheme: str) -> None:
    check_needs_login(await _me(api, f"{scheme} {ada.token}"))
    check_needs_login(await _me(api, ada.token))


@pytest.mark.parametrize(
    "shown",
    [
        "Token",
        "Token {39}",
        "Token {40}0",
        "Token {upper}",
        "Token {40} {40}",
        "Token {40},Token {40}",
        "Token \t{40}",
        'Token "{40}"',
        "Token token={40}",
        "Token *",
        "Token 0000000000000000000000000000000000000000",
        "Token é{39}",
        "Token %00{39}",
        "Token {long}",
    ],
)
async def test_what_is_not_quite_a_token_is_none(api: Api, ada: Person, shown: str) -> None:
    for name, value in {
        "{39}": ada.token[:-1],
        "{40}": ada.token,
        "{upper}": ada.token.upper(),
        "{long}": ada.token * 600,
    }.items():
        shown = shown.replace(name, value)
    reply = await send(
        api, f"GET /api/me/ HTTP/1.1\r\nHost: a\r\nAuthorization: {shown}\r\n\r\n".encode()
    )
    assert reply.status == 401, reply.json
    check_problem(reply, 401, reply.json["code"])


async def test_two_tokens_are_none(api: Api, ada: Person, ben: Person) -> None:
    reply = await send(
        api,
        b"GET /api/me/ HTTP/1.1\r\nHost: a\r\n"
        + f"Authorization: Token {ada.token}\r\n".encode()
        + f"Authorization: Token {ben.token}\r\n\r\n".encode(),
    )
    check_problem(reply, 401, "invalid_token")


@pytest.mark.parametrize(
    ("path", "field"),
    [("/api/me/?token={}", "X-Nothing"), ("/api/me/", "Cookie"), ("/api/me/", "X-Auth-Token")],
)
async def test_a_token_anywhere_else_is_no_login(
    api: Api, ada: Person, path: str, field: str
) -> None:
    reply = await api.get(path.format(ada.token), headers={field: f"token={ada.token}"})
    check_needs_login(reply)


async def test_headers_do_not_make_somebody_else_of_you(
    served: Served, ada: Person, admin: Person
) -> None:
    async with served(unknown_fields="ignore") as api:
        reply = await api.get(
            f"/api/me/?id={admin.id}&role=admin",
            who=ada,
            headers={"X-User": "admin", "X-Role": "admin", "X-HTTP-Method-Override": "DELETE"},
        )
    assert (reply.json["id"], reply.json["role"]) == (ada.id, "customer")
