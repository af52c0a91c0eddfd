"""A1: every verb of every route x everybody x whose thing it is. A thing that is not yours to see
is no thing at all: same answer, and nothing of it has changed.

The calls come from ROUTES (see calls.py), so no route is ever without its cases.
"""

from typing import Any

import pytest

from tests.api.checks import BEYOND_64_BIT, NEVER
from tests.cast import Api, Given, Person, Reply
from tests.security.calls import CALLS, Call, Things

NAMED = [call for call in CALLS if call.thing]
PUBLIC = ("slot", "provider", "service")  # everybody may know of them
NO_THING = (0, NEVER, 2**63 - 1, BEYOND_64_BIT, 10**40)
ROWS = {
    "appointment": "SELECT a::text, (SELECT count(*) FROM appointment_history h"
    " WHERE h.appointment_id = a.id) FROM appointment a WHERE id = %s",
    "hold": "SELECT a::text, (SELECT count(*) FROM appointment_history h"
    " WHERE h.appointment_id = a.id) FROM appointment a WHERE id = %s",
    "waitlist": "SELECT w::text FROM waiting w WHERE id = %s",
    "serie": "SELECT (SELECT array_agg(a::text) FROM series_date AS d"
    " JOIN appointment AS a ON a.id = d.appointment_id WHERE d.series_id = %s)",
    "slot": "SELECT s::text FROM slot s WHERE id = %s",
    "customer": "SELECT a::text FROM account a WHERE id = %s",
    "service": "SELECT s::text FROM service s WHERE id = %s",
    "provider": "SELECT p::text FROM provider p WHERE id = %s",
    "calendar_link": "SELECT l::text FROM calendar_link l WHERE id = %s",
    "closure": "SELECT c::text FROM closure c WHERE id = %s",
    "webhook": "SELECT w::text, (SELECT array_agg(d::text) FROM delivery d"
    " WHERE d.webhook_id = w.id) FROM webhook w WHERE id = %s",
    "token": "SELECT 1",
}
DONE = {200, 201, 202, 204}
# Of one person more than may be held by asking for them.
HELD = """
WITH held AS (
    INSERT INTO appointment (slot_id, place, account_id, status, expires_at)
    VALUES (%s, 1, %s, 'held', now() + interval '1 hour')
    RETURNING id, account_id, slot_id, expires_at
), told AS (
    INSERT INTO appointment_history (appointment_id, actor_id, action, to_slot_id, to_status)
    SELECT id, account_id, 'hold', slot_id, 'held' FROM held
)
UPDATE slot SET booked = 1, next_expiry = held.expires_at
  FROM held WHERE slot.id = held.slot_id RETURNING held.id
"""
LINK = """
INSERT INTO calendar_link (account_id, token_sha256)
VALUES (%s, encode(sha256(random()::text::bytea), 'hex')) RETURNING id
"""
CALENDAR = """
INSERT INTO calendar_source (provider_id, actor_id, url, next_at)
VALUES (%s, 0, 'https://example.org/', 'infinity') RETURNING id
"""
WEBHOOK = """
WITH made AS (
    INSERT INTO webhook (owner_id, url, position)
    VALUES (%s, 'https://webhooks.invalid/', 0) RETURNING id
)
INSERT INTO delivery (webhook_id, type, status, due_at, settled_at)
SELECT made.id, 'webhook.test', 'failed', now(), now() FROM made RETURNING webhook_id, id
"""
WAITING = """
INSERT INTO waiting (slot_id, account_id, from_at, until_at)
VALUES (%s, %s, now(), now() + interval '1 hour') RETURNING id
"""
SERIES = """
WITH made AS (
    INSERT INTO series (service_id, provider_id) VALUES (%s, %s) RETURNING id
), dated AS (
    INSERT INTO series_date (series_id, day, starts_at, appointment_id)
    SELECT made.id, current_date, now(), %s FROM made
)
SELECT id FROM made
"""
STATE = {409, 412, 422}  # the thing was seen, but is not in the state for it


class Scene:
    """Two of everything, each with an owner; and everybody who might ask."""

    def __init__(self, given: Given, database: Any) -> None:
        self.given, self.database = given, database
        self.people: dict[str, Person | None] = {"nobody": None}

    async def set(self, name: str) -> "Scene":
        make = self.given
        for one in ("owner", "other"):
            provider_id = await make.make_provider()
            self.people |= {
                one: await make.make_person(f"{name}-{one}"),
                f"keeper of {one}": await make.make_person(
                    f"{name}-{one}-keeper", "provider", provider_id
                ),
            }
        self.people["admin"] = await make.make_person(f"{name}-admin", "admin")
        return self

    def __getitem__(self, name: str) -> Person:
        person = self.people[name]
        assert person is not None
        return person

    async def things(self, whose: str) -> Things:
        """Fresh things of somebody: a calendar with a free slot, an appointment, a session."""
        keeper = self[f"keeper of {whose}"]
        provider_id = keeper.session.provider_id
        with self.database.cursor() as cursor:  # each set on days of its own
            cursor.execute("SELECT coalesce(max(ends_at), now() + '1 day') FROM slot")
            (after,) = cursor.fetchone()
        slots = await self.given.make_slots(3, provider_id=provider_id, starts_at=after)
        service_id = await self.given.make_service(provider_id)
        appointment_id = await self.given.make_appointment(self[whose], slots[0])
        with self.database.cursor() as cursor:
            cursor.execute(HELD, [slots[2], self[whose].id])
            (held,) = cursor.fetchone()
            cursor.execute(WAITING, [slots[1], self[whose].id])
            (waiting,) = cursor.fetchone()
            cursor.execute(SERIES, [service_id, provider_id, appointment_id])
            (series,) = cursor.fetchone()
            cursor.execute(LINK, [self[whose].id])
            (link,) = cursor.fetchone()
            cursor.execute(CALENDAR, [provider_id])
            (calendar,) = cursor.fetchone()
            cursor.execute(WEBHOOK, [keeper.id])
            webhook, delivery = cursor.fetchone()
        one, into = [await self.given.make_customer(keeper, "Grace") for _ in range(2)]
        return Things(
            provider=provider_id,
            slot=slots[1],
            service=service_id,
            customer=one,
            appointment=appointment_id,
            hold=held,
            waitlist=waiting,
            serie=series,
            token=self[whose].session.token_id,
            into=into,
            closure=await self.given.make_closure(provider_id),
            calendar=calendar,
            calendar_link=link,
            webhook=webhook,
            delivery=delivery,
        )

    def row(self, call: Call, things: Things) -> Any:
        with self.database.cursor() as cursor:
            wanted = ROWS[call.thing]
            cursor.execute(wanted, [getattr(things, call.thing)] if "%s" in wanted else None)
            return cursor.fetchone()


def may(name: str, whose: str, call: Call) -> bool:
    """Whether this person may do it with what is `whose`; the rule, in its own words."""
    if call.thing in ("token", "waitlist", "calendar_link"):
        return name == whose
    if call.thing == "webhook":  # an admin has webhooks, too, and sees no other
        return name == f"keeper of {whose}"
    if name == "admin":
        return True
    if call.thing == "service":
        return not call.writes
    if call.thing == "customer":
        return name == f"keeper of {whose}" and "merge" not in call.path
    if "calendars" in call.path:
        return name == f"keeper of {whose}"
    staff_only = ("noshow", "fulfill", "keep", "approve", "decline")
    things = ("appointment", "hold", "serie")
    if call.thing in things and not any(one in call.path for one in staff_only):
        return name in (whose, f"keeper of {whose}")
    return name == f"keeper of {whose}" or (not call.writes and call.thing in PUBLIC)


def plain(reply: Reply) -> Any:
    """What must not differ: status, body and the names of the header fields."""
    body = {k: v for k, v in (reply.json or {}).items() if k != "request_id"}
    return reply.status, body, sorted(set(reply.headers) - {"Etag"})


@pytest.fixture
def scene(given: Given, database: Any) -> Scene:
    return Scene(given, database)


@pytest.mark.parametrize("call", NAMED, ids=str)
async def test_what_is_not_yours_is_not_there(api: Api, scene: Scene, call: Call) -> None:
    await scene.set(str(call).replace("/", "-").replace(" ", "").replace("{}", ""))
    untouched: dict[str, Things] = {}
    for name, who in scene.people.items():
        missing = plain(await _ask(api, call, Things(**{call.thing: NEVER}), who))
        for whose in ("owner", "other"):
            things = untouched.pop(whose, None) or await scene.things(whose)
            before = scene.row(call, things)
            if who and call.thing == "token" and may(name, whose, call):
                continue  # it would log him out; tests/api/people/test_tokens.py does
            reply = await _ask(api, call, things, who)
            asked = (name, whose, str(call), reply.status, reply.json)
            if who is None and call.who:
                assert plain(reply)[0] == missing[0] == 401, asked
            elif may(name, whose, call):
                assert reply.status in DONE | STATE, asked
                continue
            elif call.thing in PUBLIC:
                assert reply.status == 403, asked
            else:
                assert plain(reply) == missing, asked
                assert reply.status in (403, 404), asked
            assert scene.row(call, things) == before, asked
            untouched[whose] = things


@pytest.mark.parametrize("call", NAMED, ids=str)
async def test_an_id_that_never_was_is_not_there_for_anybody(
    api: Api, cast: dict[str, Person], call: Call
) -> None:
    for who in (None, *cast.values()):
        for never in NO_THING:
            reply = await _ask(api, call, Things(**{call.thing: never}), who)
            if call.who and who is None:
                assert reply.status == 401
            elif call.who and who and who.session.role not in call.who:
                assert reply.status == 403
            else:
                assert reply.status in (404, 403 if call.thing in PUBLIC else 404), str(call)


@pytest.mark.parametrize("call", CALLS, ids=str)
async def test_who_has_not_the_role_gets_nowhere(
    api: Api, cast: dict[str, Person], call: Call
) -> None:
    things = Things(**dict.fromkeys(Things.__dataclass_fields__, NEVER))
    for who in (None, *cast.values()):
        role = who.session.role if who else ""
        if not call.who or role in call.who:
            continue
        reply = await _ask(api, call, things, who)
        assert reply.status == (403 if who else 401), (role, str(call))


async def test_a_thing_that_was_deleted_is_not_there_for_anybody(
    api: Api, cast: dict[str, Person], given: Given
) -> None:
    (slot_id,) = await given.make_slots(1)
    assert (await api.delete(f"/api/slots/{slot_id}/", who=cast["admin"])).status == 204
    for call in (one for one in NAMED if one.thing == "slot"):
        for who in cast.values():
            gone = await _ask(api, call, Things(slot=slot_id), who)
            never = await _ask(api, call, Things(slot=NEVER), who)
            assert plain(gone) == plain(never)
            assert gone.status in (403, 404)


async def _ask(api: Api, call: Call, things: Things, who: Person | None) -> Reply:
    return await api.call(call.verb, call.target(things), call.body(things), who=who)
