"""The driver against a server of a few lines: what it counts is what happened."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

from tests.load.driver import Driver
from tests.load.recorder import Recorder
from tests.load.wire import CUT, Request, length, message

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Answer = Callable[[int, asyncio.StreamWriter], Awaitable[None]]


class Asking:
    """As many requests as there are, and the statuses of their answers."""

    def __init__(self, count: int = 1_000_000) -> None:
        self.left = count
        self.statuses: Counter[int] = Counter()

    def next(self) -> Request | None:
        self.left -= 1
        return Request(message("GET", "/"), "get") if self.left >= 0 else None

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        self.statuses[status] += 1


@contextlib.asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[str, int]]:
    """A server that answers its n-th request by this."""
    count = 0

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                count += 1
                await answer(count, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()


async def drive(
    answer: Answer,
    asking: Asking,
    *,
    rate: float | None = None,
    seconds: float = 5.0,
    polite: bool = False,
) -> Recorder:
    """Run a driver over two connections and return what it recorded."""
    async with serving(answer) as address:
        driver = Driver(address, asking, connections=2, rate=rate, polite=polite)
        await driver.open()
        now = asyncio.get_running_loop().time()
        recorder = Recorder(now, seconds)
        await driver.run(recorder, now + seconds)
        driver.close()
        await asyncio.sleep(0.01)
    return recorder


async def test_a_closed_loop_asks_until_there_is_nothing_to_ask() -> None:
    async def answer(count: int, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)

    asking = Asking(50)
    recorder = await drive(answer, asking)
    assert asking.statuses == {200: 50}
    assert {key: len(values) for key, values in recorder.total().items()} == {("get", 200): 50}


async def test_an_answer_may_come_in_pieces() -> None:
    async def answer(count: int, writer: asyncio.StreamWriter) -> None:
        for piece in (b"HTTP/1.1 404 No\r\ncontent-le", b"ngth: 4\r\n\r\nab", b"cd"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002)

    asking = Asking(4)
    await drive(answer, asking)
    assert asking.statuses == {404: 4}


async def test_a_cut_connection_is_counted_and_replaced() -> None:
    async def answer(count: int, writer: asyncio.StreamWriter) -> None:
        if count % 3 == 0:
            writer.transport.abort()
            raise ConnectionError
        writer.write(OK)

    asking = Asking(30)
    await drive(answer, asking)
    assert asking.statuses == {200: 20, CUT: 10}


async def test_a_polite_one_comes_back_when_it_was_told_to() -> None:
    async def answer(count: int, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}")

    impolite, polite = Asking(), Asking()
    await drive(answer, impolite, seconds=0.5)
    assert impolite.statuses[503] > 100
    await drive(answer, polite, seconds=1.5, polite=True)
    assert polite.statuses == {503: 4}  # two connections, each of them twice


async def test_an_open_loop_hides_no_stall() -> None:
    """One answer that takes long delays all that were due meanwhile, and each of them shows it."""

    async def answer(count: int, writer: asyncio.StreamWriter) -> None:
        if count in (20, 21):  # both connections
            await asyncio.sleep(0.3)
        writer.write(OK)

    asking = Asking()
    recorder = await drive(answer, asking, rate=200, seconds=0.8)
    latencies = recorder.total()["get", 200]
    assert sum(asking.statuses.values()) == 160
    late = [one for one in latencies if one > 0.05]
    assert len(late) >= 40  # a closed loop would have seen two
    assert max(late) >= 0.29


def test_the_length_is_found_however_it_is_written() -> None:
    for name in (b"Content-Length", b"content-length", b"CONTENT-LENGTH"):
        head = b"HTTP/1.1 200 OK\r\nA: b\r\n" + name + b": 17"
        assert length(head + b"\r\n\r\n", len(head)) == 17
