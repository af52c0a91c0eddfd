"""The six calls that everything started from answer to the byte what they always did, in a calendar
full of all there is besides."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from tests.api.calendar.hours.scene import every_day, path
from tests.cast import PASSWORD, Api, Given, Person

NOON = (datetime.now(UTC) + timedelta(days=30)).replace(hour=12, minute=0, second=0, microsecond=0)
HOUR = timedelta(hours=1)
ROOT = "/api/appointments/"


class Client:
    """Sends requests, and has the bytes that come back."""

    def __init__(self, api: Api) -> None:
        self.url, self.token = api.url, ""
        self._client = AsyncHTTPClient(force_instance=True)

    async def __call__(self, method: str, target: str, body: Any = None) -> tuple[int, bytes]:
        """The status and the one line of the answer."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Token {self.token}"} if self.token else {}
        text = None if body is None else json.dumps(body)
        reply = await self._client.fetch(
            HTTPRequest(self.url + target, method, headers, text, allow_nonstandard_methods=True),
            raise_error=False,
        )
        assert reply.body.endswith(b"\n")
        return reply.code, reply.body[:-1]


async def check_six_calls(api: Api, name: str, one: int, other: int) -> None:
    """Somebody comes, books the one slot, moves to the other, and goes."""
    call = Client(api)
    new = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    status, body = await call("POST", "/api/register/", new)
    user_id = json.loads(body)["id"]
    assert (status, body) == (
        201,
        f'{{"id":{user_id},"username":"{name}","email":"{name}@example.org"}}'.encode(),
    )
    status, body = await call("POST", "/api/login/", {"username": name, "password": PASSWORD})
    call.token = json.loads(body)["token"]
    assert (status, body) == (200, f'{{"token":"{call.token}","username":"{name}"}}'.encode())
    assert len(call.token) == 40

    wanted = {"slot": one, "notes": "Initial consultation"}
    status, body = await call("POST", ROOT, wanted)
    made = json.loads(body)["id"]
    shown = '"notes":"Initial consultation","status":"booked"}'
    slot = f'"id":{one},"start_time":"13:00","end_time":"14:00"'
    assert (status, body) == (
        201,
        f'{{"id":{made},"slot":{{{slot},"provider":"Dr Six"}},"user":"{name}",{shown}'.encode(),
    )
    assert await call("GET", ROOT) == (
        200,
        f'[{{"id":{made},"slot":{{{slot}}},{shown}]'.encode(),
    )
    assert await call("PATCH", f"{ROOT}{made}/reschedule/", {"new_slot": other}) == (
        200,
        b'{"message":"Appointment rescheduled successfully",'
        + f'"appointment_id":{made},"old_slot":{one},"new_slot":{other}}}'.encode(),
    )
    slot = f'"id":{other},"start_time":"14:00","end_time":"15:00"'
    assert await call("GET", ROOT) == (
        200,
        f'[{{"id":{made},"slot":{{{slot}}},{shown}]'.encode(),
    )
    gone = b'{"message":"Logged out successfully"}'
    assert await call("POST", "/api/logout/") == (200, gone)
    assert (await call("GET", ROOT))[0] == 401


async def fill(api: Api, given: Given, admin: Person, provider_id: int) -> None:
    """Services with hours, made and shared slots, a room, closures, a customer: all with one
    provider."""
    room = await given.make_provider("Room 6")
    terms = {"duration_minutes": 15, "step_minutes": 15, "buffer_after_minutes": 5}
    visit = await given.make_service(provider_id, needs={"room": [room]}, **terms)
    group = await given.make_service(provider_id, capacity=4, party_max=2, **terms)
    gone = await given.make_service(provider_id, **terms)
    assert (await api.call("PUT", path(provider_id), every_day(), who=admin)).status == 200
    customer = await given.make_customer(admin, "Zoë Müller")
    ada = await given.make_person("full-of-it")

    async def take(who: Person, service_id: int, at: datetime, **more: Any) -> int:
        wanted = {"service": service_id, "starts_at": at.isoformat()} | more
        reply = await api.post(ROOT, wanted, who=who)
        assert reply.status == 201, reply.json
        return int(reply.json["id"])

    for n in range(6):
        await take(admin, visit, NOON - 3 * HOUR + n * HOUR / 2, customer=customer)
    for who in (ada, admin):
        shared = await take(who, group, NOON + 3 * HOUR, size=2)
    await take(ada, gone, NOON + 3.5 * HOUR)
    await api.cancel(admin, shared)
    await api.cancel(ada, await take(ada, group, NOON + 2.5 * HOUR))
    waived = {"override": ["overlap", "closed"], "reason": "Pain"}
    await take(admin, visit, NOON - 3 * HOUR, customer=customer, **waived)
    for shut in (provider_id, None):
        span = {"starts_at": NOON.isoformat(), "ends_at": (NOON + 3 * HOUR).isoformat()}
        body = span | ({"provider": shut} if shut else {})
        made = await api.post("/api/closures/", body, who=admin)
        assert made.status == 201
        if shut is None:
            assert (await api.delete(f"/api/closures/{made.json['id']}/", who=admin)).status == 204
    await api.delete(f"/api/services/{gone}/", who=admin)


@pytest.mark.usefixtures("unbroken")
async def test_the_six_calls_are_the_same_whatever_else_there_is(
    api: Api, given: Given, admin: Person
) -> None:
    provider_id = await given.make_provider("Dr Six", time_zone="Etc/GMT-1")
    slots = await given.make_slots(
        2, provider_id=provider_id, starts_at=NOON, minutes=60, capacity=2, per_person=1
    )
    await check_six_calls(api, "six-alone", *slots)
    await fill(api, given, admin, provider_id)
    await check_six_calls(api, "six-in-a-crowd", *slots)
