"""REQUIRE_IF_MATCH: a change that does not say which version it is about is refused with 428."""

import pytest

from tests.api.checks import check_problem
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply
from tests.security.calls import CALLS, Call, Things

CHANGES = [call for call in CALLS if call.thing in ("appointment", "slot") and call.writes]


async def _things(given: Given, who: Person, call: Call) -> Things:
    """An appointment and a free slot; who has not come to it was to be there by now."""
    taken, free = await given.make_slots(2)
    things = Things(slot=free, appointment=await given.make_appointment(who, taken))
    if call.path.endswith("/noshow/"):
        await given.make_begun(taken)
    return things


@pytest.mark.parametrize("call", CHANGES, ids=str)
async def test_a_change_needs_a_version_where_the_server_wants_one(
    served: Served, given: Given, admin: Person, ada: Person, call: Call
) -> None:
    things = await _things(given, ada, call)
    target, body = call.target(things), call.body(things)
    async with served(require_if_match=True) as api:
        check_problem(
            await api.call(call.verb, target, body, who=admin), 428, "precondition_required"
        )
        stale = {"If-Match": '"999"'}
        refused = await api.call(call.verb, target, body, who=admin, headers=stale)
        check_problem(refused, 412, "precondition_failed")
        known = {"If-Match": '"1"'}
        done = await api.call(call.verb, target, body, who=admin, headers=known)
        assert _was_let_in(done), done.json


@pytest.mark.parametrize("call", CHANGES, ids=str)
async def test_it_needs_none_otherwise(
    api: Api, given: Given, admin: Person, ada: Person, call: Call
) -> None:
    things = await _things(given, ada, call)
    reply = await api.call(call.verb, call.target(things), call.body(things), who=admin)
    assert _was_let_in(reply), reply.json


def _was_let_in(reply: Reply) -> bool:
    """Nothing about a version stood in its way; nobody asked for approval here."""
    return reply.status in (200, 204) or reply.json["code"] == "not_pending"
