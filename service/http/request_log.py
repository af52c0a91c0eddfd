"""What happens when a request has been answered: it is counted, timed and perhaps logged."""

import contextlib
import logging
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from tornado.web import RequestHandler

from service.http.routing.table import readable
from service.lane import waited
from service.settings import Settings
from service.telemetry.logs import trace_id
from service.telemetry.metrics import Metrics, Seen

log = logging.getLogger(__name__)

NO_ROUTE = "none"
_Key = tuple[type[RequestHandler], str, int, str]  # handler, method, status, code


class Watch:
    """Sees every answer of one application; Tornado calls it with the handler."""

    def __init__(
        self, settings: Settings, metrics: Metrics, routes: Iterable[tuple[str, Any]]
    ) -> None:
        self._metrics = metrics
        self._routes = {handler: readable(pattern) for pattern, handler in routes}
        self._seen: dict[_Key, Seen] = {}
        self._all, self._slow = settings.access_log, settings.slow_request

    def __call__(self, handler: RequestHandler) -> None:
        seconds = handler.request.request_time() - getattr(handler, "idle", 0.0)
        status = handler.get_status()
        code: str = getattr(handler, "code", "")
        key = (type(handler), handler.request.method or "", status, code)
        seen = self._seen.get(key) or self._look_up(key, handler)
        seen.requests.inc()
        seen.seconds.observe(seconds)
        if seen.outcome:
            seen.outcome.inc()
        if self._all or status >= 500 or seconds >= self._slow:
            level = logging.INFO if status < 500 and seconds < self._slow else logging.WARNING
            log.log(level, "request", extra={"fields": self._fields(handler, seconds, code)})

    def _look_up(self, key: _Key, handler: RequestHandler) -> Seen:
        _, method, status, code = key
        route = self._route(handler)
        if method not in handler.SUPPORTED_METHODS:  # a client's invention must not be kept
            return self._metrics.seen(route, "other", status, "", "")
        seen = self._metrics.seen(route, method, status, _action(handler, method), code or "done")
        return self._seen.setdefault(key, seen)

    def _route(self, handler: RequestHandler) -> str:
        return self._routes.get(type(handler), NO_ROUTE)

    def _fields(self, handler: RequestHandler, seconds: float, code: str) -> dict[str, Any]:
        """What the log says of a request; never its query, its body or its headers."""
        request = handler.request
        actor = getattr(handler, "actor", None)
        return {
            "request_id": getattr(handler, "request_id", None),
            "method": request.method,
            "route": self._route(handler),
            "path": request.path,
            "status": handler.get_status(),
            "code": code or None,
            "duration_ms": round(seconds * 1000, 1),
            "lane_wait_ms": round(waited.get() * 1000, 1),
            "user_id": actor.account_id if actor else None,
            "address": request.remote_ip,
            "trace_id": trace_id(request.headers.get("traceparent")),
        }


def _action(handler: RequestHandler, method: str) -> str:
    """The name by which the outcome is counted, as the endpoint declares it, or ""."""
    declared = getattr(getattr(handler, method.lower()), "endpoint", None)
    return declared.action if declared else ""


def log_bug(handler: RequestHandler, error: BaseException) -> None:
    """Log an error that has no place in our tables, without anything that the client sent."""
    request = handler.request
    fields = {
        "request_id": getattr(handler, "request_id", None),
        "method": request.method,
        "path": request.path,
        "trace_id": trace_id(request.headers.get("traceparent")),
    }
    given = request.query_arguments.values()
    secrets = [one.decode(errors="replace") for values in given for one in values]
    secrets += request.headers.get("Authorization", "").split()
    # Nothing to hide in a body that could not be read: not UTF-8, not JSON, or nested too deep.
    with contextlib.suppress(ValueError, RecursionError):
        secrets += _texts(msgspec.json.decode(bytes(getattr(handler, "_chunks", b""))))
    log.error("bug", exc_info=error, extra={"fields": fields, "secrets": secrets})


def _texts(value: Any) -> Iterator[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
