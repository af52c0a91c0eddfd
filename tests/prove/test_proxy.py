"""The proxy: hands on every byte, and makes exactly the trouble it was asked for."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from tests.prove.proxy import Proxy
from tests.prove.relay import relayed
from tests.prove.servers import HOST


class Echo:
    """A server on a unix socket that answers each line, and remembers them."""

    def __init__(self, path: Path) -> None:
        self.path, self.heard = str(path), b""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                self.heard += data
                writer.write(data.upper())
        writer.close()


class Line:
    """A client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, words: bytes) -> None:
        self.writer.write(words)
        await self.writer.drain()

    async def hear(self, size: int, seconds: float = 2.0) -> bytes:
        """So many bytes, or what came until the line broke or the time was over."""
        found = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(seconds):
                while len(found) < size and (more := await self.reader.read(size - len(found))):
                    found += more
        return found

    async def ended(self) -> bool:
        """Whether the line has broken."""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(2.0):
                return not await self.reader.read(1)
        return True


@contextlib.asynccontextmanager
async def between(folder: Path) -> AsyncIterator[tuple[Echo, Proxy]]:
    """An echo and the proxy in front of it."""
    echo = Echo(folder / "echo.sock")
    server = await asyncio.start_unix_server(echo.talk, echo.path)
    proxy = await Proxy.listening(echo.path)
    try:
        yield echo, proxy
    finally:
        proxy.close()
        server.close()


Connect = Callable[[int], Awaitable[Line]]


@pytest.fixture
def line_to(io_loop: AsyncIOLoop) -> Iterator[Connect]:
    """Opens lines to a port; all are closed afterwards."""
    lines: list[Line] = []

    async def connect(port: int) -> Line:
        lines.append(Line(*await asyncio.open_connection(HOST, port)))
        return lines[-1]

    async def close() -> None:
        for line in lines:
            line.writer.close()
            with contextlib.suppress(ConnectionError):
                await line.writer.wait_closed()

    yield connect
    io_loop.run_sync(close)


async def test_every_byte_passes_in_order(tmp_path: Path, line_to: Connect) -> None:
    async with between(tmp_path) as (echo, proxy):
        line = await line_to(proxy.port)
        words = b"".join(b"%07d\n" % number for number in range(200_000))
        heard, _ = await asyncio.gather(line.hear(len(words), 10), line.say(words))
        assert heard == echo.heard == words
        line.writer.close()
        await asyncio.sleep(0.05)
        assert not proxy.pairs, "an ended connection was kept"


@pytest.mark.parametrize("direction", ["to_server", "to_client"])
async def test_what_is_frozen_passes_after_the_thaw(
    tmp_path: Path, line_to: Connect, direction: str
) -> None:
    async with between(tmp_path) as (echo, proxy):
        line = await line_to(proxy.port)
        await proxy.arm("frozen", **{direction: True})
        await line.say(b"one")
        fresh = await line_to(proxy.port)  # as when packets are dropped: it connects, no more
        await fresh.say(b"two")
        assert await line.hear(1, 0.1) == b""
        assert sorted(echo.heard) == (sorted(b"onetwo") if direction == "to_client" else [])
        assert (await proxy.disarm())["held"] >= 1
        assert (await line.hear(3), await fresh.hear(3)) == (b"ONE", b"TWO")


@pytest.mark.parametrize("direction", ["to_server", "to_client"])
async def test_what_is_delayed_arrives_late_and_in_order(
    tmp_path: Path, line_to: Connect, direction: str
) -> None:
    async with between(tmp_path) as (_, proxy):
        line = await line_to(proxy.port)
        await line.say(b"a")
        assert await line.hear(1) == b"A"
        await proxy.arm("delayed", seconds=0.15, **{direction: True})
        began = time.monotonic()
        for word in (b"b", b"c", b"d"):
            await line.say(word)
            await asyncio.sleep(0.02)
        assert await line.hear(3) == b"BCD"
        assert time.monotonic() - began >= 0.15
        assert (await proxy.disarm())["delayed"] >= 1


async def test_a_swallowed_answer_is_lost_although_the_request_arrived(
    tmp_path: Path, line_to: Connect
) -> None:
    async with between(tmp_path) as (echo, proxy):
        line, other = await line_to(proxy.port), await line_to(proxy.port)
        await proxy.arm("swallowed", pattern="COMMIT", times=1)
        await other.say(b"select")
        assert await other.hear(6) == b"SELECT"
        await line.say(b"COMMIT")
        assert await line.ended()
        assert echo.heard.endswith(b"COMMIT")
        await other.say(b"COMMIT")  # once was enough
        assert await other.hear(6) == b"COMMIT"
        assert await proxy.disarm() == {"swallowed": 1}


@pytest.mark.parametrize("asked", [True, False])
async def test_a_torn_message_breaks_off_in_the_middle(
    tmp_path: Path, line_to: Connect, asked: bool
) -> None:
    async with between(tmp_path) as (echo, proxy):
        line = await line_to(proxy.port)
        await proxy.arm("torn", pattern="COMMIT", asked=asked, times=1)
        await line.say(b"COMMIT")
        heard = await line.hear(6)
        assert heard in ((b"", b"COM") if asked else (b"COM",))
        assert echo.heard == (b"COM" if asked else b"COMMIT")
        assert await proxy.disarm() == {"torn": 1}


async def test_a_cut_resets_and_a_refusal_lasts_until_the_same_port_accepts(
    tmp_path: Path, line_to: Connect
) -> None:
    async with between(tmp_path) as (_, proxy):
        line = await line_to(proxy.port)
        await line.say(b"x")
        assert await line.hear(1) == b"X"
        await proxy.refuse()
        assert await proxy.cut() == 1
        with pytest.raises(ConnectionResetError):
            await line.reader.read(1)
        with pytest.raises(ConnectionRefusedError):
            await line_to(proxy.port)
        await proxy.accept()
        again = await line_to(proxy.port)
        await again.say(b"y")
        assert await again.hear(1) == b"Y"


async def test_without_a_server_a_connection_ends(tmp_path: Path, line_to: Connect) -> None:
    proxy = await Proxy.listening(str(tmp_path / "nobody.sock"))
    assert await (await line_to(proxy.port)).ended()
    proxy.close()


async def test_in_a_process_of_their_own_they_do_the_same(tmp_path: Path, line_to: Connect) -> None:
    echo = Echo(tmp_path / "echo.sock")
    server = await asyncio.start_unix_server(echo.talk, echo.path)
    async with relayed(echo.path) as (way,):
        line = await line_to(way.port)
        await way.arm("swallowed", pattern="COMMIT", times=1)
        await line.say(b"COMMIT")
        assert await line.ended()
        assert await way.disarm() == {"swallowed": 1}
        again = await line_to(way.port)
        await again.say(b"y")
        assert await again.hear(1) == b"Y"
        assert await way.cut() == 1
    server.close()
