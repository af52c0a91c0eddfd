"""What the server really answers is what the OpenAPI document says, to the letter."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httputil import HTTPHeaders
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.settings import Settings
from tests.api.delivery.sse import Stream
from tests.cast import PASSWORD, Api, Given, Person
from tests.contract.answers_of_calendars import calendars_elsewhere
from tests.contract.answers_of_webhooks import webhooks
from tests.contract.spec import check_answer, operation_of, operations


class Caller:
    """Makes requests, holds each answer against the document and remembers what was asked."""

    def __init__(self, api: Api) -> None:
        self.url, self.done = api.url, set[str]()
        self._client = AsyncHTTPClient(force_instance=True)

    async def __call__(
        self,
        status: int,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: Person | str | None = None,
        **headers: str,
    ) -> Any:
        token = who.token if isinstance(who, Person) else who
        sent = {} if body is None else {"Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Token {token}"
        reply = await self._client.fetch(
            HTTPRequest(
                self.url + path,
                method,
                sent,
                None if body is None else json.dumps(body),
                allow_nonstandard_methods=True,
                follow_redirects=False,
            ),
            raise_error=False,
        )
        text = reply.body.decode()
        assert reply.code == status, text
        operation = operation_of(method, path)
        check_answer(operation, status, reply.headers, text)
        if status < 300:
            self.done.add(operation["operationId"])
        return json.loads(text) if "json" in reply.headers.get("Content-Type", "") else text


@pytest.fixture
def call(io_loop: AsyncIOLoop, settings: Settings) -> Iterator[Caller]:
    """On a server that has every header field to send."""
    told = dataclasses.replace(settings, rate_limit=True, register_limit=2, cors_origins="*")
    opened = service_app.opened(told)

    async def listen() -> Any:
        return service_app.listen(await opened.__aenter__())

    server, port = io_loop.run_sync(listen)
    api = Api(f"http://127.0.0.1:{port}")
    yield Caller(api)
    server.stop()
    api.close()
    io_loop.run_sync(server.close_all_connections)
    io_loop.run_sync(lambda: opened.__aexit__(None, None, None))


async def test_answers_are_what_is_documented(
    call: Caller, given: Given, admin: Person, ada: Person
) -> None:
    """Every operation once, and what it refuses most often."""
    await accounts(call)
    await calendars(call, admin)
    await hours(call, given, admin)
    await appointments(call, given, admin, ada)
    await times(call, given, admin, ada)
    await sets(call, given, ada)
    await holds(call, given, ada)
    await waitlist(call, given, ada)
    await approval(call, given, admin, ada)
    await customers(call, admin)
    await webhooks(call, admin, ada)
    await events(call, ada)
    await calendars_elsewhere(call, given, admin, ada)
    for path in (
        "/robots.txt",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/openapi.json",
        "/docs/",
        "/",
        "/api/",
    ):
        await call(200, "GET", path)
    await call(303, "GET", "/", Accept="text/html")
    await call(204, "GET", "/favicon.ico")
    assert call.done == {operation["operationId"] for _, _, operation in operations()}


async def accounts(call: Caller) -> None:
    new = {"username": "written", "email": "w@example.org", "password": PASSWORD}
    known = {"username": "written", "password": PASSWORD}
    await call(201, "POST", "/api/register/", new)
    await call(409, "POST", "/api/register/", new)
    await call(429, "POST", "/api/register/", new)
    await call(400, "POST", "/api/register/", {})
    await call(401, "POST", "/api/login/", known | {"password": "wrong"})
    token = (await call(200, "POST", "/api/login/", known, Idempotency_Key='"'))["token"]
    other = (await call(200, "POST", "/api/login/", known))["token"]
    await call(200, "GET", "/api/me/", who=token)
    await call(401, "GET", "/api/me/")
    await call(401, "GET", "/api/me/", who="0" * 40)
    tokens = await call(200, "GET", "/api/tokens/", who=token)
    (gone,) = [one["id"] for one in tokens if not one["current"]]
    await call(204, "DELETE", f"/api/tokens/{gone}/", who=token)
    await call(404, "DELETE", f"/api/tokens/{gone}/", who=token)
    await call(401, "GET", "/api/me/", who=other)
    change = {"current_password": PASSWORD, "new_password": PASSWORD}
    await call(200, "POST", "/api/password/", change, who=token)
    await call(204, "DELETE", "/api/tokens/", who=token)
    token = (await call(200, "POST", "/api/login/", known))["token"]
    await call(200, "POST", "/api/logout/", who=token, Idempotency_Key='"')


async def calendars(call: Caller, admin: Person) -> None:
    new = {"name": "Dr Written", "time_zone": "Asia/Tokyo"}
    provider = await call(201, "POST", "/api/providers/", new, who=admin)
    path = f"/api/providers/{provider['id']}/"
    await call(200, "GET", path)
    await call(404, "GET", "/api/providers/999999999/")
    await call(200, "PATCH", path, {"name": "Dr W"}, who=admin)
    await call(200, "GET", "/api/providers/?limit=1")
    await services(call, provider["id"], admin)
    first = {
        "provider": provider["id"],
        "starts_at": "2030-01-04T10:00:00Z",
        "ends_at": "2030-01-04T10:30:00Z",
    }
    second = first | {"starts_at": first["ends_at"], "ends_at": "2030-01-04T11:00:00Z"}
    slot = await call(201, "POST", "/api/slots/", first, who=admin)
    await call(201, "POST", "/api/slots/", [second], who=admin)
    await call(409, "POST", "/api/slots/", first, who=admin)
    await call(200, "GET", f"/api/slots/?provider={provider['id']}&limit=1&status=free")
    await call(400, "GET", "/api/slots/?cursor=x")
    path = f"/api/slots/{slot['id']}/"
    await call(200, "GET", path)
    await call(304, "GET", path, If_None_Match="*")
    await call(200, "PATCH", path, {"capacity": 2}, who=admin)
    await call(412, "PATCH", path, {"capacity": 2}, who=admin, If_Match='"1"')
    await call(204, "DELETE", path, who=admin)


async def services(call: Caller, provider_id: int, admin: Person) -> None:
    room = {"name": "Room 1", "time_zone": "Asia/Tokyo", "kind": "room", "per_day": 8}
    room_id = (await call(201, "POST", "/api/providers/", room, who=admin))["id"]
    new = {
        "name": "Consultation",
        "duration_minutes": 30,
        "providers": [{"provider": provider_id}],
        "needs": {"room": [room_id]},
    }
    made = await call(201, "POST", "/api/services/", new, who=admin)
    await call(400, "POST", "/api/services/", {}, who=admin)
    await call(200, "GET", "/api/services/?limit=1")
    path = f"/api/services/{made['id']}/"
    await call(200, "GET", path)
    await call(304, "GET", path, If_None_Match='"1"')
    await call(200, "PATCH", path, {"per_day": 3}, who=admin)
    await call(412, "PATCH", path, {"per_day": None}, who=admin, If_Match='"1"')
    class_ = {
        "provider": provider_id,
        "service": made["id"],
        "starts_at": "2031-01-04T10:00:00Z",
        "ends_at": "2031-01-04T10:30:00Z",
    }
    await call(201, "POST", "/api/slots/", class_, who=admin)
    await call(422, "POST", "/api/slots/", class_ | {"provider": room_id}, who=admin)
    await call(204, "DELETE", path, who=admin)
    await call(404, "GET", path)


async def customers(call: Caller, admin: Person) -> None:
    new = {"name": "Zoë O'Brien", "phone": "+49 170 1234567", "email": "zoe@example.org"}
    one = await call(201, "POST", "/api/customers/", new, who=admin)
    other = await call(201, "POST", "/api/customers/", {"name": "Zoe"}, who=admin)
    await call(400, "POST", "/api/customers/", {}, who=admin)
    await call(200, "GET", "/api/customers/?q=zoe&limit=1", who=admin)
    path = f"/api/customers/{one['id']}/"
    await call(200, "GET", path, who=admin)
    await call(200, "PATCH", path, {"language": "en"}, who=admin)
    into = {"into": other["id"]}
    await call(200, "POST", f"{path}merge/", into, who=admin)
    await call(404, "POST", f"{path}merge/", into, who=admin)


async def hours(call: Caller, given: Given, admin: Person) -> None:
    provider_id = await given.make_provider()
    path = f"/api/providers/{provider_id}/schedule/"
    every_day = {"days": ["mon", "tue"], "opens": "09:00", "closes": "24:00"}
    christmas = {"date": "2035-12-24", "hours": [], "reason": "Christmas"}
    wanted = {"weekly": [every_day | {"from": "2027-01-01"}], "days": [christmas]}
    await call(200, "GET", path)
    await call(200, "PUT", path, wanted, who=admin)
    await call(200, "PUT", f"{path}?dry_run=true", wanted, who=admin)
    await call(200, "GET", path)
    await call(400, "PUT", path, {"weekly": [every_day, every_day]}, who=admin)
    await call(412, "PUT", path, wanted, who=admin, If_Match='"1"')
    root = "/api/closures/"
    shut = {"provider": provider_id, "from": "2035-12-24", "to": "2035-12-26"}
    await call(200, "POST", f"{root}?dry_run=true", shut, who=admin)
    made = await call(201, "POST", root, shut, who=admin)
    await call(200, "GET", f"{root}?provider={provider_id}&limit=1", who=admin)
    await call(200, "GET", f"{root}{made['id']}/", who=admin)
    await call(204, "DELETE", f"{root}{made['id']}/", who=admin)
    await call(404, "DELETE", f"{root}{made['id']}/", who=admin)


async def times(call: Caller, given: Given, admin: Person, ada: Person) -> None:
    provider_id = await given.make_provider()
    always = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
    always |= {"opens": "00:00", "closes": "24:00"}
    schedule = f"/api/providers/{provider_id}/schedule/"
    await call(200, "PUT", schedule, {"weekly": [always]}, who=admin)
    terms = {"duration_minutes": 60, "step_minutes": 60, "lead_minutes": 60}
    service_id = await given.make_service(provider_id, **terms, per_customer_open=1)
    path, root = f"/api/services/{service_id}/", "/api/appointments/"
    await call(200, "GET", f"{path}times/")
    await call(400, "GET", f"{path}times/?to=9999-01-01")
    await call(401, "GET", f"{path}times/?moving=1")
    await call(404, "GET", f"{path}times/?moving={4 * 10**12}", who=ada)
    await call(200, "GET", f"{path}times/next/")
    await call(200, "GET", f"{path}times/next/?from=9998-01-01")
    await call(400, "GET", f"{path}explain/", who=ada)
    listed = await call(200, "GET", f"{path}times/?provider={provider_id}&limit=4")
    starts = [one["starts_at"] for one in listed]
    for expand in ("", "?expand=slot"):
        wanted = {"service": service_id, "starts_at": starts.pop()}
        await call(200, "POST", f"{root}?dry_run=true", wanted, who=ada)
        booked = await call(201, "POST", root + expand, wanted, who=ada)
        await call(409, "POST", root, wanted, who=admin)
        await call(422, "POST", root, wanted | {"starts_at": starts[0]}, who=ada)
        await call(200, "GET", f"{path}explain/?starts_at={wanted['starts_at']}", who=ada)
        moved = f"{root}{booked['id']}/"
        move = {"starts_at": starts.pop()}
        await call(200, "PATCH", f"{moved}reschedule/{expand}", move, who=ada)
        await call(409, "PATCH", f"{moved}reschedule/", move, who=ada)
        await call(200, "GET", f"{path}times/?moving={booked['id']}", who=ada)
        await call(200, "POST", f"{moved}cancel/", who=ada)
    weekly = await given.make_service(provider_id, **terms)
    await series(call, weekly, provider_id, move["starts_at"], ada)


async def series(
    call: Caller, service_id: int, provider_id: int, starts_at: str, ada: Person
) -> None:
    weekly = {"service": service_id, "provider": provider_id, "starts_at": starts_at, "count": 2}
    await call(200, "POST", "/api/series/?dry_run=true", weekly, who=ada)
    made = await call(201, "POST", "/api/series/", weekly, who=ada)
    path = f"/api/series/{made['id']}/"
    await call(200, "GET", path, who=ada)
    await call(409, "POST", "/api/series/", weekly, who=ada)
    await call(400, "POST", "/api/series/", weekly | {"until": "2027-01-01"}, who=ada)
    await call(200, "POST", f"{path}cancel/", {"from": "2026-01-01"}, who=ada)
    await call(201, "POST", "/api/series/", weekly | {"count": 3, "conflicts": "skip"}, who=ada)


async def holds(call: Caller, given: Given, ada: Person) -> None:
    root = "/api/holds/"
    slots = await given.make_slots(8)
    for expand in ("", "?expand=slot"):
        held = await call(201, "POST", root + expand, {"slot": slots.pop()}, who=ada)
        path = f"{root}{held['id']}/"
        await call(200, "GET", path + expand, who=ada)
        await call(412, "POST", f"{path}confirm/", {}, who=ada, If_Match='"9"')
        await call(201, "POST", f"{path}confirm/{expand}", {"notes": "Paid"}, who=ada)
        await call(404, "GET", path, who=ada)
    held = await call(201, "POST", root, {"slot": slots.pop()}, who=ada, Idempotency_Key="held")
    other = {"slot": slots.pop(), "replaces": held["id"]}
    held = await call(201, "POST", root, other, who=ada)
    await call(409, "POST", root, {"slot": held["slot"]["id"]}, who=ada)
    await call(422, "POST", root, {"slot": slots[0], "size": 9}, who=ada)
    await call(404, "POST", root, {"slot": slots[0], "replaces": 999999999}, who=ada)
    for _ in range(2):
        await call(204, "DELETE", f"{root}{held['id']}/", who=ada)
    await call(409, "POST", f"{root}{held['id']}/confirm/", who=ada)


async def waitlist(call: Caller, given: Given, ada: Person) -> None:
    root, (slot_id, other) = "/api/waitlist/", await given.make_slots(2)
    ben = await given.make_person("ben-in-line")
    taken = await call(201, "POST", "/api/appointments/", {"slot": slot_id}, who=ben)
    await call(201, "POST", "/api/appointments/", {"slot": other}, who=ben)
    waits = [await call(201, "POST", root, {"slot": one}, who=ada) for one in (slot_id, other)]
    await call(200, "POST", f"/api/appointments/{taken['id']}/cancel/", who=ben)
    listed = await call(200, "GET", root, who=ada)
    assert [one["status"] for one in listed] == ["offered", "waiting"]
    for one in waits:
        await call(204, "DELETE", f"{root}{one['id']}/", who=ada)
    await call(404, "DELETE", f"{root}999999999/", who=ada)
    await call(400, "POST", root, {"slot": other, "from": "2027-01-04"}, who=ada)
    await call(422, "POST", root, {"slot": other, "size": 9}, who=ada)


async def approval(call: Caller, given: Given, admin: Person, ada: Person) -> None:
    provider_id, root = await given.make_provider(), "/api/appointments/"
    always = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
    always |= {"opens": "00:00", "closes": "24:00"}
    schedule = f"/api/providers/{provider_id}/schedule/"
    await call(200, "PUT", schedule, {"weekly": [always]}, who=admin)
    service_id = await given.make_service(provider_id, approval_minutes=60)
    listed = await call(200, "GET", f"/api/services/{service_id}/times/?provider={provider_id}")
    starts = iter(one["starts_at"] for one in listed)
    for word in ("approve", "decline"):
        for expand in ("", "?expand=slot"):
            wanted = {"service": service_id, "starts_at": next(starts)}
            asked = await call(201, "POST", root, wanted, who=ada)
            path = f"{root}{asked['id']}/"
            await call(200, "GET", path, who=ada)
            await call(409, "POST", f"{path}noshow/", who=admin)
            await call(200, "POST", f"{path}{word}/{expand}", {"reason": "so"}, who=admin)
            await call(200, "GET", f"{path}history/", who=ada)
            await call(200, "GET", f"{root}?provider={provider_id}", who=admin)
    await call(409, "POST", f"{path}approve/", who=admin)


async def appointments(call: Caller, given: Given, admin: Person, ada: Person) -> None:
    slots = await given.make_slots(7)
    root = "/api/appointments/"
    await call(403, "POST", "/api/slots/", {}, who=ada)
    await call(415, "POST", root, {"slot": slots[0]}, who=ada, Content_Type="text/plain")
    await call(406, "GET", root, who=ada, Accept="text/html")
    for expand in ("", "?expand=slot"):
        booked = await call(201, "POST", root + expand, {"slot": slots.pop()}, who=ada)
        path = f"{root}{booked['id']}/"
        await call(200, "GET", path + expand, who=ada)
        await call(409, "POST", root, {"slot": booked["slot"]["id"]}, who=admin)
        move = {"new_slot": slots.pop()}
        await call(200, "PATCH", f"{path}reschedule/{expand}", move, who=ada)
        await call(200, "GET", f"{root}{expand or '?limit=1'}", who=ada)
        await call(200, "POST", f"{path}cancel/{expand}", {"reason": "ill"}, who=ada)
        await call(409, "PATCH", f"{path}reschedule/", move, who=ada)
        await call(200, "GET", f"{path}history/", who=ada)
    last = {"slot": slots.pop()}
    for _ in range(2):
        booked = await call(201, "POST", root, last, who=ada, Idempotency_Key="written")
    await call(422, "POST", root, {"slot": 1}, who=ada, Idempotency_Key="written")
    await call(400, "POST", root, last, who=ada, Idempotency_Key='"')
    for ending, slot_id in zip(("noshow", "fulfill"), slots, strict=True):
        booked = await call(201, "POST", root, {"slot": slot_id}, who=ada)
        await call(403, "POST", f"{root}{booked['id']}/{ending}/", who=ada)
        if ending == "noshow":
            await call(422, "POST", f"{root}{booked['id']}/{ending}/", who=admin)
            await given.make_begun(slot_id)
        if ending == "fulfill":
            await call(200, "POST", f"{root}{booked['id']}/keep/?expand=slot", who=admin)
        await call(200, "POST", f"{root}{booked['id']}/{ending}/?expand=slot", who=admin)


async def sets(call: Caller, given: Given, ada: Person) -> None:
    slots = await given.make_slots(2)
    ids = [await given.make_appointment(ada, one) for one in slots]
    for query in ("", "?expand=slot"):
        slots.reverse()
        swap = [{"appointment": one, "new_slot": to} for one, to in zip(ids, slots, strict=True)]
        await call(200, "POST", f"/api/moves/{query}", swap, who=ada)
        await call(409, "POST", "/api/moves/", swap, who=ada)
    await call(400, "POST", "/api/moves/", swap[:1], who=ada)


async def events(call: Caller, ada: Person) -> None:
    await call(200, "GET", "/api/events/?limit=5&types=slot.changed", who=ada)
    await call(410, "GET", f"/api/events/?after={10**15}", who=ada)
    await call(400, "GET", "/api/events/?wait=60", who=ada)
    await call(410, "GET", f"/api/events/stream/?after={10**15}")
    await call(401, "GET", "/api/events/stream/", who="0" * 40)
    async with Stream(call.url) as stream:  # it never ends
        await stream.more()
        assert stream.status == 200
        lines = stream.head.split("\r\n")[1:-2]
        fields = HTTPHeaders(dict(line.split(": ", 1) for line in lines))
        operation = operation_of("GET", "/api/events/stream/")
        check_answer(operation, 200, fields, stream.body.decode())
        call.done.add(operation["operationId"])
