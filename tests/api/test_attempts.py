"""Tries at a password, right or wrong: each answer says how one stands after it."""

import pytest

from tests.api.conftest import Served
from tests.api.test_rate_limits import ON, login, told
from tests.cast import PASSWORD, Person

HOME = "10.2.0.1"


@pytest.mark.parametrize(("password", "status"), [(PASSWORD, 200), ("guess", 401)])
async def test_a_login_is_told_how_it_stands(
    served: Served, stranger: Person, password: str, status: int
) -> None:
    async with served(**ON, login_limit=2) as api:
        reply = await login(api, stranger.username, HOME, password)
    assert (reply.status, told(reply)[0]) == (status, '"login";q=2;w=60')
    assert told(reply)[1].startswith('"login";r=')


@pytest.mark.parametrize(("password", "status"), [(PASSWORD, 200), ("guess", 400)])
async def test_a_change_of_password_is_told_as_a_login_is(
    served: Served, stranger: Person, password: str, status: int
) -> None:
    body = {"current_password": password, "new_password": "battery staple"}
    async with served(**ON, login_limit=2) as api:
        reply = await api.post("/api/password/", body, who=stranger, headers={"X-Real-IP": HOME})
    assert (reply.status, told(reply)[0]) == (status, '"login";q=2;w=60')
    assert told(reply)[1].startswith('"login";r=')
