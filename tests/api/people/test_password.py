"""POST /api/password/"""

import asyncio
from typing import Any

import pytest

from tests.api.checks import check_invalid, check_needs_login, check_problem
from tests.api.conftest import Served
from tests.cast import PASSWORD, Api, Person, Reply

NEW = "staple battery"
REQUIRED = ["This field is required."]


async def _change(api: Api, who: Person, current: str = PASSWORD, new: str = NEW) -> Reply:
    body = {"current_password": current, "new_password": new}
    return await api.post("/api/password/", body, who=who)


async def _login(api: Api, who: Person, password: str) -> Reply:
    return await api.post("/api/login/", {"username": who.username, "password": password})


async def test_it_works(api: Api, stranger: Person) -> None:
    reply = await _change(api, stranger)
    assert reply.status == 200
    assert reply.json == {"message": "Password changed successfully"}
    check_problem(await _login(api, stranger, PASSWORD), 401, "wrong_credentials")
    assert (await _login(api, stranger, NEW)).status == 200


async def test_other_tokens_die_and_this_one_lives(api: Api, stranger: Person) -> None:
    other = stranger._replace(token=(await _login(api, stranger, PASSWORD)).json["token"])
    await _change(api, stranger)
    assert (await api.get("/api/me/", who=stranger)).status == 200
    check_problem(await api.get("/api/me/", who=other), 401, "invalid_token")


async def test_a_wrong_current_password_changes_nothing(api: Api, stranger: Person) -> None:
    for wrong in ("", "wrong horse", 73 * "x"):
        check_invalid(
            await _change(api, stranger, current=wrong), {"current_password": ["Wrong password."]}
        )
    assert (await _login(api, stranger, PASSWORD)).status == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"current_password": REQUIRED, "new_password": REQUIRED}),
        (
            {"current_password": 1, "new_password": None},
            {
                "current_password": ["Not a valid string."],
                "new_password": ["This field may not be null."],
            },
        ),
        (
            {"new_password": "short"},
            {
                "current_password": REQUIRED,
                "new_password": ["Ensure this field has at least 8 characters."],
            },
        ),
        (
            {"current_password": PASSWORD, "new_password": "short"},
            {"new_password": ["Ensure this field has at least 8 characters."]},
        ),
        (
            {"current_password": PASSWORD, "new_password": 73 * "x"},
            {"new_password": ["Ensure this field has no more than 72 bytes."]},
        ),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, stranger: Person, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    check_invalid(await api.post("/api/password/", body, who=stranger), errors)


async def test_of_two_changes_at_once_one_holds(api: Api, stranger: Person) -> None:
    wanted = ["first password", "second password"]
    replies = await asyncio.gather(*(_change(api, stranger, new=new) for new in wanted))
    assert sorted(reply.status for reply in replies) == [200, 400]
    logins = [(await _login(api, stranger, new)).status for new in wanted]
    assert logins == [200 if reply.status == 200 else 401 for reply in replies]


async def test_a_login_that_was_under_way_gives_no_living_token(
    served: Served, database: Any
) -> None:
    async with served(bcrypt_rounds=11) as api:
        for attempt in range(10):
            new = {"username": f"underway{attempt}", "email": "u@example.org", "password": PASSWORD}
            account_id = (await api.post("/api/register/", new)).json["id"]
            who = {name: new[name] for name in ("username", "password")}
            login = asyncio.ensure_future(api.post("/api/login/", who))
            await asyncio.sleep(0.02)
            with database.cursor() as cursor:
                cursor.execute(
                    "UPDATE account SET password_hash = 'another' WHERE id = %s", (account_id,)
                )
            if not login.done():  # it was faster on this machine: try again
                check_problem(await login, 401, "wrong_credentials")
                return
    pytest.fail("no login was ever under way")


async def test_it_changes_nobody_elses(
    served: Served, api: Api, stranger: Person, ben: Person
) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW, "username": "ben", "id": ben.id}
    async with served(unknown_fields="ignore") as lenient:
        assert (await lenient.post("/api/password/", body, who=stranger)).status == 200
    assert (await _login(api, ben, PASSWORD)).status == 200


async def test_it_needs_a_login(api: Api) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW}
    check_needs_login(await api.post("/api/password/", body))
