"""What of RequestHandler every answer costs and none here uses, left out: templates, cookies,
transforms, answers in pieces."""

import asyncio
import functools
import time
from typing import Any

from tornado import web
from tornado.httputil import HTTPHeaders, ResponseStartLine, format_timestamp

BODILESS = frozenset({204, 304})


class Fields(HTTPHeaders):
    """The header fields of an answer; empty at no cost."""

    def __init__(self) -> None:
        self._as_list = {}
        self._combined_cache = {}


class LeanHandler(web.RequestHandler):
    """A RequestHandler whose answers are written at once and whole."""

    def clear(self) -> None:
        """Begin the answer anew."""
        self._headers = Fields()
        self._headers["Date"] = _date(int(time.time()))
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
            self._headers.pop("Content-Type", None)  # the only field about a body there is
        else:
            self._headers["Content-Length"] = str(len(body))
        connection = self.request.connection
        assert connection is not None
        connection.set_close_callback(None)  # type: ignore[attr-defined]
        self._headers_written = self._finished = True
        done = connection.write_headers(
            ResponseStartLine("", self._status_code, self._reason),
            self._headers,
            body if self.request.method != "HEAD" else b"",
        )
        connection.finish()
        self._log()
        self.on_finish()
        self._break_cycles()
        return done

    def _tagged(self, body: bytes) -> bytes:
        """The body, or none for a client that has it already."""
        if "ETag" not in self._headers:
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
