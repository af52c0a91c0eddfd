"""A2: no body sets what is not its own to set: every column x every route that takes a body."""

from dataclasses import replace
from typing import Any

import pytest

from tests.cast import Api, Given, Person
from tests.security.calls import CALLS, Call, Things

WITH_BODY = [call for call in CALLS if call.has_body]
TABLES = ("account", "provider", "slot", "appointment", "appointment_history", "idempotency")
# What a body of each route may well set, in the words of the table.
OWN = {
    "/api/register/": {"username", "email"},
    "/api/login/": {"username"},
    "/api/providers/": {"name", "time_zone"},
    "/api/providers/{}/": {"name", "time_zone"},
    "/api/slots/": {"starts_at", "ends_at", "capacity", "per_person"},
    "/api/slots/{}/": {"capacity", "per_person", "status"},
    "/api/closures/": {"starts_at", "ends_at", "reason"},
    "/api/webhooks/{}/": {"status"},
    "/api/appointments/": {"notes", "reason"},
    "/api/holds/": {"notes"},
    "/api/series/": {"notes"},
    "/api/moves/": {"starts_at", "version"},  # a time instead of new_slot
    "/api/appointments/{}/reschedule/": {"starts_at"},  # of a service; then it takes no new_slot
}
STRANGE: dict[str, Any] = {
    "bigint": 7777,
    "integer": 7777,
    "boolean": True,
    "text": "admin",
    "timestamp with time zone": "2001-01-01T00:00:00Z",
}
# Whatever one of these would bring about, and all of ada's account.
WATCHED = """
SELECT (SELECT count(*) FROM account
        WHERE role <> 'customer' OR 7777 IN (id, provider_id) OR created_at < '2002-01-01'
           OR 'admin' IN (password_hash, email)),
       (SELECT count(*) FROM appointment
        WHERE 7777 IN (id, slot_id, account_id, place, version) OR status = 'admin'
           OR created_at < '2002-01-01'),
       (SELECT count(*) FROM appointment_history
        WHERE 7777 IN (id, actor_id, from_slot_id, to_slot_id) OR at < '2002-01-01'),
       (SELECT count(*) FROM slot
        WHERE 7777 IN (id, provider_id, booked, version, capacity) OR starts_at < '2002-01-01'
           OR deleted_at IS NOT NULL OR blocked_at IS NOT NULL OR closed),
       (SELECT count(*) FROM provider WHERE 7777 = id OR created_at < '2002-01-01'),
       (SELECT md5(a::text) FROM account a WHERE id = %(ada)s)
"""


def _columns(database: Any) -> dict[str, str]:
    """Every column of every table of ours, with its type."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = ANY (%s)",
            [list(TABLES)],
        )
        return dict(cursor.fetchall())


def _watched(database: Any, ada: Person) -> Any:
    with database.cursor() as cursor:
        cursor.execute(WATCHED, {"ada": ada.id})
        return cursor.fetchone()


@pytest.mark.parametrize("call", WITH_BODY, ids=str)
async def test_no_column_is_set_by_naming_it(
    api: Api, given: Given, database: Any, ada: Person, admin: Person, call: Call
) -> None:
    columns = _columns(database)
    assert len(columns) > 30
    slots = await given.make_slots(2, capacity=1000)
    who = ada if "customer" in call.who else admin if call.who else None
    things = Things(slot=slots[1], provider=await given.make_provider())
    if "{}" in call.path and call.thing == "appointment":
        things = replace(things, appointment=await given.make_appointment(ada, slots[0]))
    before = _watched(database, ada)
    for name, kind in (columns | {"is_admin": "boolean", "user": "text"}).items():
        body = call.body(things)
        one, prefix = (body[0], "0.") if isinstance(body, list) else (body, "")
        if name in one or name in OWN.get(call.path, ()):
            continue
        one[name] = STRANGE.get(kind, "admin")
        reply = await api.call(call.verb, call.target(things), body, who=who)
        assert (reply.status, [*reply.json["errors"]]) == (400, [prefix + name]), reply.json
    assert _watched(database, ada) == before
