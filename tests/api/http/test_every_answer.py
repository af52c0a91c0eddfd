"""What every answer has in common: documents, verbs, paths, headers."""

import re
from typing import Any

import pytest

from tests.api.checks import check_needs_login, check_problem, send
from tests.cast import Api, Given, Person

VERBS = {
    "/api/register/": "OPTIONS, POST",
    "/api/login/": "OPTIONS, POST",
    "/api/logout/": "OPTIONS, POST",
    "/api/me/": "GET, HEAD, OPTIONS",
    "/api/tokens/": "DELETE, GET, HEAD, OPTIONS",
    "/api/tokens/1/": "DELETE, OPTIONS",
    "/api/password/": "OPTIONS, POST",
    "/api/providers/": "GET, HEAD, OPTIONS, POST",
    "/api/providers/1/": "GET, HEAD, OPTIONS, PATCH",
    "/api/slots/": "GET, HEAD, OPTIONS, POST",
    "/api/slots/1/": "DELETE, GET, HEAD, OPTIONS, PATCH",
    "/api/appointments/": "GET, HEAD, OPTIONS, POST",
    "/api/appointments/1/": "GET, HEAD, OPTIONS",
    "/api/appointments/1/reschedule/": "OPTIONS, PATCH",
    "/api/appointments/1/cancel/": "OPTIONS, POST",
    "/api/appointments/1/noshow/": "OPTIONS, POST",
    "/api/appointments/1/fulfill/": "OPTIONS, POST",
    "/api/appointments/1/keep/": "OPTIONS, POST",
    "/api/appointments/1/history/": "GET, HEAD, OPTIONS",
    "/healthz": "GET, HEAD, OPTIONS",
    "/readyz": "GET, HEAD, OPTIONS",
}


@pytest.mark.parametrize("path", VERBS)
async def test_a_verb_that_is_not_there_is_405_and_says_which_are(api: Api, path: str) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        if method not in VERBS[path]:
            reply = await api.call(method, path)
            check_problem(reply, 405, "method_not_allowed")
            assert reply.headers["Allow"] == VERBS[path]


@pytest.mark.parametrize("path", VERBS)
async def test_options_tells_the_verbs_to_everyone(api: Api, path: str) -> None:
    reply = await api.call("OPTIONS", path)
    assert (reply.status, reply.json) == (204, None)
    assert reply.headers["Allow"] == VERBS[path]


@pytest.mark.parametrize(
    "method", ["TRACE", "CONNECT", "BREW", "PROPFIND", "get", "_unimplemented"]
)
@pytest.mark.parametrize("path", ["/api/me/", "/api/appointments/1/", "/healthz"])
async def test_an_unknown_verb_is_405(api: Api, ada: Person, method: str, path: str) -> None:
    reply = await api.call(method, path, who=ada)
    check_problem(reply, 405, "method_not_allowed")
    assert reply.headers["Allow"] == VERBS[path]


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing/",
        "/API/me/",
        "//api/me/",
        "/api//me/",
        "/api/me//",
        "/api/me/x",
        "/api/me%2F",
        "/api/me%00",
        "/api/./me/",
        "/api/../api/me/",
        "/api/appointments/1/cancel/x/",
        "/api/appointments/x/cancel/",
        "/api/appointments/-1/",
        "/api/appointments/1.0/",
        "/.env",
        "/%ff",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
async def test_an_unknown_path_is_404_for_every_verb(
    api: Api, admin: Person, method: str, path: str
) -> None:
    check_problem(await api.call(method, path, who=admin), 404, "not_found")


@pytest.mark.parametrize("path", [path for path, verbs in VERBS.items() if "GET" in verbs])
async def test_the_slash_at_the_end_may_be_left_out(
    api: Api, given: Given, admin: Person, path: str
) -> None:
    number = (await given.make_slots(1))[0]
    if "providers" in path:
        number = await given.make_provider()
    if "appointments" in path:
        number = await given.make_appointment(admin, (await given.make_slots(1))[0])
    path = path.replace("/1/", f"/{number}/").rstrip("/")
    with_it, without = await api.get(f"{path}/", who=admin), await api.get(path, who=admin)
    assert (with_it.status, without.status) == (200, 200)
    assert with_it.json == without.json


async def test_writes_work_without_the_slash_too(api: Api, given: Given, ada: Person) -> None:
    old, new = await given.make_slots(2)
    booked = await api.post("/api/appointments", {"slot": old}, who=ada)
    assert booked.status == 201
    one = f"/api/appointments/{booked.json['id']}"
    assert (await api.patch(f"{one}/reschedule", {"new_slot": new}, who=ada)).status == 200
    assert (await api.post(f"{one}/cancel", who=ada)).status == 200


@pytest.mark.parametrize("path", ["/api/me/", "/api/slots/", "/api/appointments/", "/healthz"])
async def test_head_is_get_without_the_body(api: Api, ada: Person, path: str) -> None:
    request = f"{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Token {ada.token}\r\n\r\n"
    get = await send(api, f"GET {request}".encode())
    head = await send(api, f"HEAD {request}".encode())
    assert (head.status, head.json) == (get.status, None) == (200, None)
    for name in ("Content-Type", "Content-Length", "ETag", "X-Content-Type-Options"):
        assert head.headers.get(name) == get.headers.get(name)


async def test_head_is_refused_as_get_is(api: Api) -> None:
    reply = await send(api, b"HEAD /api/me/ HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, "Token")
    reply = await send(api, b"HEAD /api/login/ HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (reply.status, reply.headers["Allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize(
    "given_id", ["a", "0af7651916cd43dd8448eb211c80319c", "web:1.2_x-Y", 128 * "x"]
)
@pytest.mark.parametrize("path", ["/healthz", "/api/me/", "/nowhere"])
async def test_a_sane_request_id_comes_back(api: Api, path: str, given_id: str) -> None:
    reply = await api.get(path, headers={"X-Request-ID": given_id})
    assert reply.headers["X-Request-ID"] == given_id
    assert path == "/healthz" or reply.json["request_id"] == given_id


@pytest.mark.parametrize("given_id", ["", " ", "a b", 'x"y', "<x>", "é", "a,b", 129 * "x", "%0d"])
async def test_any_other_is_replaced(api: Api, given_id: str) -> None:
    request = f"GET /api/me/ HTTP/1.1\r\nHost: a\r\nX-Request-ID: {given_id}\r\n\r\n"
    reply = await send(api, request.encode())
    check_needs_login(reply)
    assert reply.headers["X-Request-ID"] != given_id
    assert re.fullmatch(r"[\w.:-]{1,128}", reply.headers["X-Request-ID"])


async def test_no_two_requests_get_the_same_id(api: Api) -> None:
    made = {(await api.get("/healthz")).headers["X-Request-ID"] for _ in range(20)}
    assert len(made) == 20


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("application/*;q=0.1", 200),
        ("text/html, application/json;q=0.5", 200),
        ("APPLICATION/JSON", 200),
        ("application/problem+json", 200),
        ("text/html", 406),
        ("text/html;q=1, image/*", 406),
        ("application/xml", 406),
        ("application/json;q=0", 406),
        ("*/*;q=0.000", 406),
    ],
)
async def test_only_json_is_to_be_had(api: Api, accept: str, status: int) -> None:
    reply = await api.get("/healthz", headers={"Accept": accept})
    assert reply.status == status
    if status == 406:
        check_problem(reply, 406, "not_acceptable")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 400),
        ("application/json; charset=utf-8", 400),
        ('Application/JSON;Charset="UTF-8"', 400),
        ("application/json; charset=latin-1", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("text/json", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
async def test_only_json_is_taken(api: Api, kind: str, status: int) -> None:
    reply = await api.post("/api/login/", raw=b"{}", headers={"Content-Type": kind})
    assert reply.status == status, reply.json
    if status == 415:
        check_problem(reply, 415, "unsupported_media_type")


async def test_a_body_of_no_declared_kind_is_taken_for_json(api: Api) -> None:
    request = b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    assert (await send(api, request)).json["code"] == "invalid"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"X-HTTP-Method-Override": "DELETE"}),
        ("POST", {"X-HTTP-Method": "GET"}),
        ("POST", {"X-Original-URL": "/healthz"}),
    ],
)
async def test_no_header_makes_another_request_of_it(
    api: Api, ada: Person, method: str, headers: dict[str, Any]
) -> None:
    reply = await api.call(method, "/api/me/", who=ada, headers=headers)
    assert reply.status == (200 if method == "GET" else 405)


async def test_answers_are_not_to_be_guessed_at(api: Api) -> None:
    for path in ("/healthz", "/nowhere", "/api/me/"):
        assert (await api.get(path)).headers["X-Content-Type-Options"] == "nosniff"
