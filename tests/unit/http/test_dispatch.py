"""http/dispatch.py: every path finds the handler that Tornado's own search would find."""

import pytest
from tornado.httputil import HTTPInputError, HTTPServerRequest, RequestStartLine
from tornado.web import Application

from service.handlers.ops import Nothing
from service.handlers.routes import ROUTES
from service.http.borrowed import host_name
from service.http.routing.dispatch import Routed

PATHS = [
    *(pattern.removesuffix("/?").replace("([0-9]+)", "7") for pattern, _ in ROUTES),
    *(pattern.removesuffix("/?").replace("([0-9]+)", "0") + "/" for pattern, _ in ROUTES),
    *("/", "", "/0/", "/api/slots/0", "/api/slots/00017/", "/api/slots//", "/api/slots/1/2/"),
    *("/api/slots/-1/", "/api/slots/1x/", "/api/slots/\u0661/", "/api/slots/%31/", "/API/slots/"),
    *("/api/appointments/12/reschedule", "/api/appointments/12/reschedule//", "/api/openapi.json"),
    *("/api/openapiXjson", "/docs/start.js", "/docs/startXjs", "/docs/", "/docs/index.html"),
    "/api/slots/" + "9" * 400,
]


class Silent:
    """A connection as far as a request looks at it."""

    context = None

    def set_close_callback(self, _: object) -> None:
        """Never called."""


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_where_tornado_would_lead_it(path: str) -> None:
    ours = Routed(ROUTES, Nothing, {}, lambda _: None)
    theirs = Application(ROUTES, default_handler_class=Nothing)
    request = HTTPServerRequest(
        start_line=RequestStartLine("GET", path, "HTTP/1.0"),
        connection=Silent(),  # type: ignore[arg-type]
    )
    wanted = theirs.find_handler(request)
    assert ours.route(path) == (wanted.handler_class, wanted.path_args)  # type: ignore[attr-defined]


@pytest.mark.parametrize("host", ["a b", "x,y", "x\u00e9"])
def test_a_host_that_is_none_is_refused_each_time(host: str) -> None:
    for _ in range(2):
        with pytest.raises(HTTPInputError):
            host_name(host)
    assert host_name("Example.ORG:8000") == "example.org"
