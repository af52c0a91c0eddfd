"""Reads one answer of HTTP/1 with llhttp, no more of it than wanted."""

from typing import NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

LONGEST_HEAD = 65536  # bytes before the body, of 1xx answers too


class Malformed(Exception):
    """What came is no answer of HTTP."""


class Answer(NamedTuple):
    """Names of `headers` are in lower case; `cut`: there was more of the body than is here."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut: bool


class Reader:
    """Takes the bytes of a connection until the answer has ended, by itself or by being cut."""

    def __init__(self, most: int) -> None:
        self.ended = False
        self._most = most
        self._parser = HttpResponseParser(self)
        self._status, self._headers = 0, dict[str, str]()
        self._body = bytearray()
        self._before = 0

    @property
    def _in_body(self) -> bool:
        return self._status >= 200

    def feed(self, data: bytes) -> None:
        """Take what came. Raises Malformed."""
        if not self._in_body:
            self._before += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.ended:  # what comes behind the end is nobody's
                raise Malformed(f"The answer is not HTTP: {error}.") from None
        if not self._in_body and self._before > LONGEST_HEAD:
            raise Malformed("The head of the answer is too long.")
        self.ended = self.ended or len(self._body) > self._most

    def close(self) -> None:
        """No more will come, which ends a body of no told length. Raises EOFError."""
        told = {"content-length", "transfer-encoding"} & self._headers.keys()
        if not self._in_body or told:
            raise EOFError("it was closed by the other side")
        self.ended = True

    def told(self) -> Answer:
        """The answer, once it has ended."""
        body = bytes(self._body)
        return Answer(self._status, self._headers, body[: self._most], len(body) > self._most)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.ended:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if not self.ended:
            self._status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        if not self.ended:
            self._body += data[: self._most + 1 - len(self._body)]

    def on_message_complete(self) -> None:
        self.ended = self._in_body
        if not self.ended:  # 100 Continue, 103 Early Hints
            self._headers.clear()
