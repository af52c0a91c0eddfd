"""One client connection: bytes in, exchanges in order, bytes out."""

import asyncio
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING

import httptools
from tornado.httputil import RequestStartLine

from service.http.wire import line
from service.http.wire.acceptor import Idle
from service.http.wire.context import Context
from service.http.wire.exchange import Exchange
from service.http.wire.fields import Fields
from service.http.wire.limits import Phase, Refused

if TYPE_CHECKING:
    from service.http.wire.server import WireServer

NEVER = float("inf")
MOST_AT_ONCE = 256 * 1024  # bytes that asyncio reads in one go
UNREAD = RequestStartLine("GET", "/", "HTTP/1.1")  # in place of a request that can't be read


class Connection(asyncio.Protocol):
    """Parses requests, answers them one by one, and never holds more than it was allowed to."""

    def __init__(self, server: "WireServer") -> None:
        self._server, self._limits = server, server.limits
        self.application = server.application
        self._loop = server.loop
        self._parser = httptools.HttpRequestParser(self)
        self._exchanges: deque[Exchange] = deque()
        self._reading: Exchange | None = None  # whose body is still coming in
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._head_size = self._raw_size = self._discarded = 0
        self._in_head = False
        self._between = True  # no byte of the next request has come
        self._held = b""  # the beginning of a request line
        self._line: line.Line | None = None  # what llhttp could not read itself
        self._room: asyncio.Future[None] | None = None  # pending while the client does not read
        self._ending = False  # no request after those that are here
        self._deaf = False  # what still arrives is not even parsed
        self._lingering = False  # all is said; only the client's end is missing
        self.body, self.began = 0, 0.0  # bytes of a body that is coming in, when the first came
        self._seen, self.took = 0, 0.0  # bytes unread at the last look, when some were last read
        self._offered: bytes | None = None  # how the body is framed that comes after an offer
        self._again = False  # its head is parsed anew, and changes nothing
        self._served = False  # a request of it was answered
        self._phase = Phase.IDLE
        self._since = self._loop.time()  # the phase began
        self.deadline = self._since + self._limits.idle_time

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._context = Context.of(transport)
        self._server.arrived(self)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        if self._deaf:
            self._discard(len(data))
            return
        try:
            if self._between and not line.usual(data):
                data = self._begun(data)
            self._feed(data)
            if self._in_head:
                self._raw_size += len(data)
                if self._raw_size > self._limits.head + MOST_AT_ONCE:  # a line without an end
                    raise Refused(431)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, Refused):
                raise
            self._malformed(error.__context__.status)
        except Refused as error:
            self._malformed(error.status)
        except (httptools.HttpParserError, line.Unreadable):
            self._malformed(400)
        self._flow()
        self._wait()

    def eof_received(self) -> bool:
        """A client that only stops sending still gets its answers."""
        self._ending = self._deaf = True
        if self._reading is not None:
            return False
        return bool(self._exchanges) and not self._exchanges[0].endless

    def pause_writing(self) -> None:
        """The client does not read as fast as it is answered."""
        self._room = self._loop.create_future()
        for other in self._server.blocked:  # a look later on would make them seem to read after it
            other.read_on()
        self.took, self._seen = self._loop.time(), self.unread
        self._server.blocked.add(self)
        self._flow()
        self._wait()

    def resume_writing(self) -> None:
        if self._room is not None:
            self._room.set_result(None)
            self._room = None
        self._server.blocked.discard(self)
        self._next()
        self._wait()

    def connection_lost(self, error: Exception | None) -> None:
        """The client has gone, or was let go."""
        self._server.connections.discard(self)
        self._server.blocked.discard(self)
        self._let_go_of_body()
        del self._parser  # each holds the other
        self._ending = self._deaf = True
        if self._room is not None:
            self._room.set_result(None)
            self._room = None
        exchanges, self._exchanges = self._exchanges, deque()
        for exchange in exchanges:
            exchange.lost()

    # httptools

    def on_message_begin(self) -> None:
        """A request begins."""
        if self._again:
            return
        self._target, self._fields = b"", []
        self._between = False
        self._in_head, self._head_size, self._raw_size = True, 0, 0

    def on_url(self, target: bytes) -> None:
        """A piece of the target. Raises Refused."""
        self._target += b"" if self._again else target
        if len(self._target) > self._limits.target:
            raise Refused(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head, or a trailer, which means nothing here."""
        self._head_size += len(name) + len(value)
        if self._head_size > self._limits.head:
            raise Refused(431)
        if self._in_head:
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole: an exchange begins."""
        self._in_head = False
        if self._ending or self._again:
            return
        parser = self._parser
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise Refused(400)
        headers = Fields(self._fields)
        if headers.get("Transfer-Encoding", "chunked").lower() != "chunked":
            raise Refused(400)  # llhttp would read a gzip of chunks as plain chunks
        method, target = self._line or (parser.get_method(), self._target)
        self._line = None
        start_line = RequestStartLine(
            method.decode("ascii"), target.decode("latin-1"), f"HTTP/{version}"
        )
        context = self._context
        if self._server.xheaders:
            context = context.behind_proxy(headers)
        keep_alive = parser.should_keep_alive()
        if parser.should_upgrade():
            self._offered = headers.framing()
        exchange = Exchange(self, start_line, headers, context, keep_alive)
        self._reading = exchange
        self._exchanges.append(exchange)
        if len(self._exchanges) == 1 and self._room is None:
            exchange.start()

    def on_body(self, chunk: bytes) -> None:
        """A piece of the body."""
        if self._reading is None:
            return
        if self._reading.answered:
            self._discard(len(chunk))
            return
        if not self.body:
            self.began = self._loop.time()
        self._reading.feed(chunk)
        self.body += len(chunk)
        self._server.hold(len(chunk))

    def on_message_complete(self) -> None:
        """The request has been read to its end."""
        if self._offered is not None:
            return  # llhttp has not read the body yet, whatever it says
        self._between = True
        self._let_go_of_body()
        exchange, self._reading = self._reading, None
        if exchange is None:
            return
        exchange.end()
        if exchange.answered:  # before its body was here: there is nothing more to wait for
            self._transport.close()

    # For exchanges

    def write(self, data: bytes) -> "asyncio.Future[None]":
        """Send bytes; the future is done when the client has room for more."""
        if not self._transport.is_closing():
            self._transport.write(data)
            if self._room is not None:
                self._server.bound_unread()
        return self._room or self._server.written

    def answered(self, exchange: Exchange) -> None:
        """The first exchange has been answered: go on with the next, or end."""
        if not self._exchanges or self._exchanges[0] is not exchange:
            return  # the connection was lost meanwhile
        self._exchanges.popleft()
        self._served = True
        if not exchange.complete:
            self._end()  # the rest of its body is read and thrown away first
        elif exchange.refused:
            self._linger()
        elif not exchange.keep_alive or (self._ending and not self._exchanges):
            self._transport.close()
        else:
            self._next()
        self._wait()

    def refuse(self, exchange: Exchange, status: int) -> None:
        """Answer an exchange without the application, and end the connection."""
        exchange.keep_alive = False
        fields, body = self._server.problem(status)
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.write(
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        exchange.finish()

    # For the server

    @property
    def idle(self) -> Idle | None:
        """How idle it is; None while a request of it is read or answered."""
        if self._phase in (Phase.IDLE, Phase.HEAD):
            return Idle(self._served, self._since)
        return None

    def expire(self) -> None:
        """The deadline has passed."""
        self.deadline = NEVER
        if self._phase in (Phase.HEAD, Phase.BODY):
            self.hurry()
        elif self._phase is Phase.IDLE:
            self._transport.close()
        elif self._phase is Phase.BLOCKED and self.read_on() > self._since:
            self._since, self.deadline = self.took, self.took + self._limits.write_time
        else:
            self._transport.abort()

    @property
    def unread(self) -> int:
        """Bytes that are written and wait for the client to read."""
        return self._transport.get_write_buffer_size()

    def read_on(self) -> float:
        """When the client was last seen to have read some of them."""
        if self.unread < self._seen:
            self.took = self._loop.time()
        self._seen = self.unread
        return self.took

    def hurry(self) -> None:
        """The rest of a request comes too slowly: say so, and end."""
        self._malformed(408)
        self._wait()

    def close(self) -> None:
        """End, after what was written has left."""
        self._transport.close()

    def abort(self) -> None:
        """End now, whatever is going on."""
        self._transport.abort()

    # Inside

    def _next(self) -> None:
        """Start the next exchange, from the loop: thousands in one packet would nest as deep."""
        self._flow()
        if self._exchanges:
            self._loop.call_soon(self._start)

    def _start(self) -> None:
        if self._exchanges and self._room is None and not self._exchanges[0].started:
            self._exchanges[0].start()

    def _feed(self, data: bytes) -> None:
        """Parse. An upgrade is never taken, but to llhttp all that follows the offer of one is no
        HTTP: a new parser, which has read the same framing without it, reads on."""
        while True:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
                self._parser = httptools.HttpRequestParser(self)
                framing, self._offered = self._offered, None
                if framing:
                    self._again = True
                    self._parser.feed_data(framing)
                    self._again = False
                elif not line.usual(data):
                    data = self._begun(data)

    def _flow(self) -> None:
        """Read on, unless enough is here to be answered, or to be read by the client."""
        if self._transport.is_closing() or self._lingering:
            return
        if len(self._exchanges) > 1 or self._room is not None:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _let_go_of_body(self) -> None:
        if self.body:
            self._server.hold(-self.body)
            self.body = 0

    def _begun(self, data: bytes) -> bytes:
        """What llhttp is to read of a request that begins unusually; nothing before its line is
        whole. Raises Unreadable, Refused."""
        data = self._held + data
        self._held = b""
        if not line.whole(data):
            if len(data) > self._limits.target:
                return data  # llhttp says which part of it is too long
            self._held, self._in_head = data, bool(data.strip(b"\r\n"))
            return b""
        self._line, data = line.translated(data)
        if len(self._line.target) > self._limits.target:
            raise Refused(414)
        return data

    def _malformed(self, status: int) -> None:
        """Answer what can't be read, after all that came before it."""
        self._ending = self._deaf = True
        self._in_head = False
        self._let_go_of_body()
        broken, self._reading = self._reading, None
        if broken is not None and broken in self._exchanges:
            broken.lost()  # the application must not take half a body for a whole one
            self._exchanges.remove(broken)
        elif broken is not None:
            self._transport.close()
            return
        refusal = Exchange(self, UNREAD, Fields(), self._context, False)
        refusal.complete, refusal.refused = True, status
        self._exchanges.append(refusal)
        if len(self._exchanges) == 1:
            self._next()

    def _linger(self) -> None:
        """End our side only: closing on what the client still sends would cost it the answer."""
        self._lingering = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()

    def _end(self) -> None:
        self._ending = True
        if self._exchanges:
            self._exchanges[-1].keep_alive = False

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > self._limits.discarded:
            self._transport.abort()

    def _wait(self) -> None:
        """Note what the connection waits for; the deadline is that of the whole phase."""
        if self._lingering:
            phase, patience = Phase.LINGER, self._limits.linger_time
        elif self._room is not None:
            phase, patience = Phase.BLOCKED, self._limits.write_time
        elif self._reading is not None:
            phase, patience = Phase.BODY, self._limits.body_time
        elif self._exchanges:
            phase, patience = Phase.BUSY, NEVER
        elif self._in_head:
            phase, patience = Phase.HEAD, self._limits.head_time
        else:
            phase, patience = Phase.IDLE, self._limits.idle_time
        if phase is not self._phase:
            self._phase, self._since = phase, self._loop.time()
            self.deadline = self._since + patience
