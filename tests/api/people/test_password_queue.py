"""What becomes of those for whose passwords there is no room."""

from unittest.mock import patch

import pytest

from service.deps import Deps
from service.errors import Unavailable
from tests.api.checks import check_problem
from tests.cast import PASSWORD, Api, Person

ASKED = {
    "register": {"username": "nobody-yet", "email": "no@example.org", "password": PASSWORD},
    "login": {"username": "ada", "password": PASSWORD},
    "password": {"current_password": PASSWORD, "new_password": "staple battery"},
}


@pytest.mark.parametrize("path", ASKED)
async def test_they_are_refused_before_anything_is_counted_or_looked_up(
    api: Api, deps: Deps, stranger: Person, path: str
) -> None:
    """A crowd that comes back again and again must cost next to nothing."""
    full = Unavailable(retry_after=7)
    queries: list[str] = []
    with (
        patch.object(deps.passwords, "check_room", side_effect=full),
        patch.object(deps.limits, "login", side_effect=AssertionError),
        patch.object(deps.limits, "register", side_effect=AssertionError),
        patch.object(deps.postgres, "on_statement", lambda query, _: queries.append(query)),
    ):
        reply = await api.post(f"/api/{path}/", ASKED[path], who=stranger)
    check_problem(reply, 503, "unavailable")
    assert reply.headers["Retry-After"] == "7"
    assert queries == []
