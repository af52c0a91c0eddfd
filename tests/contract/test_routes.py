"""Every verb of every route does what its declaration says of who may call it, and of no more.

All cases come out of ROUTES: a route that is new is asked for here before anyone thinks of it.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from service import errors
from service.handlers.routes import ROUTES
from service.http.routing.declaration import Endpoint
from service.http.routing.table import ID, TOKEN
from tests.cast import Api, Given, Person

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NEVER = "999999999999"  # an id that nothing has
BAD = {"Authorization": f"Token {'0' * 40}"}


class Call(NamedTuple):
    """One verb of one route; what the pages of /docs/ need declares nothing."""

    method: str
    path: str
    declared: Endpoint | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def allowed(handler: Any) -> list[str]:
    return str(handler.allowed).split(", ")


def calls() -> Iterator[Call]:
    for pattern, handler in ROUTES:
        for method in allowed(handler):
            if method in VERBS:
                verb: Any = getattr(handler, method.lower())
                declared = getattr(verb, "endpoint", None)
                yield Call(method, pattern.replace("/?", "/").replace("\\", ""), declared)


CALLS = [call for call in calls() if call.declared]
every_call = pytest.mark.parametrize("call", CALLS, ids=str)


async def ask(
    api: Api, call: Call, *, who: Person | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """The status and the code of the answer; nothing is ever there under the id."""
    path = call.path.replace(ID, NEVER).replace(TOKEN, NEVER)
    reply = await api.call(call.method, path, who=who, headers=headers)
    return reply.status, reply.json["code"] if reply.status >= 400 and reply.json else ""


def test_every_verb_declares_who_may_call_it() -> None:
    undeclared = [str(call) for call in calls() if not call.declared]
    assert [one for one in undeclared if not one.startswith("GET /docs/(")] == []


def test_every_route_takes_its_slash_or_leaves_it() -> None:
    odd = [pattern for pattern, _ in ROUTES if not pattern.endswith("/?")]
    assert [one for one in odd if r"\." not in one] == []  # a file has none


@every_call
async def test_without_a_token(api: Api, call: Call) -> None:
    status, code = await ask(api, call)
    if call.declared and call.declared.who:
        assert (status, code) == (401, "not_authenticated")
    else:
        assert status in (200, 204, 400, 404)


@every_call
async def test_with_a_token_that_is_none(api: Api, call: Call) -> None:
    status, code = await ask(api, call, headers=BAD)
    if call.declared and call.declared.who:
        assert (status, code) == (401, "invalid_token")
    elif call.declared and errors.InvalidToken in call.declared.raises:
        assert status in (401, 404)  # it needs none; what looks at one looks for the thing first
    else:
        assert status in (200, 204, 400, 404)


@pytest.mark.parametrize("role", ["customer", "provider", "admin"])
@every_call
async def test_with_a_token_of_each_role(api: Api, given: Given, call: Call, role: str) -> None:
    provider_id = await given.make_provider() if role == "provider" else 0
    name = f"{role}-{CALLS.index(call)}"  # of its own: some calls end every session
    who = await given.make_person(name, role, provider_id)
    status, code = await ask(api, call, who=who)
    assert call.declared
    if call.declared.who and role not in call.declared.who:
        assert (status, code) == (403, "permission_denied")
    elif role == "provider" and "provider" in call.path:
        assert status in (200, 400, 403, 404)  # 403: another provider's
    else:
        assert status in (200, 204, 400, 404)


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in ROUTES])
async def test_a_verb_that_a_route_has_not_is_refused(
    api: Api, admin: Person, pattern: str
) -> None:
    path = pattern.replace("/?", "/").replace(ID, NEVER).replace(TOKEN, NEVER)
    path = re.sub(r"\(([^|)]*)(\|[^)]*)?\)", r"\1", path).replace("\\", "")
    there = allowed(dict(ROUTES)[pattern])
    for method in VERBS:
        if method not in there:
            for who in (None, admin):
                reply = await api.call(method, path, who=who)
                assert (reply.status, reply.headers["Allow"]) == (405, ", ".join(there)), method
    reply = await api.call("OPTIONS", path)
    assert (reply.status, reply.headers["Allow"]) == (204, ", ".join(there))
