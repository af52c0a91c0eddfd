"""Accounts that an operator disables, or gives another role or password."""

from typing import Any
from unittest.mock import patch

import pytest

from service.booking.people import operator
from service.deps import Deps
from service.errors import WrongCredentials
from tests.api.checks import check_problem, without_id
from tests.cast import PASSWORD, Api, Given, Person, Reply


async def _login(api: Api, username: str, password: str = PASSWORD) -> Reply:
    return await api.post("/api/login/", {"username": username, "password": password})


@pytest.fixture
def booked(given: Given, stranger: Person) -> int:
    return given.appointment(stranger)


async def test_all_tokens_die_at_once_and_appointments_stay(
    api: Api, deps: Deps, stranger: Person, booked: int, database: Any, unbroken: None
) -> None:
    again = (await _login(api, stranger.username)).json["token"]
    assert await operator.set_disabled(deps, stranger.username.upper(), True) == 2
    for token in (stranger.token, again):
        reply = await api.get("/api/me/", headers={"Authorization": f"Token {token}"})
        check_problem(reply, 401, "invalid_token")
    with database.cursor() as cursor:
        cursor.execute("SELECT status FROM appointment WHERE id = %s", [booked])
        assert cursor.fetchall() == [("booked",)]


async def test_login_hears_what_a_wrong_password_hears(
    api: Api, deps: Deps, stranger: Person, ada: Person
) -> None:
    await operator.set_disabled(deps, stranger.username, True)
    disabled = await _login(api, stranger.username)
    check_problem(disabled, 401, "wrong_credentials")
    wrong = await _login(api, ada.username, "wrong")
    assert without_id(disabled) == without_id(wrong)
    assert set(disabled.headers) == set(wrong.headers)


async def test_login_does_the_same_work_for_a_disabled_account_as_for_a_wrong_password(
    api: Api, deps: Deps, stranger: Person, ada: Person
) -> None:
    """One look at the account, one bcrypt: nothing to tell them apart by the time they take."""
    await operator.set_disabled(deps, stranger.username, True)
    done: list[list[str]] = []
    for name, password in ((ada.username, "wrong"), (stranger.username, PASSWORD)):
        work: list[str] = []
        with (
            patch.object(
                deps.passwords, "on_hash", lambda seconds, work=work: work.append("bcrypt")
            ),
            patch.object(
                deps.postgres, "on_statement", lambda query, seconds, work=work: work.append(query)
            ),
        ):
            assert (await _login(api, name, password)).status == 401
        done.append(work)
    assert done == [["account_by_username", "bcrypt"]] * 2


async def test_enabling_lets_it_log_in_again(api: Api, deps: Deps, stranger: Person) -> None:
    await operator.set_disabled(deps, stranger.username, True)
    await operator.set_disabled(deps, stranger.username, False)
    assert (await _login(api, stranger.username)).status == 200


async def test_another_role_counts_from_the_next_login(
    api: Api, deps: Deps, stranger: Person
) -> None:
    assert await operator.change_role(deps, stranger.username, "admin", 0) == 1
    check_problem(await api.get("/api/me/", who=stranger), 401, "invalid_token")
    token = (await _login(api, stranger.username)).json["token"]
    new = {"name": "Clinic", "time_zone": "UTC"}
    made = await api.post("/api/providers/", new, headers={"Authorization": f"Token {token}"})
    assert made.status == 201


async def test_another_password_ends_all_tokens(api: Api, deps: Deps, stranger: Person) -> None:
    assert await operator.set_password(deps, stranger.username, "another horse") == 1
    check_problem(await api.get("/api/me/", who=stranger), 401, "invalid_token")
    assert (await _login(api, stranger.username)).status == 401
    assert (await _login(api, stranger.username, "another horse")).status == 200


@pytest.mark.parametrize("change", ["disabled", "role", "password"])
async def test_a_login_that_meets_the_change_half_way_leaves_no_token(
    api: Api, deps: Deps, stranger: Person, change: str
) -> None:
    issue = deps.sessions.issue

    async def change_first(*account: Any) -> str:
        match change:
            case "disabled":
                await operator.set_disabled(deps, stranger.username, True)
            case "role":
                await operator.change_role(deps, stranger.username, "admin", 0)
            case "password":
                await operator.set_password(deps, stranger.username, "another horse")
        return await issue(*account)

    with patch.object(type(deps.sessions), "issue", lambda self, *account: change_first(*account)):
        reply = await _login(api, stranger.username)
    check_problem(reply, 401, WrongCredentials.code)
    assert await deps.sessions.tokens(stranger.id) == []
