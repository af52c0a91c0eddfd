"""A small application on both servers, and a raw client to talk to it byte by byte.

served   serves the application; closed after the test
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from tornado import web
from tornado.netutil import bind_sockets
from tornado.platform.asyncio import AsyncIOLoop

from service.http.wire import TornadoServer, WireServer
from service.http.wire.limits import Limits

BIG = b"x" * (4 * 1024 * 1024)


class Echo(web.RequestHandler):
    """Says what it was asked."""

    def get(self) -> None:
        self.finish(
            {
                "method": self.request.method,
                "path": self.request.path,
                "ip": self.request.remote_ip,
                "scheme": self.request.protocol,
                "trailer": self.request.headers.get("X-Trailer", ""),
            }
        )

    def post(self) -> None:
        self.finish({"body": self.request.body.decode("latin-1"), "trailer": self._trailer()})

    def _trailer(self) -> str:
        return str(self.request.headers.get("X-Trailer", ""))


class Slow(web.RequestHandler):
    """Answers after a while."""

    async def get(self) -> None:
        await asyncio.sleep(0.05)
        self.finish("slow")


class Pieces(web.RequestHandler):
    """Answers in pieces, of a length it does not know."""

    async def get(self) -> None:
        for piece in ("one", "two", "three"):
            self.write(piece)
            await self.flush()


class Big(web.RequestHandler):
    """Answers with more than a socket holds."""

    def get(self) -> None:
        self.finish(BIG)


class Broken(web.RequestHandler):
    """Tries to smuggle a header."""

    def get(self) -> None:
        self._headers["X-Bad"] = "a\r\nX-Smuggled: b"
        self.finish("never")


ROUTES = [("/echo", Echo), ("/slow", Slow), ("/pieces", Pieces), ("/big", Big), ("/broken", Broken)]


class Client:
    """One connection, read and written as bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)).decode("latin-1")
        start, *lines = head.strip().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        status = int(start.split()[1])
        if headers.get("transfer-encoding") == "chunked":
            return status, headers, await self._chunks()
        size = int(headers.get("content-length", 0))
        return status, headers, await asyncio.wait_for(self.reader.readexactly(size), 5)

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await asyncio.wait_for(self.reader.readuntil(b"\r\n"), 5), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)
        return body

    async def rest(self) -> bytes:
        """All that still comes until the server closes."""
        return await asyncio.wait_for(self.reader.read(-1), 5)


class Served:
    """A running server."""

    def __init__(self, server: Any, port: int) -> None:
        self.server, self.port = server, port
        self.clients: list[Client] = []

    async def connect(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        return client


Serve = Callable[..., Awaitable[Served]]


@pytest.fixture
def serve(io_loop: AsyncIOLoop) -> Iterator[Serve]:
    """Starts a server: serve() the one on llhttp, serve(wire=False) the one of Tornado."""
    started: list[Served] = []

    async def start(
        *, wire: bool = True, xheaders: bool = False, most: int | None = None, **limits: Any
    ) -> Served:
        sockets = bind_sockets(0, "127.0.0.1")
        routes = web.Application(ROUTES, log_function=lambda _: None)
        server: Any
        if wire:
            server = WireServer(
                routes, _problem, limits=Limits(**limits), xheaders=xheaders, most=most
            )
        else:
            server = TornadoServer(routes, xheaders=xheaders, most=most)
        server.add_sockets(sockets)
        started.append(Served(server, sockets[0].getsockname()[1]))
        await asyncio.sleep(0.01)
        return started[-1]

    async def stop(served: Served) -> None:
        for client in served.clients:
            client.writer.close()
        served.server.stop()
        await served.server.close_all_connections()
        await asyncio.sleep(0.01)

    yield start
    for served in started:
        io_loop.run_sync(functools.partial(stop, served))


def _problem(status: int) -> tuple[dict[str, str], bytes]:
    return {"Content-Type": "application/problem+json"}, b'{"status":%d}' % status
