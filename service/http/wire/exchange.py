"""One request and its answer, as Tornado's Application sees a connection."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)

from service.http.wire.context import Context

if TYPE_CHECKING:
    from service.http.wire.connection import Connection

NO_BODY = frozenset({204, 304})


class Exchange(HTTPConnection):
    """Takes a request piece by piece, hands it to the application, writes what that answers."""

    bounded = True  # nobody else need measure the head

    __slots__ = (
        "_buffer",
        "_chunked",
        "_connection",
        "_delegate",
        "_headers",
        "_on_close",
        "_start_line",
        "answered",
        "complete",
        "context",
        "endless",
        "gone",
        "keep_alive",
        "refused",
        "started",
    )

    def __init__(
        self,
        connection: "Connection",
        start_line: RequestStartLine,
        headers: HTTPHeaders,
        context: Context,
        keep_alive: bool,
    ) -> None:
        self._connection = connection
        self._start_line, self._headers, self.context = start_line, headers, context
        self.keep_alive = keep_alive
        self.complete = False  # the request has been read to its end
        self.started = False  # its turn has come
        self.answered = False
        self.endless = False  # the answer goes on for as long as the client is there
        self.gone = False  # nobody hears an answer any more
        self.refused = 0  # the status, if it never reaches the application
        self._delegate: HTTPMessageDelegate | None = None
        self._buffer: list[bytes] = []
        self._on_close: Callable[[], None] | None = None
        self._chunked = False

    # The request, from the connection

    def start(self) -> None:
        """Hand over what has come so far: it is this exchange's turn."""
        self.started = True
        if self.refused:
            self._connection.refuse(self, self.refused)
            return
        delegate = self._connection.application.start_request(self._connection, self)
        try:
            # Our handlers take a body at any time, before they are prepared, too.
            prepared = delegate.headers_received(self._start_line, self._headers)
        except HTTPInputError:
            self._connection.refuse(self, 400)
            return
        self._delegate = delegate
        if self._headers.get("Expect", "").lower() == "100-continue":
            if isinstance(prepared, asyncio.Future):
                prepared.add_done_callback(self._invite)
            else:
                self._invite()
        for chunk in self._buffer:
            delegate.data_received(chunk)
        self._buffer.clear()
        if self.complete:
            delegate.finish()

    def _invite(self, _: object = None) -> None:
        """Ask for the body that waits for a word, unless the head was answered with the last."""
        waits = not self.complete and self._start_line.version == "HTTP/1.1"
        if waits and not self.answered and not self.gone:
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def feed(self, chunk: bytes) -> None:
        """A piece of the body; what comes after the answer is thrown away."""
        if self.answered:
            return
        if self._delegate is None:
            self._buffer.append(chunk)
        else:
            self._delegate.data_received(chunk)

    def end(self) -> None:
        """The request has been read to its end."""
        self.complete = True
        if self._delegate is not None and not self.answered:
            self._delegate.finish()

    def lost(self) -> None:
        """The client has gone, or its request turned out to be broken."""
        self.gone = True
        self._buffer.clear()
        if self._delegate is not None and not self.complete:
            self._delegate.on_connection_close()
        elif self._on_close is not None:
            self._on_close()
        self._on_close = self._delegate = None  # both lead back here

    # The answer, from the application

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Call this when the client goes before it is answered."""
        self._on_close = callback

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
    ) -> "asyncio.Future[None]":
        """Write the head of the answer, and the first piece of its body."""
        assert isinstance(start_line, ResponseStartLine)
        sent = [f"HTTP/1.1 {start_line.code} {start_line.reason}"]
        sent += [f"{name}: {value}" for name, value in headers.get_all()]
        if headers.get("Connection", "").lower() == "close":
            self.keep_alive = False
        elif not self.keep_alive:
            sent.append("Connection: close")
        elif self._start_line.version == "HTTP/1.0":
            sent.append("Connection: keep-alive")
        bodiless = start_line.code in NO_BODY or self._start_line.method == "HEAD"
        if "Content-Length" not in headers and not bodiless:
            if self._start_line.version == "HTTP/1.1":
                self._chunked = True
                sent.append("Transfer-Encoding: chunked")
            else:
                self.keep_alive = False  # the end of the connection is the end of the body
        head = "\r\n".join(sent)
        breaks = len(sent) - 1
        if head.count("\n") != breaks or head.count("\r") != breaks:
            raise ValueError("a header field has a line break in it")
        data = head.encode("latin-1") + b"\r\n\r\n"
        return self._send(data + self._framed(chunk) if chunk else data)

    def write(self, chunk: bytes) -> "asyncio.Future[None]":
        """Write a piece of the body."""
        return self._send(self._framed(chunk))

    @property
    def unsent(self) -> int:
        """Bytes that are written and wait for the client to read."""
        return self._connection.unread

    def abort(self) -> None:
        """End the connection now."""
        self._connection.abort()

    def finish(self) -> None:
        """The answer is complete."""
        if self._chunked:
            self._send(b"0\r\n\r\n")
        self._on_close = None
        self._delegate = None  # leads back here by the handler: a cycle in each request otherwise
        self.answered = True
        self._connection.answered(self)

    def _send(self, data: bytes) -> "asyncio.Future[None]":
        return self._connection.write(b"" if self.gone else data)

    def _framed(self, chunk: bytes) -> bytes:
        if self._chunked and chunk:
            return b"%x\r\n%b\r\n" % (len(chunk), chunk)
        return chunk
