"""senders/http.py: where it goes, how long it waits, how much it takes."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from service.senders.http import Addresses, Client, Unsent
from tests.unit.senders import certificates

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
MOST = 1000


@contextlib.asynccontextmanager
async def listening(
    talk: Talk, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A server that talks to whoever comes; its port."""
    talking: set[asyncio.Task[None]] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.transport.close()

    server = await asyncio.start_server(met, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking)


def saying(*parts: bytes, every: float = 0.0, for_ever: bool = False) -> Talk:
    """Reads a request's head and says these things, the last again and again if asked to."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(every)
        while for_ever:
            writer.write(parts[-1])
            await writer.drain()
            await asyncio.sleep(every)

    return talk


async def unsent(client: Client, url: str) -> Unsent:
    with pytest.raises(Unsent) as caught:
        await client.send("POST", url, {}, b"{}", most=MOST)
    return caught.value


@pytest.fixture
def client() -> Client:
    return Client(private=True, seconds=10.0)


async def test_a_request_says_what_it_was_given_and_hears_the_answer(client: Client) -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        heard.append(await reader.readexactly(7))
        writer.write(b"HTTP/1.1 201 Made\r\nX-One: 1\r\nContent-Length: 2\r\n\r\nok")

    async with listening(talk) as port:
        url = f"http://127.0.0.1:{port}/in?a=b"
        answer = await client.send("POST", url, {"X-Two": "2"}, b'{"a":1}', most=MOST)
    assert answer == (201, {"x-one": "1", "content-length": "2"}, b"ok", False)
    head = heard[0].decode().split("\r\n")
    assert head[0] == "POST /in?a=b HTTP/1.1"
    assert {f"Host: 127.0.0.1:{port}", "X-Two: 2", "Content-Length: 7"} <= set(head)
    assert heard[1] == b'{"a":1}'


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"ab"),
        (b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 500 No\r\n\r\n", b"x"),
    ],
)  # fmt: skip
async def test_an_answer_ends_in_each_of_the_ways_there_are(
    client: Client, said: bytes, body: bytes
) -> None:
    async with listening(saying(*(said[at : at + 1] for at in range(len(said))))) as port:
        answer = await client.send("GET", f"http://127.0.0.1:{port}/", {}, most=MOST)
    assert (answer.status in (200, 204), answer.body, answer.cut) == (True, body, False)
    assert "link" not in answer.headers


async def test_a_redirect_is_an_answer_like_any_other(client: Client) -> None:
    said = b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with listening(saying(said)) as port:
        answer = await client.send("POST", f"http://127.0.0.1:{port}/", {}, b"{}", most=MOST)
    assert answer.status == 301


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2540be400\r\n",
    ],
)
async def test_ten_gigabytes_are_cut_and_what_was_said_before_counts(
    client: Client, head: bytes
) -> None:
    async with listening(saying(head, b"x" * 65536, for_ever=True)) as port:
        answer = await client.send("POST", f"http://127.0.0.1:{port}/", {}, b"{}", most=MOST)
    assert (answer.status, answer.body, answer.cut) == (200, b"x" * MOST, True)


@pytest.mark.parametrize(
    "talk",
    [
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", b"x", every=0.05, for_ever=True),
        saying(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", every=0.05, for_ever=True),
        saying(b"", every=30.0),
    ],
)
async def test_a_slow_drip_is_cut_when_its_time_is_over(talk: Talk) -> None:
    client = Client(private=True, seconds=0.5)
    began = time.monotonic()
    async with listening(talk) as port:
        error = await unsent(client, f"http://127.0.0.1:{port}/")
        assert error.kind == "timeout"
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "said",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"],
)
async def test_an_answer_that_ends_too_early_is_none(client: Client, said: bytes) -> None:
    async with listening(saying(said)) as port:
        assert (await unsent(client, f"http://127.0.0.1:{port}/")).kind == "closed"


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 101 Up\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000,
    ],
)
async def test_what_is_no_answer_is_told_from_one(client: Client, said: bytes) -> None:
    async with listening(saying(said, every=0.5)) as port:
        assert (await unsent(client, f"http://127.0.0.1:{port}/")).kind == "malformed"


async def test_where_nobody_listens_nothing_is_waited_for(client: Client) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        error = await unsent(client, f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert error.kind == "unreachable"


async def test_a_connection_that_is_not_taken_is_given_up() -> None:
    client = Client(private=True, seconds=10.0, connect=0.3)
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(full.getsockname())
        began = time.monotonic()
        error = await unsent(client, f"http://127.0.0.1:{full.getsockname()[1]}/")
    assert error.kind == "timeout"
    assert time.monotonic() - began < 5


LOOPBACK = [
    "127.0.0.1", "localhost", "LOCALHOST", "127.1", "0", "0.0.0.0", "2130706433", "0x7f000001",
    "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]",
    "\uff11\uff12\uff17.0.0.1", "user@127.0.0.1", "example.org@127.0.0.1",
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",
    "127.0.0.1.", "[fe80::1%25lo]",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
async def test_no_spelling_of_loopback_gets_through(host: str) -> None:
    came: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(1)

    async with listening(talk) as port:
        error = await unsent(Client(), f"http://{host}:{port}/")
    assert error.kind in ("refused", "unresolved")
    assert came == []


class Fickle:
    """A name whose address is another one each time it is asked for."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Addresses:
        self.asked += 1
        return [(socket.AF_INET, (one, port)) for one in self.answers.pop(0)]


async def test_the_address_that_was_checked_is_the_one_connected() -> None:
    """A second question would be answered with another address, on which nobody listens."""
    name = Fickle(["127.0.0.9"], ["127.0.0.1"])
    client = Client(private=True, lookup=name)
    async with listening(saying(b"HTTP/1.1 200 OK\r\n\r\n"), host="127.0.0.9") as port:
        answer = await client.send("GET", f"http://fickle.example:{port}/", {}, most=MOST)
    assert (answer.status, name.asked) == (200, 1)


async def test_a_name_that_answers_public_first_is_refused_when_it_turns() -> None:
    name = Fickle(["8.8.8.8", "127.0.0.1"], ["127.0.0.1"])
    client = Client(lookup=name)
    for _ in range(2):
        assert (await unsent(client, "http://fickle.example:9/")).kind == "refused"


async def test_a_name_that_is_none_is_told() -> None:
    for host in ("nobody.invalid", "a..b", f"{'a' * 70}.example"):
        assert (await unsent(Client(), f"http://{host}/")).kind == "unresolved"


async def test_tls_is_spoken_with_who_has_the_name_and_with_nobody_else(tmp_path: Path) -> None:
    ours, theirs = certificates.pair(tmp_path, "localhost")
    client = Client(private=True, tls=theirs)
    async with listening(saying(b"HTTP/1.1 200 OK\r\n\r\nhidden"), tls=ours) as port:
        answer = await client.send("GET", f"https://localhost:{port}/", {}, most=MOST)
        assert answer.body == b"hidden"
        assert (await unsent(client, f"https://127.0.0.1:{port}/")).kind == "tls"
        assert (await unsent(Client(private=True), f"https://localhost:{port}/")).kind == "tls"


async def test_who_does_not_speak_tls_is_told(client: Client) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with listening(plain) as port:
        assert (await unsent(client, f"https://localhost:{port}/")).kind == "tls"
