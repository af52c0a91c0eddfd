"""The request line comes in pieces, with methods that nobody knows and targets of any bytes."""

import json

import pytest

from tests.wire.conftest import Serve

TAIL = b"Host: x\r\n\r\n"


@pytest.mark.parametrize("line", [b"GET /echo?a HTTP/1.1", b"GET /echo?\xe9\xff HTTP/1.1"])
async def test_a_line_may_come_in_pieces(serve: Serve, line: bytes) -> None:
    client = await (await serve()).connect()
    for _ in range(2):
        for byte in line + b"\r\n" + TAIL:
            await client.say(bytes([byte]))
        status, _, body = await client.hear()
        assert (status, json.loads(body)["method"]) == (200, "GET")


async def test_an_invented_method_is_refused_and_the_connection_kept(serve: Serve) -> None:
    client = await (await serve()).connect()
    await client.say(b"BREW /echo HTTP/1.1\r\nContent-Length: 3\r\n" + TAIL + b"abc")
    assert (await client.hear())[0] == 405
    await client.say(b"GET /echo HTTP/1.1\r\n" + TAIL)
    assert (await client.hear())[0] == 200


@pytest.mark.parametrize(
    "line", [b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b"GET /", b" GET / HTTP/1.1"]
)
async def test_spaces_are_single(serve: Serve, line: bytes) -> None:
    client = await (await serve()).connect()
    await client.say(line + b"\r\n" + TAIL)
    assert (await client.hear())[0] == 400
    assert await client.rest() == b""


async def test_a_line_without_an_end_is_cut_off(serve: Serve) -> None:
    client = await (await serve()).connect()
    for _ in range(30):
        await client.say(b"\xff" * 1000)
    assert (await client.hear())[0] in (400, 414)
