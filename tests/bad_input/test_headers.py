"""Header fields nobody should send: credentials of every shape, sizes, control characters."""

import itertools
import json
import random
import re
from collections.abc import Callable

import pytest
import redis

from tests.bad_input.targets import WITH_BODY, Target
from tests.bad_input.wire import request
from tests.bad_input.words import accidents, some
from tests.bad_input.world import World

ME = "/api/me/"
OURS = re.compile(r"token:[0-9a-f]{64}|account:\d+:tokens")  # the digits are a SHA-256
ZEROS = "0" * 40
WORDLESS = [
    "", " ", "Token", "Token ", "Token  ", "Token\t", "Bearer", "Basic YWRhOmFkYQ==", "Digest x",
    "token=", "Token=", "TokenX", f"Token={ZEROS}", ZEROS, f"Token\t{ZEROS}", f"Token:{ZEROS}",
    f'"Token" {ZEROS}', f"Token,{ZEROS}", "\xa0Token", "Negotiate", "%54oken x", "null", "\xff",
]  # fmt: skip
TOKENS = [
    "x", "0", ZEROS, ZEROS[:39], ZEROS + "0", ZEROS.replace("0", "A"), "g" * 40, "-" * 40,
    "0" * 30_000, f"{ZEROS} {ZEROS}", f"{ZEROS},{ZEROS}", f'"{ZEROS}"',
    f" {ZEROS} x", f"token:{ZEROS}", "*", "?" * 40, "[a-f]" * 8, "\xb2" * 40, "\xff" * 40,
    "%30" * 40, "\\x30" * 10, "../" * 13 + "x", "' OR 1=1 --", "null", "undefined", "true",
]  # fmt: skip
LINES = [
    "X-Request-ID: " + "a" * 129, "X-Request-ID: a b", "X-Request-ID: \xff", "X-Request-ID:",
    "X-Request-ID: <script>", "Accept: application/json;q=0.1;;;q", "Accept: ,,,", "Accept: ;",
    "If-Match: x", 'If-Match: "', 'If-Match: W/"1"', 'If-Match: "1", "2"', "If-Match: \xff",
    'If-Match: "' + "9" * 5000 + '"', "If-None-Match: \xff", 'If-None-Match: "' + "x" * 9000,
    "Host:", "Host: a b", "Host: \xff", "Host: evil.example:99999", "Host: [::1", "Host: ..",
    "Cookie: a=b; =; ;;", "Cookie: \xff=\xff", "Content-Encoding: gzip", "Expect: x",
    "X-Forwarded-For: 1.2.3.4, x", "X-Real-IP: nobody", "X-HTTP-Method-Override: DELETE",
    "X-Scheme: javascript", "X-Forwarded-Proto: \xff", "Upgrade: websocket", "Upgrade: h2c",
    "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "Range: bytes=0-0,-1", "Date: x", "Idempotency-Key: " + "x" * 256, "Transfer-Encoding: ",
    "Idempotency-Key: \xff", 'Idempotency-Key: "', "Idempotency-Key:", "Origin: null",
]  # fmt: skip


def test_credentials_that_are_no_token_are_none(world: World) -> None:
    for value in WORDLESS:
        answer = world.ask(request("GET", ME, None, f"Authorization: {value}"))
        assert answer.status == 401, value


def test_a_token_we_did_not_make_is_refused(world: World) -> None:
    for scheme, token in itertools.product(("Token", "Bearer", "TOKEN"), TOKENS):
        answer = world.ask(request("GET", ME, None, f"Authorization: {scheme} {token}"))
        assert (answer.status, answer.json["code"]) == (401, "invalid_token"), token


def test_a_good_token_works_only_as_it_is(world: World) -> None:
    token = world.tokens["ada"]
    assert world.ask(request("GET", ME, token=token)).status == 200
    for spoilt in (
        token.upper(),
        token[:-1],
        token + "0",
        token[::-1],
        f"{token}\x85",
        f"x{token}",
    ):
        assert world.ask(request("GET", ME, token=spoilt)).status == 401, spoilt


def test_two_credentials_are_as_good_as_none(world: World) -> None:
    token = world.tokens["ada"]
    twice = request("GET", ME, None, f"Authorization: Token {token}", token=token)
    other = request("GET", ME, None, f"Authorization: Token {ZEROS}", token=token)
    folded = request("GET", ME, None, "X: y", f" Authorization: Token {token}")
    for raw in (twice, other, folded):
        assert {answer.status for answer in world.throw(raw)} <= {400, 401}


def test_no_key_of_redis_shows_a_token_or_anything_else_that_was_sent(world: World) -> None:
    for token in ("*", "x:y", "a" * 30_000, ZEROS):
        assert world.ask(request("GET", ME, token=token)).status == 401
    with redis.Redis.from_url(world.redis_url) as store:
        keys = [key.decode() for key in store.scan_iter()]
    assert any(key.startswith("token:") for key in keys)
    assert [key for key in keys if not OURS.fullmatch(key)] == []


def test_accidents_in_a_credential_do_no_harm(
    world: World, count: Callable[[float], int], chance: random.Random
) -> None:
    seeds = [b"Authorization: Token " + ZEROS.encode(), b"Authorization: Bearer x\r\nX-A: b"]
    plain = request("GET", ME, None, "Connection: close")
    lines = itertools.islice(accidents(seeds, chance), count(0.05))
    raws = (plain.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n", 1) for line in lines)
    for raw, answers in world.throw_all(raws):
        assert {answer.status for answer in answers} <= {400, 401}, raw


@pytest.mark.parametrize("target", WITH_BODY, ids=str)
def test_an_odd_header_opens_nothing(world: World, target: Target) -> None:
    body = json.dumps(target.good(world)).encode()
    lines = some(LINES, WITH_BODY.index(target))
    for line in lines:  # one by one: whoever gives up soon leaves passwords to be hashed for nobody
        raw = target.ask(world, body, "", line, "Connection: close")
        assert [answer.status for answer in world.throw(raw)] != [201], line


def test_too_large_a_head_is_refused(world: World) -> None:
    large = "X-Large: " + "a" * 33_000
    many = [f"X-{n}: {n}" for n in range(4000)]
    for headers, expected in (([large], 431), (many, 431), (["X: " + "a" * 20_000], 401)):
        assert world.ask(request("GET", ME, None, *headers)).status == expected
    assert world.ask(request("GET", ME + "?" + "a" * 9000)).status == 414
    assert world.ask(request("GET", ME, token="0" * 64 * 1024)).status == 431
    for endless in (request("GET", ME, None, "X: " + "a" * 600_000), b"GET /" + b"a" * 600_000):
        assert {answer.status for answer in world.throw(endless)} <= {400, 414, 431}
