"""What the server really answers is what the OpenAPI document says, to the letter."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.settings import Settings
from tests.cast import PASSWORD, Api, Given, Person
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
    await appointments(call, given, admin, ada)
    for path in ("/healthz", "/readyz", "/metrics", "/api/openapi.json", "/docs/", "/", "/api/"):
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
        await call(200, "POST", f"{root}{booked['id']}/{ending}/?expand=slot", who=admin)
