"""What both servers do alike."""

import asyncio
import contextlib
import json
import os
import resource
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.http.wire import acceptor
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


@pytest.mark.parametrize(
    ("fields", "ip", "scheme"),
    [
        (b"X-Real-IP: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n", "203.0.113.9", "https"),
        (b"X-Forwarded-For: 10.0.0.1, 203.0.113.9:4711\r\n", "203.0.113.9", "http"),
        (b"X-Forwarded-For: [2001:db8::9]:4711\r\n", "2001:db8::9", "http"),
        (
            b'Forwarded: for=10.0.0.1, for="[2001:db8::9]:4711";proto=https\r\n',
            "2001:db8::9",
            "https",
        ),
        (b"Forwarded: for=6.6.6.6\r\nX-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9", "http"),
        (b"Forwarded: for=_hidden\r\n", "127.0.0.1", "http"),
        (b"X-Forwarded-For: unknown\r\nForwarded: for=6.6.6.6\r\n", "127.0.0.1", "http"),
        (b"", "127.0.0.1", "http"),
    ],
)
async def test_the_proxy_says_where_a_request_comes_from(
    serve: Serve, fields: bytes, ip: str, scheme: str
) -> None:
    for wire in (True, False):
        served = await serve(wire=wire, xheaders=True)
        client = await served.connect()
        for said, told in ((fields, (ip, scheme)), (b"", ("127.0.0.1", "http"))):
            await client.say(b"GET /echo HTTP/1.1\r\nHost: x\r\n%b\r\n" % said)
            answer = json.loads((await client.hear())[2])
            assert (answer["ip"], answer["scheme"]) == told


async def test_no_one_is_believed_where_no_proxy_is(served: Served) -> None:
    client = await served.connect()
    await client.say(b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")
    assert json.loads((await client.hear())[2])["ip"] == "127.0.0.1"


async def test_a_full_house_lets_who_is_silent_go_and_serves_the_rest(serve: Serve) -> None:
    """Who was served is served on; who comes later waits, until silent ones have made room."""
    for wire in (True, False):
        served = await serve(wire=wire, most=8)
        first = await served.connect()
        await first.say(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await first.hear())[0] == 200
        silent = [await served.connect() for _ in range(20)]
        late = await served.connect()
        await late.say(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.3)
        assert served.server.connected == 8
        await first.say(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await first.hear())[0] == 200
        assert (await late.hear())[0] == 200
        assert await silent[0].rest() == b""


async def test_without_descriptors_it_waits_quietly_and_goes_on(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wire in (True, False):
        served = await serve(wire=wire)
        client = await served.connect()
        waiting = socket.socket()
        waiting.setblocking(False)
        resource.setrlimit(resource.RLIMIT_NOFILE, (waiting.fileno() + 1, hard))
        try:
            filled = list(_all_descriptors())
            waiting.connect_ex(("127.0.0.1", served.port))
            await asyncio.sleep(0.5)
            await client.say(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await client.hear())[0] == 200
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for one in filled:
            os.close(one)
        await asyncio.get_running_loop().sock_sendall(waiting, b"GET /echo HTTP/1.0\r\n\r\n")
        answer = await asyncio.get_running_loop().sock_recv(waiting, 100)
        assert answer.startswith(b"HTTP/1.1 200")
        waiting.close()
    assert len(caplog.records) == 2, "a line for each server"


def _all_descriptors() -> Iterator[int]:
    with contextlib.suppress(OSError):
        while True:
            yield os.open(os.devnull, os.O_RDONLY)


async def test_sealed_it_has_let_in_all_who_were_connected(serve: Serve) -> None:
    """Nobody who got a connection loses it when the listener closes, however many come."""
    for wire in (True, False):
        served = await serve(wire=wire)
        outcomes: Counter[str] = Counter()

        async def call(port: int, outcomes: Counter[str]) -> None:
            while not outcomes["refused"]:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.write(b"GET /echo HTTP/1.0\r\nHost: x\r\n\r\n")
                    whole = (await reader.read(-1)).startswith(b"HTTP/1.1 200")
                    writer.close()
                except ConnectionRefusedError:
                    outcomes["refused"] += 1
                    return
                except ConnectionError:
                    whole = False
                outcomes["answered" if whole else "cut off"] += 1

        callers = [asyncio.ensure_future(call(served.port, outcomes)) for _ in range(32)]
        while outcomes["answered"] <= 32:
            await asyncio.sleep(0.01)
        await served.server.acceptor.seal()
        served.server.stop()
        await asyncio.wait_for(asyncio.gather(*callers), 10)
        assert outcomes["cut off"] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of handshakes under way")
async def test_who_is_in_the_middle_of_a_handshake_when_it_is_sealed_is_let_in(
    serve: Serve,
) -> None:
    """As where a busy machine leaves the last packet of a handshake lying about."""
    for wire in (True, False):
        served = await serve(wire=wire)
        (listener,) = served.server.acceptor.sockets
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)  # it ends with a byte
        client = await served.connect()
        sealing = asyncio.ensure_future(served.server.acceptor.seal())
        done, _ = await asyncio.wait([sealing], timeout=0.2)
        assert not done
        await client.say(b"GET /echo HTTP/1.0\r\nHost: x\r\n\r\n")
        await sealing
        served.server.stop()
        assert (await client.hear())[0] == 200


async def test_a_machine_that_stalls_while_it_seals_cuts_nobody_off(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it takes on a quiet machine, some 20 ms, it may take many times over."""
    served = await serve()
    plugged, clients = acceptor._plugged, []

    async def stalled(one: socket.socket, *more: bool) -> bool:
        if clients:
            return await plugged(one, *more)
        clients.append(await served.connect())
        time.sleep(0.7)  # noqa: ASYNC251 nothing goes on meanwhile
        return False

    monkeypatch.setattr(acceptor, "_plugged", stalled)
    await served.server.acceptor.seal()
    served.server.stop()
    await clients[0].say(b"GET /echo HTTP/1.0\r\nHost: x\r\n\r\n")
    assert (await clients[0].hear())[0] == 200
