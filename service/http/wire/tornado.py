"""Tornado's own HTTP server, which lets clients in and makes them go as the one on llhttp does."""

import asyncio
import socket
from collections.abc import Awaitable, Sequence
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream

from service.http.borrowed import Server
from service.http.wire.acceptor import Acceptor, Idle, idlest
from service.http.wire.context import Context
from service.http.wire.descriptors import for_clients
from service.values.address import plain


class TornadoServer(Server):
    """HTTPServer with an Acceptor of ours, and our reading of what a proxy says."""

    def initialize(  # type: ignore[override]
        self, application: Any, *, xheaders: bool = False, most: int | None = None, **more: Any
    ) -> None:
        super().initialize(application, **more)
        self._behind_proxy = xheaders
        self._waiting: dict[object, Idle] = {}  # connections on which nothing is being answered
        self._served: set[object] = set()
        self._loop = asyncio.get_running_loop()
        self.acceptor = Acceptor(self, most or for_clients())

    def add_sockets(self, sockets: Sequence[socket.socket]) -> None:  # type: ignore[override]
        """Accept on sockets that listen."""
        self.acceptor.add(sockets)

    def stop(self) -> None:
        """Accept no more; whoever is connected is served on."""
        self.acceptor.stop()

    # For the acceptor

    def take(self, client: socket.socket, address: Any) -> None:
        """Serve one more client."""
        stream = IOStream(
            client, max_buffer_size=self.max_buffer_size, read_chunk_size=self.read_chunk_size
        )
        self.handle_stream(stream, address)

    def shed(self, number: int) -> int:
        """Close so many of those that do nothing; says how many there were."""
        chosen = idlest(number, self._waiting.items(), self._loop.time())
        for connection in chosen:
            connection.stream.close()
        return len(chosen)

    # For Tornado

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Wait for the next request of a connection."""
        served = server_conn in self._served
        self._waiting[server_conn] = Idle(served, self._loop.time())
        return _Heard(self, server_conn, request_conn)

    def heard(self, server_conn: object, request_conn: Any, headers: HTTPHeaders) -> None:
        """The head of a request is here."""
        self._waiting.pop(server_conn, None)
        self._served.add(server_conn)
        peer = request_conn.context
        context = Context(plain(peer.remote_ip) or peer.remote_ip, peer.protocol)
        request_conn.context = context.behind_proxy(headers) if self._behind_proxy else context

    def on_close(self, server_conn: object) -> None:
        self._waiting.pop(server_conn, None)
        self._served.discard(server_conn)
        super().on_close(server_conn)


class _Heard(HTTPMessageDelegate):
    """Hands a request on, and tells the server that there is one."""

    def __init__(
        self, server: TornadoServer, server_conn: object, request_conn: HTTPConnection
    ) -> None:
        self._server, self._server_conn, self._request_conn = server, server_conn, request_conn
        self._delegate = HTTPServer.start_request(server, server_conn, request_conn)

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        self._server.heard(self._server_conn, self._request_conn, headers)
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()
