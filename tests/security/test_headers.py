"""Every answer tells a browser to make nothing else of it: OWASP's list for REST."""

import re
from collections.abc import Iterator

import pytest

from service.handlers.routes import ROUTES
from service.http.base import ApiHandler
from service.http.headers.guards import GUARDS
from tests.api.checks import send
from tests.cast import Api, Given, Person, Reply

VERBS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "BREW")
PUBLIC = ("/api/slots", "/api/providers", "/healthz", "/readyz", "/metrics", "/api/openapi.json")
# What another answer than GUARDS' own may say; the page needs its scripts and is its own policy.
OTHERWISE = {
    "Cache-Control": re.compile(r"no-cache|public, max-age=(86400|31536000, immutable)"),
    "Content-Security-Policy": re.compile(r"default-src 'none'; .*frame-ancestors 'none'"),
}
FAREWELLS = ("/api/logout/", "/api/tokens/")  # after which the token is dead
NEVER = {"Server", "X-Powered-By", "Access-Control-Allow-Origin", "Set-Cookie"}


def _calls() -> Iterator[tuple[str, str]]:
    """Every verb of every path of every route, and a path that is none."""
    for pattern, handler in ROUTES:
        assert issubclass(handler, ApiHandler)
        path = re.sub(r"\(([^)|\\]*)[^)]*\)", r"\1", pattern.removesuffix("?"))
        path = path.replace("[0-9]+", "1").replace("\\", "")
        for verb in VERBS:
            yield verb, path
    yield from ((verb, "/nowhere") for verb in VERBS)


def _guarded(reply: Reply, asked: tuple[str, str]) -> None:
    for name, value in GUARDS.items():
        given = reply.headers.get_list(name)
        assert len(given) == 1, (asked, name, given)
        page = asked[1].startswith("/docs") or name == "Cache-Control"
        allowed = page and name in OTHERWISE and OTHERWISE[name].fullmatch(given[0])
        assert given[0] == value or allowed, (asked, name, given)
    assert not NEVER & set(reply.headers), asked


@pytest.mark.parametrize("signed_in", [True, False])
async def test_every_verb_of_every_route_answers_with_all_of_them(
    either: Api, given: Given, signed_in: bool
) -> None:
    who = None
    for n, asked in enumerate(_calls()):
        if signed_in and (who is None or asked[1] in FAREWELLS):
            who = await given.make_person(f"guarded{id(either)}x{n}")
        _guarded(await either.call(*asked, who=who), asked)


async def test_so_does_what_is_no_request_or_too_large(either: Api) -> None:
    for name, raw in {
        "json": b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n{",
        "media": b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\n"
        b"Content-Length: 1\r\n\r\n{",
        "body": b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n",
        "target": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        "head": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
    }.items():
        reply = await send(either, raw)
        assert 400 <= reply.status < 500
        _guarded(reply, ("raw", name))


async def test_what_is_somebodys_own_is_kept_by_nobody_on_the_way(
    api: Api, given: Given, ada: Person
) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    service_id = await given.make_service(await given.make_provider())
    times = f"/api/services/{service_id}/times"
    login = {"username": "ada", "password": "correct horse"}
    own = [
        await api.get(f"{times}/?moving={appointment_id}", who=ada),
        await api.get(f"{times}/next/?moving={appointment_id}", who=ada),
        await api.post("/api/login/", login),
        await api.get("/api/me/", who=ada),
        await api.get("/api/tokens/", who=ada),
        await api.get("/api/appointments/", who=ada),
        await api.get(f"/api/appointments/{appointment_id}/", who=ada),
        await api.get(f"/api/appointments/{appointment_id}/history/", who=ada),
        await api.cancel(ada, appointment_id),
    ]
    assert {(reply.status, reply.headers["Cache-Control"]) for reply in own} == {(200, "no-store")}


@pytest.mark.parametrize("path", PUBLIC)
async def test_what_everybody_may_read_can_be_kept_but_is_asked_for_again(
    api: Api, path: str
) -> None:
    reply = await api.get(path)
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-cache")
    etag = {"If-None-Match": reply.headers["Etag"]}
    if "slots" in path or "openapi" in path:
        again = await api.get(path, headers=etag)
        assert (again.status, again.headers["Cache-Control"]) == (304, "no-cache")


def test_the_list_is_owasps() -> None:
    assert GUARDS == {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
