"""The nginx configuration, tried on a real nginx before an upstream that dies on demand."""

import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.deploy.nginx import (
    DEPLOY,
    IPV6,
    NGINX,
    NONE,
    PORTS,
    Changes,
    adapt,
    free_port,
    nginx,
    stop,
)

WRITES = ("POST", "PUT", "PATCH", "DELETE")
IMPATIENT = {"proxy_read_timeout 5s": "proxy_read_timeout 1s"}

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def ask(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict | None = None,
    host: str = "127.0.0.1",
) -> Reply:
    """One request on its own connection."""
    link = http.client.HTTPConnection(host, port, timeout=10)
    try:
        link.request(method, path, body, headers or {})
        answer = link.getresponse()
        return Reply(answer.status, answer.headers, answer.read())
    finally:
        link.close()


def ask_raw(port: int, request: bytes) -> Reply:
    """Send bytes no client library would."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(request)
        answer = http.client.HTTPResponse(link)
        answer.begin()
        return Reply(answer.status, answer.headers, answer.read())


@pytest.fixture(scope="module")
def upstream() -> Iterator[int]:
    """The port of a small server that counts what reaches it."""
    script = str(Path(__file__).with_name("upstream.py"))
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE)
    try:
        yield int(process.stdout.readline())
    finally:
        stop(process)
        process.stdout.close()


@pytest.fixture(scope="module")
def serve(tmp_path_factory) -> Iterator[Callable[..., int]]:
    """serve(conf, upstream ports, {old: new}) starts an nginx and returns its port."""
    with ExitStack() as started:

        def start(conf: str, ports: list[int], changes: Changes = NONE) -> int:
            folder = tmp_path_factory.mktemp("nginx")
            return started.enter_context(nginx(folder, conf, ports, IMPATIENT | dict(changes)))

        yield start


@pytest.fixture(scope="module")
def proxy(serve, upstream) -> int:
    """nginx before one living process."""
    return serve("nginx.conf", [upstream])


@pytest.fixture(scope="module")
def orphan(serve) -> int:
    """nginx before a process that is down."""
    return serve("nginx.conf", [free_port()])


def counted(upstream: int, path: str) -> int:
    return ask(upstream, "GET", "/counts").json.get(path, 0)


def assert_problem(reply: Reply, status: int, code: str) -> None:
    from service.http.headers.guards import GUARDS

    assert (reply.status, reply.headers["Content-Type"]) == (status, "application/problem+json")
    problem = reply.json
    assert {name: reply.headers[name] for name in GUARDS} == GUARDS
    assert set(problem) == {"type", "title", "status", "detail", "code", "request_id"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    assert problem["detail"].endswith(".")
    assert problem["request_id"] == reply.headers["X-Request-ID"]
    assert reply.headers["Retry-After"] == ("1" if status in (429, 503) else None)
    assert reply.headers["Server"] == "nginx"


@pytest.mark.parametrize("conf", PORTS)
def test_configuration_is_valid(conf, tmp_path):
    adapt(tmp_path, conf, free_port(), PORTS[conf], {})
    check = [NGINX, "-t", "-c", str(tmp_path / conf), "-g", f"pid {tmp_path}/pid;"]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    warned = [line for line in done.stderr.splitlines() if "[warn]" in line]
    assert [line for line in warned if '"user" directive' not in line] == []


def test_the_token_of_a_calendar_is_not_logged(proxy, tmp_path_factory):
    token = "aB3-_9" * 7
    ask(proxy, "GET", f"/calendar/{token}.ics?a=1")
    ask(proxy, "GET", "/api/calendar-links/17/")
    folder, text, until = tmp_path_factory.getbasetemp(), "", time.monotonic() + 2
    while "calendar-links" not in text and time.monotonic() < until:  # after the answer was sent
        time.sleep(0.02)
        text = "".join(log.read_text() for log in folder.glob("nginx*/access.log"))
    assert "GET /calendar/***.ics?a=1 HTTP/1.1" in text
    assert "GET /api/calendar-links/17/ HTTP/1.1" in text
    assert token not in text


def test_words_are_those_of_the_app(orphan):
    from service import errors
    from service.http import problems

    text = (DEPLOY / "nginx-common.conf").read_text()
    for name in ("code", "title"):
        [block] = re.findall(rf"map \$status \$booking_{name} {{\n(.*?)}}", text, re.DOTALL)
        words = dict(re.findall(r'(\d+) "?([^";]+)"?;', block))
        del words["501"]  # the app never says it
        table = reversed(problems.STATUS.items())  # of several, the first speaks for the status
        said = {str(status): getattr(kind, name) for kind, status in table}
        assert words == {status: said[status] for status in words}
    reply = ask(orphan, "GET", "/")
    assert reply.body == problems.document(errors.Unavailable(), reply.json["request_id"])


def test_spoofed_proxy_headers_are_overwritten(proxy):
    spoofed = {
        "Host": "booking.example:8443",
        "Forwarded": "for=6.6.6.6",
        "X-Real-IP": "6.6.6.6",
        "X-Forwarded-For": "6.6.6.6, 7.7.7.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Scheme": "https",
    }
    seen = ask(proxy, "GET", "/echo", headers=spoofed).json
    headers = {name.lower(): value for name, value in seen["headers"]}
    assert (seen["remote_ip"], seen["protocol"]) == ("127.0.0.1", "http")
    assert headers["x-real-ip"] == headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["host"] == "booking.example:8443"
    assert not {"forwarded", "x-forwarded-host", "x-scheme", "connection"} & set(headers)
    assert seen["version"] == "HTTP/1.1"


def test_request_id_of_the_client_is_passed_on_when_sane(proxy):
    def arrives(value: str) -> str:
        seen = ask(proxy, "GET", "/echo", headers={"X-Request-ID": value}).json["headers"]
        return next(v for k, v in seen if k.lower() == "x-request-id")

    assert arrives("client-42") == "client-42"
    for bad in ('a"b', "a b", "x" * 200):
        assert len(arrives(bad)) == 32
    refused = ask(proxy, "GET", "/metrics", headers={"X-Request-ID": "client-42"})
    assert refused.json["request_id"] == "client-42"


HIDDEN = ["/metrics", "/metrics/", "//metrics", "/%6Detrics", "/x/../metrics", "/metrics?a=1"]
HIDDEN += ["/problem", "/problem/503", "/problem/504"]


@pytest.mark.parametrize("path", HIDDEN)
def test_metrics_and_error_pages_are_closed(proxy, path):
    assert_problem(ask(proxy, "GET", path), 404, "not_found")


BAD_HTTP = {
    "no http": (b"nonsense", 400, "malformed"),
    "no host": (b"GET / HTTP/1.1", 400, "malformed"),
    "nul": (b"GET /a%00b HTTP/1.1\r\nHost: a", 400, "malformed"),
    "two lengths": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked",
        *(400, "malformed"),
    ),
    "encoding": (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x", 501, "not_implemented"),
    "trace": (b"TRACE / HTTP/1.1\r\nHost: a", 501, "not_implemented"),
    "version": (b"GET / HTTP/9.9\r\nHost: a", 400, "malformed"),
    "long uri": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a", 414, "uri_too_long"),
    "long header": (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000, 431, "headers_too_large"),
    "many headers": (b"GET / HTTP/1.1" + b"\r\nX: 12345678" * 3500, 431, "headers_too_large"),
}


@pytest.mark.parametrize(("request_bytes", "status", "code"), BAD_HTTP.values(), ids=BAD_HTTP)
def test_bad_http_is_answered_as_a_problem(proxy, request_bytes, status, code):
    assert_problem(ask_raw(proxy, request_bytes + b"\r\n\r\n"), status, code)


@pytest.mark.skipif(not IPV6, reason="this machine has no IPv6")
def test_it_listens_on_ipv6_too_and_says_who_asked(proxy):
    seen = ask(proxy, "GET", "/echo", host="::1")
    assert (seen.status, seen.json["remote_ip"]) == (200, "::1")


def test_a_long_head_of_an_answer_is_no_failure(proxy):
    """Even the largest of ours is far below: nobody can make nginx take a process for dead."""
    reply = ask(proxy, "GET", "/head/12000")
    assert (reply.status, len(reply.headers["X-Long"])) == (200, 12000)


def test_http_1_0_without_a_host_is_served(proxy):
    assert ask_raw(proxy, b"GET /echo HTTP/1.0\r\n\r\n").status == 200


def test_big_body_is_refused_before_the_app_sees_it(proxy, upstream):
    before = counted(upstream, "/echo")
    refused = ask(proxy, "POST", "/echo", b"x" * 1_024_001)
    assert_problem(refused, 413, "body_too_large")
    assert counted(upstream, "/echo") == before
    assert ask(proxy, "POST", "/echo", b"x" * 1_024_000).json["body"] == 1_024_000


def test_throttled_requests_get_429(serve, upstream):
    port = serve("nginx.conf", [upstream], {"rate=100r/s": "rate=1r/m", "burst=200": "burst=1"})
    replies = [ask(port, method, "/echo") for method in ("GET", "POST", "GET", "POST")]
    assert [reply.status for reply in replies] == [200, 200, 429, 429]
    assert_problem(replies[-1], 429, "rate_limited")


def test_pages_that_were_named_may_read_its_own_errors(serve, orphan):
    page = {"Origin": "https://app.example.org"}
    changes = {
        '# "https://app.example.org" $http_origin;': '"https://app.example.org" $http_origin;'
    }
    named = ask(serve("nginx.conf", [free_port()], changes), "GET", "/echo", headers=page)
    assert_problem(named, 503, "unavailable")
    assert named.headers["Access-Control-Allow-Origin"] == page["Origin"]
    assert "Retry-After" in named.headers["Access-Control-Expose-Headers"]
    other = ask(orphan, "GET", "/echo", headers=page)
    assert_problem(other, 503, "unavailable")
    assert other.headers["Vary"] == named.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in other.headers
    assert "Access-Control-Expose-Headers" not in other.headers


def test_errors_of_the_app_pass_untouched(proxy):
    for status in (400, 404, 405, 409, 418, 500, 503, 504):
        for method in ("GET", "POST"):
            reply = ask(proxy, method, f"/status/{status}")
            assert (reply.status, reply.json) == (status, {"code": "from_the_app"})
            assert reply.headers["Retry-After"] == "7"


@pytest.mark.parametrize("method", WRITES)
def test_write_is_never_sent_twice_and_its_outcome_is_unknown(proxy, upstream, method):
    ask(proxy, method, "/echo", b"{}")  # leaves a connection to reuse: where nginx likes to repeat
    before = counted(upstream, "/die")
    assert_problem(ask(proxy, method, "/die", b"{}"), 504, "outcome_unknown")
    assert counted(upstream, "/die") == before + 1


@pytest.mark.parametrize("method", WRITES)
def test_write_to_a_dead_process_is_surely_not_done(orphan, method):
    assert_problem(ask(orphan, method, "/echo", b"{}"), 503, "unavailable")


def test_read_without_an_answer_is_503(proxy, orphan):
    assert_problem(ask(orphan, "GET", "/echo"), 503, "unavailable")
    assert_problem(ask(proxy, "GET", "/die"), 503, "unavailable")
    assert ask(proxy, "HEAD", "/die").status == 503


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [
        ("GET", 503, "unavailable"),
        ("PATCH", 504, "outcome_unknown"),
    ],
)
def test_hanging_app_is_given_up(proxy, upstream, method, status, code):
    before = counted(upstream, "/hang")
    assert_problem(ask(proxy, method, "/hang"), status, code)
    assert counted(upstream, "/hang") == before + 1


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_what_never_reached_a_dead_process_is_answered_by_another(serve, upstream, method):
    port = serve("nginx-many.conf", [free_port(), upstream, free_port(), free_port()])
    before = counted(upstream, "/echo")
    replies = [ask(port, method, "/echo", b"{}") for _ in range(8)]
    assert [reply.status for reply in replies] == [200] * 8
    assert replies[0].json["body"] == 2
    assert counted(upstream, "/echo") == before + 8


def test_what_nginx_would_repeat_is_refused_where_a_process_is_dead(serve, upstream):
    port = serve("nginx-many.conf", [free_port(), upstream, upstream, upstream])
    before = counted(upstream, "/echo")
    first, *others = [ask(port, "DELETE", "/echo") for _ in range(4)]
    assert_problem(first, 503, "unavailable")
    assert [reply.status for reply in others] == [200] * 3
    assert counted(upstream, "/echo") == before + 3


def test_read_is_asked_again_after_a_death_and_a_write_is_not(serve, upstream):
    port = serve("nginx-many.conf", [upstream] * 4)
    before = counted(upstream, "/die")
    assert_problem(ask(port, "GET", "/die"), 503, "unavailable")
    assert counted(upstream, "/die") == before + 2
    assert_problem(ask(port, "DELETE", "/die"), 504, "outcome_unknown")
    assert counted(upstream, "/die") == before + 3


def test_only_lists_are_compressed(proxy):
    big = ask(proxy, "GET", "/json/30000", headers={"Accept-Encoding": "gzip"})
    small = ask(proxy, "GET", "/json/24000", headers={"Accept-Encoding": "gzip"})
    assert (big.headers["Content-Encoding"], big.headers["ETag"]) == ("gzip", 'W/"7"')
    assert (small.headers["Content-Encoding"], small.headers["ETag"]) == (None, '"7"')
