"""Bytes that disagree about where a request ends: no second request may hide in the first."""

import itertools
import random
from collections.abc import Callable

from service.settings import Settings
from tests.bad_input.wire import request
from tests.bad_input.words import accidents
from tests.bad_input.world import World

# What an attacker would like to be taken for a request of its own: it would make an account.
HIDDEN = b'{"username":"smuggled","email":"s@example.org","password":"correct horse"}'
SMUGGLED = request("POST", "/api/register/", HIDDEN)
MOST = Settings().max_body
HEAD = b"POST /api/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"

# Each leaves it open where the body ends; whoever reads on has to refuse all of it.
AMBIGUOUS = [
    b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"Content-Length: 0\r\nContent-Length: 4",
    b"Transfer-Encoding: chunked\r\nContent-Length: 0", b"Content-Length: 0, 4",
    b"Content-Length: -1", b"Content-Length: +0", b"Content-Length: 0x0", b"Content-Length: 0_0",
    b"Content-Length: 1e1", b"Content-Length: 0.0", b"Content-Length: \xd9\xa0",
    b"Content-Length: " + b"9" * 30, b"Content-Length: " + b"9" * 5000, b"Content-Length: 0 0",
    b"Content-Length: ", b"Content-Length: x", b'Content-Length: "0"', b"Content-Length: \xb2",
    b"Content-Length : 0", b"Content-Length\t: 0", b" Content-Length: 4", b"Content-Length 0",
    b"Content-Length: 4\r\n 0", b"Content-Length: \x0b0", b"Content-Length: 0\x00",
    b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: identity", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: x",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunkedx", b"Transfer-Encoding : chunked",
    b"Transfer-Encoding: \x0bchunked", b'Transfer-Encoding: "chunked"', b"Transfer-Encoding: ,",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding: chunk\0ed",
    b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 4", b"Transfer-Encoding: chunked;q=1",
    b"X: y\rTransfer-Encoding: chunked\r\nContent-Length: 0", b"\0: x\r\nContent-Length: 0",
    b"X: \0\r\nContent-Length: 0", b": x\r\nContent-Length: 0", b"X\r\nContent-Length: 0",
    b"X Y: z\r\nContent-Length: 0", b"X\xff: z\r\nContent-Length: 0", b"(X): z\r\nX-A: b",
]  # fmt: skip

# After `Transfer-Encoding: chunked`.
BAD_CHUNKS = [
    b"-1\r\n", b"+1\r\nx\r\n", b"0x1\r\nx\r\n", b"1_0\r\n" + b"x" * 16 + b"\r\n", b"g\r\n",
    b"\r\n", b"1;\0\r\nx\r\n", b"1\r\nxx\r\n", b"1\r\nx\n", b"2\r\nx\r\n0\r\n\r\n", b" 1\r\nx\r\n",
    b"1 \r\nx\r\n", b"\xb2\r\n", b"f" * 16 + b"\r\nx", b"f" * 100 + b"\r\nx", b"1" * 5000 + b"\r\n",
    b"1\rx\r\n", b"00000000000000000000001\r\nx", b"1;" + b"a" * 100_000 + b"\r\nx\r\n", b"0\r\nX",
    b"0\r\nTransfer-Encoding: chunked\r\n\r\n", b"0\r\n\0\r\n\r\n", b"80000000\r\nx", b"\xff\r\n",
]  # fmt: skip


def test_an_ambiguous_end_is_refused_and_the_connection_closed(world: World) -> None:
    bodies = b"0\r\n\r\n", b"", b"4\r\n{}{}\r\n0\r\n\r\n"
    both = itertools.product(AMBIGUOUS, bodies)
    raws = (HEAD + lines + b"\r\n\r\n" + body + SMUGGLED for lines, body in both)
    for raw, answers in world.throw_all(raws):
        assert [answer.status for answer in answers] in ([], [400], [413]), raw


def test_a_broken_chunk_is_refused_and_the_connection_closed(world: World) -> None:
    start = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    for raw, answers in world.throw_all(start + chunk + SMUGGLED for chunk in BAD_CHUNKS):
        assert [answer.status for answer in answers] in ([], [400]), raw


def test_chunks_are_put_together(world: World) -> None:
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in HIDDEN.replace(b"smuggled", b"ada"))
    head = HEAD.replace(b"login", b"register") + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = world.ask(head + pieces + b"0\r\n\r\n")
    assert (answer.status, answer.json["code"]) == (409, "username_taken")


def test_odd_ends_of_lines_do_no_harm(world: World) -> None:
    whole = HEAD + b"Content-Length: 0\r\n\r\n", request("GET", "/healthz")
    ends = b"\n", b"\r", b"\n\r", b"\r\r\n", b"\x0b\n", b"\x85"
    odd = itertools.product(whole, ends, (1, -1))  # the first of them, or all
    for raw, answers in world.throw_all(raw.replace(b"\r\n", *how) for raw, *how in odd):
        assert [answer.status for answer in answers] in ([], [200], [400]), raw


def test_a_body_of_a_read_is_not_the_next_request(world: World) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
        raw = request(method, "/api/me/", SMUGGLED, "Connection: close")
        assert len(world.throw(raw)) == 1


def test_a_body_too_large_is_refused_however_it_comes(world: World) -> None:
    large = b'{"slot": 1, "notes": "' + b"x" * 1_100_000 + b'"}'
    token, heads = world.tokens["ada"], []
    for method in ("POST", "OPTIONS", "GET", "DELETE"):
        counted = request(method, "/api/appointments/", large, token=token)
        assert world.ask(counted).status in (405, 413)
        head = request(
            method, "/api/appointments/", None, "Transfer-Encoding: chunked", token=token
        )
        heads.append(head)
        chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(large), large)
        assert {answer.status for answer in world.throw(head + chunk)} <= {204, 400, 405, 413}
    # The byte that is too much comes with the end.
    raws = (head + b"%x\r\n%s\r\n0\r\n\r\n" % (MOST + 1, b"x" * (MOST + 1)) for head in heads)
    for raw, answers in world.throw_all(raws):
        assert {answer.status for answer in answers} <= {400, 405, 413}, raw[:100]
    for length in (2**31, 2**63, 2**64, 10**18):
        raw = HEAD + b"Content-Length: %d\r\n\r\n{" % length
        assert {answer.status for answer in world.throw(raw)} <= {400, 413}


def test_pipelined_requests_are_answered_in_order(world: World) -> None:
    marks = [f"mark-{n}" for n in range(60)]
    paths = itertools.cycle(["/healthz", "/api/me/", "/api/slots/0/", "/api/slots/?limit=1"])
    raw = b"".join(
        request("GET", path, None, f"X-Request-ID: {mark}")
        for path, mark in zip(paths, marks, strict=False)
    )
    answers = world.throw(raw, len(marks))
    assert [answer.headers["x-request-id"] for answer in answers] == marks
    assert [answer.status for answer in answers[:4]] == [200, 401, 404, 200]


def test_a_client_that_leaves_early_leaves_nothing_behind(
    world: World, count: Callable[[float], int], chance: random.Random
) -> None:
    body = b'{"slot": %d}' % world.ids["taken"]
    whole = request("POST", "/api/appointments/", body, token=world.tokens["ada"])
    for _ in range(count(0.03)):
        world.wire.drop(whole[: chance.randrange(len(whole) + 1)])
    assert world.ask(whole).status == 409


def test_accidents_anywhere_in_a_request_do_no_harm(
    world: World, count: Callable[[float], int], chance: random.Random
) -> None:
    who = b'{"username": "nobody", "password": 12345678}'  # of a kind that nobody has to hash
    seeds = [
        request("POST", "/api/login/", who, "Connection: close"),
        request("GET", "/api/slots/?limit=2&status=free", None, "Connection: close"),
        HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ]
    for raw, answers in world.throw_all(itertools.islice(accidents(seeds, chance), count(0.1))):
        assert len(answers) <= 2, raw
