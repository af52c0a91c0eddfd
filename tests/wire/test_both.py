"""What both servers do alike."""

import json

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from tests.wire.conftest import BIG, Serve, Served

HOST = b"Host: x\r\n"
CHUNKED = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(params=[True, False], ids=["llhttp", "tornado"])
def served(request: pytest.FixtureRequest, serve: Serve, io_loop: AsyncIOLoop) -> Served:
    return io_loop.run_sync(lambda: serve(wire=request.param))


async def test_a_connection_is_kept_for_the_next_request(served: Served) -> None:
    client = await served.connect()
    for path in (b"/echo?1", b"/echo?2"):
        await client.say(b"GET %b HTTP/1.1\r\n%b\r\n" % (path, HOST))
        status, headers, body = await client.hear()
        assert (status, json.loads(body)["path"]) == (200, "/echo")
        assert "connection" not in headers


async def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    client = await served.connect()
    paths = [b"/slow", b"/echo", b"/slow", b"/pieces", b"/echo"]
    await client.say(b"".join(b"GET %b HTTP/1.1\r\n%b\r\n" % (path, HOST) for path in paths))
    bodies = [(await client.hear())[2] for _ in paths]
    assert [body[:4] for body in bodies] == [b"slow", b'{"me', b"slow", b"onet", b'{"me']


async def test_a_body_may_come_in_chunks_and_in_single_bytes(served: Served) -> None:
    client = await served.connect()
    request = (
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    )
    for byte in request:
        await client.say(bytes([byte]))
    _, _, body = await client.hear()
    assert json.loads(body)["body"] == "abcdefg"


async def test_who_waits_for_a_go_ahead_gets_it(served: Served) -> None:
    client = await served.connect()
    await client.say(
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    )
    assert (await client.hear())[0] == 100
    await client.say(b"hi")
    assert json.loads((await client.hear())[2])["body"] == "hi"


async def test_a_head_request_has_no_body(served: Served) -> None:
    client = await served.connect()
    await client.say(
        b"HEAD /slow HTTP/1.1\r\n" + HOST + b"\r\nGET /slow HTTP/1.1\r\n" + HOST + b"\r\n"
    )
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405")  # Slow has no head()
    await client.reader.readuntil(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("request_head", "kept"),
    [
        (b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", False),
        (b"GET /echo HTTP/1.0\r\nHost: x\r\n\r\n", False),
        (b"GET /echo HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", True),
    ],
)
async def test_the_client_says_whether_to_keep_the_connection(
    served: Served, request_head: bytes, kept: bool
) -> None:
    client = await served.connect()
    await client.say(request_head)
    status, headers, _ = await client.hear()
    assert status == 200
    if kept:
        assert headers["connection"].lower() == "keep-alive"
        await client.say(request_head)
        assert (await client.hear())[0] == 200
    else:
        assert await client.rest() == b""


async def test_a_large_answer_arrives_whole(served: Served) -> None:
    client = await served.connect()
    await client.say(b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n")
    assert (await client.hear())[2] == BIG


async def test_no_header_is_smuggled_into_an_answer(served: Served) -> None:
    client = await served.connect()
    await client.say(b"GET /broken HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    answer = await client.rest()
    assert b"X-Smuggled" not in answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /echo HTTP/1.1\r\n\r\n",  # no Host
        b"GARBAGE\r\n\r\n",
        b"GET /echo HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1_0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
        CHUNKED + b"1_0\r\na\r\n0\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\nBad\x00Name: x\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: x\r\n folded: x\r\n\r\n",
    ],
)
async def test_what_is_malformed_is_refused_and_the_connection_ends(
    served: Served, request_bytes: bytes
) -> None:
    client = await served.connect()
    await client.say(request_bytes + b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = await client.rest()
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1 ") == 1, "something behind a malformed request was answered"


async def test_the_proxy_says_where_a_request_comes_from(serve: Serve) -> None:
    for wire in (True, False):
        served = await serve(wire=wire, xheaders=True)
        client = await served.connect()
        await client.say(
            b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Real-IP: 203.0.113.9\r\n"
            b"X-Forwarded-Proto: https\r\n\r\n"
        )
        said = json.loads((await client.hear())[2])
        assert (said["ip"], said["scheme"]) == ("203.0.113.9", "https")
