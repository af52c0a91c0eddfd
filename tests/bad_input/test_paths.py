"""Verbs and paths that are no route, or that pretend to be another one."""

import itertools
import random
from collections.abc import Callable, Iterator

from service.handlers.routes import ROUTES
from tests.bad_input.targets import ID
from tests.bad_input.wire import request
from tests.bad_input.words import accidents
from tests.bad_input.world import World

PATHS = [
    pattern.replace(ID, "1").replace("/?", "/")
    for pattern, handler in ROUTES
    if not handler.endless  # or what is asked goes on for ever
]
NOWHERE = [
    "//", "/api//", "/api/index.json", "/index.html", "/API/me/", "/api/ME/", "/api/me//",
    "//api/me/", "/me/",
    "/api/./me/", "/api/../api/me/", "/api/%2e%2e/api/me/", "/api%2fme/", "/api%5cme/", "/api\\me/",
    "/api/me/%00", "/api/me%00/", "/%00/api/me/", "/api/me/;x=1", "/api/me;/", "/api/me/.json",
    "/api/me/%0d%0aX:y", "/api/me/%20", "/%2561pi/me/", "/api/m%25%365/", "/api/%4de/",
    "/api/me%2f",
    "/api/me/index.php", "/.git/config", "/.env", "/etc/passwd", "/../../etc/passwd",
    "/..%2f..%2fetc/passwd", "/static/", "/favicon.ico/", "/faviconxico", "/robots.txt/",
    "/admin/", "/debug/",
    "/metrics/../api/me/", "/api/" + "a/" * 2000, "/" + "%41" * 2000, "/%", "/%z", "/%c0%af",
    "/\xff", "/%ff", "/%ed%a0%80", "/api/me/\xa0", "/{api}/", "/$", "/'", '/"', "/<script>", "/|",
]  # fmt: skip
VERBS = [
    "TRACE", "CONNECT", "PROPFIND", "LOCK", "PURGE", "BREW", "get", "Get", "POST2", "_GET",
    "INIT", "INITIALIZE", "PREPARE", "FINISH", "ON_FINISH", "A" * 1000, "GET\x00", "G\xc9T", "*",
]  # fmt: skip
ABSOLUTE = [
    "http://127.0.0.1/api/me/", "http://evil.example/api/me/", "https://127.0.0.1:1/healthz",
    "*", "api/me/", "?", "#", "healthz", "127.0.0.1:80", "file:///etc/passwd", "http:///healthz",
]  # fmt: skip
STARTS = [
    b"GET", b"GET ", b"GET /", b"GET / ", b"GET / HTTP", b"GET / HTTP/", b"GET / HTTP/1", b"/ GET",
    b"GET / HTTP/1.1.1", b"GET / HTTP/9.9", b"GET / HTTP/2.0", b"GET / HTTP/0.9", b"GET / http/1.1",
    b"GET  / HTTP/1.1", b"GET\t/\tHTTP/1.1", b" GET / HTTP/1.1", b"GET / HTTP/1.1 ", b"\0", b"\xff",
    b"GET / HTTP/1.1\rX: y", b"GET /\0 HTTP/1.1", b"GET / HTTP/1.1\0", b"HTTP/1.1 200 OK", b":",
    b"PRI * HTTP/2.0", b"\x16\x03\x01\x02\x00\x01\x00", b"*1\r\n$4\r\nPING", b"EHLO localhost",
]  # fmt: skip


def test_a_path_that_is_no_route_is_not_found(world: World) -> None:
    both = itertools.product(("GET", "POST", "DELETE", "HEAD"), NOWHERE)
    raws = (request(method, path, b"", token=world.tokens["admin"]) for method, path in both)
    for raw, answer in world.ask_all(raws):
        assert answer.status == 404 or (answer.status == 400 and not raw.isascii()), raw


def test_a_verb_that_is_none_is_refused(world: World) -> None:
    raws = (
        request(verb, path, None, "Connection: close", token=world.tokens["admin"])
        for verb, path in itertools.product(VERBS, PATHS)
    )
    for raw, answers in world.throw_all(raws):
        assert {answer.status for answer in answers} <= {400, 404, 405}, raw


def test_a_verb_in_a_header_is_not_the_verb(world: World) -> None:
    token = world.tokens["admin"]
    path = f"/api/slots/{world.ids['slot']}/"
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert world.ask(request("GET", path, None, f"{name}: DELETE", token=token)).status == 200
        raw = request("POST", path, b"{}", f"{name}: DELETE", token=token)
        assert world.ask(raw).status == 405
    assert world.ask(request("POST", f"{path}?_method=DELETE", b"{}", token=token)).status == 405
    assert world.ask(request("GET", f"{path}?_method=DELETE", token=token)).status == 400
    assert world.ask(request("GET", path, token=token)).status == 200


def test_a_target_in_another_form_opens_nothing(world: World) -> None:
    for target in ABSOLUTE:
        for answer in world.throw(request("GET", target, None, "Connection: close")):
            assert answer.status in (200, 400, 401, 404), target
            assert answer.status != 200 or target.endswith("/healthz")


def test_a_first_line_that_is_none_is_refused(world: World) -> None:
    rest = b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    for raw, answers in world.throw_all(start + rest for start in STARTS):
        assert {answer.status for answer in answers} <= {400, 404}, raw


def test_accidents_in_a_path_do_no_harm(
    world: World, count: Callable[[float], int], chance: random.Random
) -> None:
    seeds = [path.encode() for path in PATHS]
    verbs = itertools.cycle(["GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PUT"])
    clean = bytes(range(33, 127))

    def targets() -> Iterator[bytes]:
        for path in itertools.islice(accidents(seeds, chance), count(0.1)):
            target = "/" + bytes(byte for byte in path if byte in clean).decode().lstrip("/")
            body = b"" if (verb := next(verbs)) in ("POST", "PATCH", "PUT") else None
            yield request(verb, target, body)

    for raw, answer in world.ask_all(targets()):
        assert answer.status in (200, 204, 400, 401, 404, 405), raw
