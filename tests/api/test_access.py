"""Who may do what: every verb of every route, asked by everybody.

The table is held against ROUTES, so that no route is ever without its line.
"""

import re
from typing import Any

import pytest

from service.handlers.routes import ROUTES
from service.http.base import ApiHandler
from tests.cast import Api, Given, Person

# Somebody without a token, a customer who has nothing to do with it, a provider's staff who have
# nothing to do with it, an admin. With an empty body or none: what gets to 400 was let in.
ACCESS = {
    ("POST", "/api/register"): (400, 400, 400, 400),
    ("POST", "/api/login"): (400, 400, 400, 400),
    ("POST", "/api/logout"): (401, 200, 200, 200),
    ("GET", "/api/me"): (401, 200, 200, 200),
    ("GET", "/api/tokens"): (401, 200, 200, 200),
    ("DELETE", "/api/tokens"): (401, 204, 204, 204),
    ("DELETE", "/api/tokens/{}"): (401, 404, 404, 404),
    ("POST", "/api/password"): (401, 400, 400, 400),
    ("GET", "/api/providers"): (200, 200, 200, 200),
    ("POST", "/api/providers"): (401, 403, 403, 400),
    ("GET", "/api/providers/{}"): (200, 200, 200, 200),
    ("PATCH", "/api/providers/{}"): (401, 403, 403, 200),
    ("GET", "/api/customers"): (401, 403, 200, 200),
    ("POST", "/api/customers"): (401, 403, 400, 400),
    ("GET", "/api/customers/{}"): (401, 403, 404, 200),
    ("PATCH", "/api/customers/{}"): (401, 403, 404, 200),
    ("POST", "/api/customers/{}/merge"): (401, 403, 403, 400),
    ("GET", "/api/providers/{}/schedule"): (200, 200, 200, 200),
    ("PUT", "/api/providers/{}/schedule"): (401, 403, 400, 400),
    ("GET", "/api/providers/{}/calendars"): (401, 403, 403, 200),
    ("POST", "/api/providers/{}/calendars"): (401, 403, 400, 400),
    ("DELETE", "/api/providers/{}/calendars/{}"): (401, 403, 403, 404),
    ("POST", "/api/providers/{}/calendars/{}/refresh"): (401, 403, 403, 404),
    ("GET", "/api/calendar-links"): (401, 200, 200, 200),
    ("POST", "/api/calendar-links"): (401, 400, 400, 400),
    ("DELETE", "/api/calendar-links/{}"): (401, 404, 404, 404),
    ("GET", "/api/appointments/{}/invite.ics"): (401, 404, 404, 200),
    ("GET", "/api/closures"): (401, 403, 200, 200),
    ("POST", "/api/closures"): (401, 403, 400, 400),
    ("GET", "/api/closures/{}"): (401, 403, 404, 200),
    ("DELETE", "/api/closures/{}"): (401, 403, 404, 204),
    ("GET", "/api/services"): (200, 200, 200, 200),
    ("POST", "/api/services"): (401, 403, 403, 400),
    ("GET", "/api/services/{}"): (200, 200, 200, 200),
    ("PATCH", "/api/services/{}"): (401, 403, 403, 200),
    ("DELETE", "/api/services/{}"): (401, 403, 403, 204),
    ("GET", "/api/services/{}/times"): (200, 200, 200, 200),
    ("GET", "/api/services/{}/times/next"): (200, 200, 200, 200),
    ("GET", "/api/services/{}/explain"): (401, 400, 400, 400),
    ("GET", "/api/slots"): (200, 200, 200, 200),
    ("POST", "/api/slots"): (401, 403, 400, 400),
    ("GET", "/api/slots/{}"): (200, 200, 200, 200),
    ("PATCH", "/api/slots/{}"): (401, 403, 403, 200),
    ("DELETE", "/api/slots/{}"): (401, 403, 403, 409),
    ("GET", "/api/events"): (401, 200, 200, 200),
    ("GET", "/api/events/stream"): (200, 200, 200, 200),
    ("GET", "/api/webhooks"): (401, 403, 200, 200),
    ("POST", "/api/webhooks"): (401, 403, 400, 400),
    ("GET", "/api/webhooks/{}"): (401, 403, 404, 404),
    ("PATCH", "/api/webhooks/{}"): (401, 403, 404, 404),
    ("DELETE", "/api/webhooks/{}"): (401, 403, 404, 404),
    ("GET", "/api/webhooks/{}/secret"): (401, 403, 404, 404),
    ("POST", "/api/webhooks/{}/rotate"): (401, 403, 404, 404),
    ("POST", "/api/webhooks/{}/test"): (401, 403, 404, 404),
    ("POST", "/api/webhooks/{}/enable"): (401, 403, 404, 404),
    ("POST", "/api/webhooks/{}/replay"): (401, 403, 400, 400),
    ("GET", "/api/webhooks/{}/deliveries"): (401, 403, 404, 404),
    ("GET", "/api/webhooks/{}/deliveries/{}"): (401, 403, 404, 404),
    ("POST", "/api/webhooks/{}/deliveries/{}/replay"): (401, 403, 404, 404),
    ("GET", "/api/appointments"): (401, 200, 200, 200),
    ("POST", "/api/appointments"): (401, 400, 400, 400),
    ("GET", "/api/appointments/{}"): (401, 404, 404, 200),
    ("PATCH", "/api/appointments/{}/reschedule"): (401, 400, 400, 400),
    ("POST", "/api/appointments/{}/cancel"): (401, 404, 404, 200),
    ("POST", "/api/appointments/{}/noshow"): (401, 403, 404, 200),
    ("POST", "/api/appointments/{}/fulfill"): (401, 403, 404, 200),
    ("POST", "/api/appointments/{}/keep"): (401, 403, 404, 200),
    ("POST", "/api/appointments/{}/approve"): (401, 403, 404, 409),
    ("POST", "/api/appointments/{}/decline"): (401, 403, 404, 409),
    ("GET", "/api/appointments/{}/history"): (401, 404, 404, 200),
    ("POST", "/api/moves"): (401, 400, 400, 400),
    ("POST", "/api/series"): (401, 400, 400, 400),
    ("GET", "/api/series/{}"): (401, 404, 404, 404),
    ("POST", "/api/series/{}/cancel"): (401, 404, 404, 404),
    ("POST", "/api/holds"): (401, 400, 400, 400),
    ("GET", "/api/holds/{}"): (401, 404, 404, 404),
    ("DELETE", "/api/holds/{}"): (401, 404, 404, 404),
    ("POST", "/api/holds/{}/confirm"): (401, 404, 404, 404),
    ("GET", "/api/waitlist"): (401, 200, 200, 200),
    ("POST", "/api/waitlist"): (401, 400, 400, 400),
    ("DELETE", "/api/waitlist/{}"): (401, 404, 404, 404),
}
# What has to be there before a thing is looked for.
BODIES: dict[str, Any] = {
    "reschedule": {"new_slot": 1},
    "merge": {"into": 1},
    "schedule": {"weekly": []},
    "calendars": {"url": "https://example.org/"},
    "replay": {"after": 0},
}
QUERIES = {"explain": "?starts_at=2027-01-04T10:00:00Z"}
OPEN = ("/healthz", "/readyz", "/metrics", "/api/openapi.json", "/docs")  # about the service
FRONT = ("", "/api", "/favicon.ico", "/robots.txt", "/calendar/{}.ics")


def _plain(pattern: str) -> str:
    return re.sub(r"\([^)]*\)", "{}", pattern.removesuffix("?").rstrip("/").replace("\\", ""))


def _declared() -> set[tuple[str, str]]:
    return {
        (verb, _plain(str(pattern)))
        for pattern, handler, *_ in ROUTES
        if issubclass(handler, ApiHandler)
        for verb in ("GET", "POST", "PATCH", "PUT", "DELETE")
        if verb in handler.allowed.split(", ")
    }


def test_every_verb_of_every_route_is_in_the_table() -> None:
    closed = {(verb, path) for verb, path in _declared() if not path.startswith(OPEN)}
    closed = {(verb, path) for verb, path in closed if path not in FRONT}
    assert closed == set(ACCESS)


@pytest.mark.parametrize(("method", "path"), ACCESS)
async def test_everybody_gets_what_the_table_says(
    api: Api, given: Given, ada: Person, method: str, path: str
) -> None:
    provider_id = await given.make_provider()
    (slot_id,) = await given.make_slots(1, provider_id=provider_id)
    appointment_id = await given.make_appointment(ada, slot_id)
    thing = {
        "providers": provider_id,
        "services": await given.make_service(provider_id),
        "customers": ada.id,
        "closures": await given.make_closure(provider_id),
        "slots": slot_id,
        "appointments": appointment_id,
    }
    target = path.format(thing.get(path.split("/")[2], 4 * 10**12), 1)
    target += "" if target.endswith(".ics") else "/"
    await given.make_begun(slot_id)
    body: Any = {} if method in ("POST", "PUT", "PATCH") else None
    people = [None, *await _newcomers(given, f"{method}{path}")]
    statuses = tuple([(await api.call(method, target, body, who=who)).status for who in people])
    assert statuses == ACCESS[method, path]


async def _newcomers(given: Given, call: str) -> list[Person]:
    """A customer, a provider's staff and an admin, none of whom was here before."""
    name = re.sub(r"\W", "-", call)
    return [
        await given.make_person(f"customer-{name}"),
        await given.make_person(f"staff-{name}", "provider", await given.make_provider()),
        await given.make_person(f"admin-{name}", "admin"),
    ]


@pytest.mark.parametrize("path", sorted({path for _, path in ACCESS if "{}" in path}))
async def test_what_does_not_exist_does_not_exist_for_anybody(
    api: Api, given: Given, path: str
) -> None:
    (admin,) = (await _newcomers(given, f"nothing{path}"))[2:]
    methods = [method for method, known in ACCESS if known == path]
    for method in methods:
        last = path.rpartition("/")[2]
        needed: Any = BODIES.get(last, {}) if method in ("POST", "PUT", "PATCH") else None
        target = f"{path.format(4 * 10**12, 1)}/{QUERIES.get(last, '')}"
        reply = await api.call(method, target, needed, who=admin)
        assert reply.status == 404, (method, reply.json)
