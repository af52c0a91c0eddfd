"""What Tornado 6.6.1 lends us: every private name of it that we use, and why.

No other file has one, so that a new version of Tornado is held against this one alone. What every
answer costs and none here uses is left out: templates, cookies, transforms, answers in pieces.
"""

import asyncio
import functools
import time
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
    format_timestamp,
)
from tornado.web import RequestHandler

BODILESS = frozenset({204, 304})
_ANY = RequestStartLine("GET", "/", "HTTP/1.1")


class Fields(HTTPHeaders):
    """Header fields, none at first: made at no cost, and `lines` may be filled without checks.

    `_as_list` has the lines of each field by its usual spelling, `_combined_cache` the joined ones.
    """

    def __init__(self) -> None:
        self.lines = self._as_list = {}
        self._combined_cache = {}


class Request(HTTPServerRequest):
    """A request as Tornado has it, made at a third of the cost where it has no query.

    `_start_time` and `_finish_time` are what request_time() goes by. `_body_future` is done when
    the body is here: _execute() waits for it.
    """

    def __init__(
        self, start_line: RequestStartLine, headers: HTTPHeaders, connection: HTTPConnection
    ) -> None:
        host = headers.get("Host")
        if host is None or "?" in start_line.path:
            super().__init__(start_line=start_line, headers=headers, connection=connection)
            return
        self.method, self.uri, self.version = start_line
        self.path, self.query = start_line.path, ""
        self.headers, self.host, self.host_name = headers, host, host_name(host)
        self.connection, self.server_connection = connection, None
        context: Any = connection.context  # type: ignore[attr-defined]
        self.remote_ip, self.protocol = context.remote_ip, context.protocol
        self.body, self.files = b"", {}
        self.arguments = self.query_arguments = self.body_arguments = {}
        self._start_time, self._finish_time = time.time(), None

    @property
    def has_come(self) -> bool:
        """Whether all of its body is here."""
        return self._body_future.done()

    def ends(self) -> None:
        """All of its body is here."""
        if not self._body_future.done():
            self._body_future.set_result(None)


@functools.lru_cache(1000)
def host_name(host: str) -> str:
    """The name in a Host field, by Tornado's own rules. Raises HTTPInputError."""
    return HTTPServerRequest(start_line=_ANY, headers=HTTPHeaders({"Host": host})).host_name


class LeanHandler(RequestHandler):
    """A RequestHandler whose answers are written at once and whole.

    `_headers`, `_status_code` and `_reason` are the answer; set_etag_header() reads
    `_write_buffer`. `_finished` and `_headers_written` say how far it is. `_log()` calls
    log_function, `_break_cycles()` spares the collector. `_prepared_future` is done when prepare()
    is, and `_execute()` is all of it, from there to the answer.
    """

    request: Request
    answer_fields: Fields

    @classmethod
    def implements(cls, method: str) -> bool:
        """Whether it has this method: to `_unimplemented_method` the others lead."""
        return getattr(cls, method.lower()) is not RequestHandler._unimplemented_method

    def start(self, *ids: bytes) -> "tuple[asyncio.Future[None], asyncio.Task[None]]":
        """Begin; the future is done when it takes the body, the task when all is done."""
        loop = asyncio.get_running_loop()
        self.request._body_future = loop.create_future()
        prepared: asyncio.Future[None] = loop.create_future()
        self._prepared_future = prepared  # type: ignore[assignment]
        return prepared, loop.create_task(self._execute([], *ids))

    async def prepared(self) -> None:
        """Wait until prepare() is done."""
        assert self._prepared_future is not None
        await self._prepared_future

    @property
    def finished(self) -> bool:
        """Whether the request has its answer."""
        return self._finished

    def clear(self) -> None:
        """Begin the answer anew."""
        self.answer_fields = self._headers = Fields()
        self.answer_fields["Date"] = _date(int(time.time()))
        self.set_default_headers()
        self._write_buffer = []
        self.set_status(200)

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> "asyncio.Future[None]":
        """Send the answer, which has no body but this one; ETag, 304 and length as ever."""
        assert not self._finished
        assert not isinstance(chunk, dict)
        body = chunk.encode() if isinstance(chunk, str) else chunk or b""
        if self._status_code == 200 and self.request.method in ("GET", "HEAD"):
            body = self._tagged(body)
        if self._status_code in BODILESS:
            assert not body
            self.answer_fields.pop("Content-Type", None)  # the only field about a body there is
        else:
            self.answer_fields["Content-Length"] = str(len(body))
        connection = self.request.connection
        assert connection is not None
        connection.set_close_callback(None)  # type: ignore[attr-defined]
        self._headers_written = self._finished = True
        done = connection.write_headers(
            ResponseStartLine("", self._status_code, self._reason),
            self.answer_fields,
            body if self.request.method != "HEAD" else b"",
        )
        connection.finish()
        self._log()
        self.on_finish()
        self._break_cycles()
        return done

    def begin(self, chunk: bytes) -> "asyncio.Future[None]":
        """Send the head of an answer that has no end yet, and its first piece; it is logged now.
        `_auto_finish` would end it with the verb."""
        self._auto_finish = False
        self._headers_written = True
        connection: Any = self.request.connection
        connection.endless = True  # Tornado's own does without being told
        self._log()
        head = ResponseStartLine("", self._status_code, self._reason)
        begun: asyncio.Future[None] = connection.write_headers(head, self.answer_fields, chunk)
        return begun

    def more(self, chunk: bytes) -> "asyncio.Future[None]":
        """Send the next piece; the future is done when the client has room for more."""
        assert self.request.connection is not None
        return self.request.connection.write(chunk)

    def stop(self) -> None:
        """Nothing comes after what was sent."""
        assert self.request.connection is not None
        if self._finished:
            return
        self._finished = True
        self.request.connection.set_close_callback(None)  # type: ignore[attr-defined]
        self.request.connection.finish()
        self._break_cycles()

    @property
    def unsent(self) -> int:
        """Bytes of the answer that wait for the client to read: of an IOStream `_write_buffer`."""
        connection: Any = self.request.connection
        stream = getattr(connection, "stream", None)
        return connection.unsent if stream is None else len(stream._write_buffer)

    def cut(self) -> None:
        """Close the connection now."""
        connection: Any = self.request.connection
        stream = getattr(connection, "stream", None)
        connection.abort() if stream is None else stream.close()

    def _tagged(self, body: bytes) -> bytes:
        """The body, or none for a client that has it already."""
        if "ETag" not in self.answer_fields:
            self._write_buffer = [body]
            self.set_etag_header()
            self._write_buffer = []
        if self.request.headers.get("If-None-Match") is None or not self.check_etag_header():
            return body
        self.set_status(304)
        return b""


@functools.lru_cache(1)
def _date(second: int) -> str:
    return format_timestamp(second)


class Server(HTTPServer):
    """Tornado's own server, which says how many clients it has: `_connections` holds them."""

    @property
    def connected(self) -> int:
        """How many clients there are."""
        return len(self._connections)
