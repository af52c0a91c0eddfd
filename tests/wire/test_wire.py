"""What service/http/wire promises beyond: limits in size and time, order, an orderly end."""

import asyncio
import json

import pytest

from tests.wire.conftest import BIG, Serve, Served

HOST = b"Host: x\r\n"
GET = b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 40000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X%d: a\r\n" % n for n in range(9000)), 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 400000, 431),  # a line without an end
    ],
)
async def test_what_is_too_large_is_told_so(
    serve: Serve, request_bytes: bytes, status: int
) -> None:
    client = await (await serve()).connect()
    await client.say(request_bytes)
    answered, headers, body = await client.hear()
    assert (answered, json.loads(body)) == (status, {"status": status})
    assert headers["connection"] == "close"
    assert await client.rest() == b""


async def test_what_came_before_a_malformed_request_is_answered_first(serve: Serve) -> None:
    client = await (await serve()).connect()
    await client.say(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n" + GET + b"\x16\x03nonsense\r\n\r\n")
    assert [(await client.hear())[0] for _ in range(3)] == [200, 200, 400]
    assert await client.rest() == b""


async def test_half_a_body_never_reaches_the_application(serve: Serve) -> None:
    client = await (await serve()).connect()
    await client.say(b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
    await client.say(b"3\r\nabc\r\nzz\r\n")
    assert (await client.hear())[0] == 400


async def test_a_trailer_is_not_a_header(serve: Serve) -> None:
    client = await (await serve()).connect()
    await client.say(
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
        b"1\r\na\r\n0\r\nX-Trailer: sneaky\r\n\r\n"
    )
    assert json.loads((await client.hear())[2]) == {"body": "a", "trailer": ""}


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),  # idle: closed without a word
        (b"GET /echo HTTP/1.1\r\nHos", b"HTTP/1.1 408"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", b"HTTP/1.1 408"),
    ],
)
async def test_who_is_too_slow_is_let_go(serve: Serve, sent: bytes, answer: bytes) -> None:
    served = await serve(idle_time=0.1, head_time=0.1, body_time=0.1)
    client = await served.connect()
    await client.say(sent)
    try:
        heard = await client.rest()
    except ConnectionResetError:
        heard = b""
    assert heard.startswith(answer)
    client.writer.close()
    await let_go(served)


async def let_go(served: Served) -> None:
    """Wait until nobody is connected any more; the sweeper looks once a second."""
    async with asyncio.timeout(10):
        while served.server.connections:
            await asyncio.sleep(0.02)


async def test_who_was_refused_and_never_leaves_is_let_go(serve: Serve) -> None:
    served = await serve(linger_time=0.1)
    client = await served.connect()
    await client.say(b"nonsense\r\n\r\n")
    assert (await client.hear())[0] == 400
    await let_go(served)


async def test_a_head_that_trickles_in_gains_no_time(serve: Serve) -> None:
    client = await (await serve(head_time=0.3)).connect()
    started = asyncio.get_running_loop().time()
    heard = asyncio.ensure_future(client.hear())
    for byte in b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100:
        if heard.done():
            break
        await client.say(bytes([byte]))
        await asyncio.sleep(0.05)
    assert (await heard)[0] == 408
    assert asyncio.get_running_loop().time() - started < 3


async def test_who_does_not_read_holds_up_nobody_and_costs_little(serve: Serve) -> None:
    served = await serve()
    greedy = await served.connect()
    await greedy.say(b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n" * 1)
    for _ in range(20):
        await greedy.say(b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n")
    await asyncio.sleep(0.2)
    (connection,) = served.server.connections
    assert connection._transport.get_write_buffer_size() < 2 * 4 * 1024 * 1024
    polite = await served.connect()
    await polite.say(GET)
    assert (await polite.hear())[0] == 200


async def test_a_thousand_pipelined_requests_are_all_answered(serve: Serve) -> None:
    client = await (await serve()).connect()
    sending = asyncio.ensure_future(client.say(GET * 1000))
    for _ in range(1000):
        assert (await client.hear())[0] == 200
    await sending


async def test_a_client_that_stops_sending_still_gets_its_answer(serve: Serve) -> None:
    client = await (await serve()).connect()
    await client.say(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n")
    client.writer.write_eof()
    assert (await client.hear())[2] == b"slow"
    assert await client.rest() == b""


UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEA\r\n"


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
    ids=["sized", "chunked"],
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_an_offer_of_an_upgrade_costs_neither_the_body_nor_the_connection(
    serve: Serve, framed: bytes, at_once: bool
) -> None:
    client = await (await serve()).connect()
    request = b"POST /echo HTTP/1.1\r\n" + HOST + UPGRADE + framed
    bare = b"GET /echo HTTP/1.1\r\n" + HOST + UPGRADE + b"\r\n"
    for piece in [request * 2 + bare + GET] if at_once else [request, request, bare, GET]:
        await client.say(piece)
    for _ in range(2):
        assert json.loads((await client.hear())[2])["body"] == "hello"
    assert [(await client.hear())[0] for _ in range(2)] == [200, 200]


async def test_a_body_that_follows_an_offer_byte_by_byte_is_whole(serve: Serve) -> None:
    client = await (await serve()).connect()
    request = b"POST /echo HTTP/1.1\r\n" + HOST + UPGRADE + b"Content-Length: 5\r\n\r\nhello"
    for byte in request:
        await client.say(bytes([byte]))
    assert json.loads((await client.hear())[2])["body"] == "hello"


async def test_of_those_who_read_nothing_the_first_goes_when_answers_take_too_much_room(
    serve: Serve,
) -> None:
    served = await serve(unread=3 * len(BIG))
    greedy = [await served.connect() for _ in range(6)]
    for client in greedy:
        await client.say(b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n")
        await asyncio.sleep(0.02)
    assert sum(one.unread for one in served.server.connections) <= 3 * len(BIG)
    assert len(served.server.connections) >= 3
    assert (await greedy[-1].hear())[2] == BIG


async def test_who_reads_slowly_is_served_to_the_end_and_who_stops_is_not(serve: Serve) -> None:
    served = await serve(write_time=2.0)
    slow, stuck = [await served.connect() for _ in range(2)]
    for client in (slow, stuck):
        await client.say(b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n")
    got = 0
    while len(served.server.connections) > 1:
        got += len(await asyncio.wait_for(slow.reader.read(50_000), 5))
        await asyncio.sleep(0.25)
    assert got < len(BIG), "it still reads"
    while got < len(BIG):
        got += len(await asyncio.wait_for(slow.reader.read(100_000), 5))


async def test_while_answers_wait_to_be_read_nothing_more_is_read_from_the_client(
    serve: Serve,
) -> None:
    served = await serve()
    client = await served.connect()
    await client.say(b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n")
    await asyncio.sleep(0.05)
    client.writer.write(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 50000000\r\n\r\n")
    client.writer.write(bytes(50_000_000))
    await asyncio.sleep(0.3)
    (connection,) = served.server.connections
    assert connection.body < 1_000_000


async def test_of_bodies_that_never_end_the_oldest_is_refused_when_all_take_too_much_room(
    serve: Serve,
) -> None:
    served = await serve(unfinished=250_000)
    clients = [await served.connect() for _ in range(4)]
    for client in clients:
        await client.say(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 100001\r\n\r\n")
        await client.say(bytes(100_000))
        await asyncio.sleep(0.02)
    assert [(await client.hear())[0] for client in clients[:2]] == [408, 408]
    await clients[3].say(b"!")
    assert (await clients[3].hear())[0] == 200


async def test_stopping_lets_what_is_under_way_finish(serve: Serve) -> None:
    served = await serve()
    busy, idle = await served.connect(), await served.connect()
    await idle.say(GET)
    await idle.hear()
    await busy.say(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n")
    await asyncio.sleep(0.01)
    served.server.stop()
    with pytest.raises(ConnectionRefusedError):
        await served.connect()
    status, _, body = await busy.hear()
    assert (status, body) == (200, b"slow")
    await idle.say(GET)
    assert (await idle.hear())[0] == 200
    await served.server.close_all_connections()
    assert await idle.rest() == await busy.rest() == b""
