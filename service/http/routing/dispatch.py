"""From a request's head to its handler, on either HTTP connection: Tornado's own way, without its
search through every route, its copies of the query and its task within a task."""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.web import Application, RequestHandler

from service.errors import NotFound
from service.http.borrowed import LeanHandler, Request
from service.http.routing import target
from service.http.routing.table import ID, SLASH, Route

_NUMBER = re.compile(r"(?<=/)[0-9]+(?=/|\Z)")
_SPECIAL = frozenset("()[]|*+?\\")


def path_id(text: str) -> int:
    """An id in a path. Raises NotFound beyond any id."""
    if len(text) > 18:
        raise NotFound
    return int(text)


class Delegate(HTTPMessageDelegate):
    """One request on its way: its handler begins with the head and is fed the body."""

    __slots__ = ("_application", "_connection", "_handler", "_task")

    def __init__(self, application: "Routed", connection: HTTPConnection) -> None:
        self._application, self._connection = application, connection

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Begin; the future is done when the handler takes the body. Raises HTTPInputError."""
        assert isinstance(start_line, RequestStartLine)
        if not target.usual(start_line.path):
            start_line = target.origin_form(start_line, headers)
        request = Request(start_line, headers, self._connection)
        handler_class, ids = self._application.route(request.path)
        self._handler = handler_class(self._application, request, **self._application.arguments)
        prepared, self._task = self._handler.start(*ids)
        return prepared

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._handler.data_received(chunk)

    def finish(self) -> None:
        self._handler.request.ends()

    def on_connection_close(self) -> None:
        if hasattr(self, "_handler"):  # a head that could not be read has none
            self._handler.on_connection_close()


class Routed(Application):
    """A Tornado application that looks a route up by the shape of its path."""

    def __init__(
        self,
        routes: Iterable[Route],
        nothing: type[LeanHandler],
        arguments: dict[str, Any],
        log_function: Callable[[RequestHandler], None],
    ) -> None:
        super().__init__(log_function=log_function)
        self.arguments = arguments
        self._nothing = nothing
        self._shapes: dict[str, type[LeanHandler]] = {}
        self._patterns: list[tuple[re.Pattern[str], type[LeanHandler]]] = []
        for pattern, handler in routes:
            shape = pattern.removesuffix(SLASH).replace(ID, "0").replace("\\.", ".")
            if _SPECIAL.intersection(shape):
                self._patterns.append((re.compile(pattern), handler))
                continue
            self._shapes[shape] = handler
            if pattern.endswith(SLASH):
                self._shapes[shape + "/"] = handler

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """What takes the parts of a request."""
        return Delegate(self, request_conn)

    def route(self, path: str) -> tuple[type[LeanHandler], list[bytes]]:
        """The handler of a path and the ids in it."""
        ids = _NUMBER.findall(path)
        found = self._shapes.get(_NUMBER.sub("0", path) if ids else path)
        if found is not None:
            return found, [one.encode() for one in ids]
        for pattern, handler in self._patterns:
            if match := pattern.fullmatch(path):
                return handler, [one.encode() for one in match.groups()]
        return self._nothing, []
