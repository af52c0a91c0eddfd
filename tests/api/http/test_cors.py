"""CORS_ORIGINS: which web pages of other origins may call, and what their scripts may see."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from service.handlers.routes import ROUTES
from service.http.headers.described import ANSWER_HEADERS, REQUEST_HEADERS
from tests.api.checks import check_problem
from tests.api.conftest import Served
from tests.api.http.test_every_answer import VERBS
from tests.cast import Api, Given, Person, Reply

PAGE, OTHER = "https://app.example.org", "https://evil.example.org"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync
--disable-background-networking --disable-component-update --virtual-time-budget=10000"""
both_wires = pytest.mark.parametrize("wire", ["tornado", "llhttp"])


def preflight(method: str, origin: str = PAGE) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }


def cors(reply: Reply) -> set[str]:
    return {name for name in reply.headers if name.startswith("Access-Control-")}


def listed(reply: Reply, name: str) -> set[str]:
    return set(reply.headers[name].split(", "))


@both_wires
async def test_a_preflight_hears_what_the_route_takes(served: Served, wire: str) -> None:
    async with served(cors_origins=f"https://x.example.org {PAGE}", wire=wire) as api:
        for path, verbs in VERBS.items():
            reply = await api.call("OPTIONS", path, headers=preflight("PATCH"))
            assert (reply.status, reply.json, reply.headers["Allow"]) == (204, None, verbs)
            if not path.startswith("/api/"):
                assert cors(reply) == set()
                continue
            assert reply.headers["Access-Control-Allow-Origin"] == PAGE
            assert reply.headers["Access-Control-Allow-Methods"] == verbs
            assert listed(reply, "Access-Control-Allow-Headers") > {"Authorization", "Content-Type"}
            assert listed(reply, "Access-Control-Allow-Headers") > set(REQUEST_HEADERS)
            assert int(reply.headers["Access-Control-Max-Age"]) > 600
            assert reply.headers["Vary"] == "Origin"


@both_wires
async def test_a_page_may_read_answers_and_errors_and_their_header_fields(
    served: Served, ada: Person, wire: str
) -> None:
    async with served(cors_origins=PAGE, wire=wire) as api:
        for status, method, path, who in (
            (200, "GET", "/api/slots/", None),
            (200, "GET", "/api/me/", ada),
            (401, "GET", "/api/me/", None),
            (404, "GET", "/api/appointments/4000000000000/", ada),
            (404, "GET", "/api/nothing/", None),
            (405, "PUT", "/api/me/", ada),
            (400, "POST", "/api/appointments/", ada),
        ):
            body: Any = {} if method == "POST" else None
            reply = await api.call(method, path, body, who=who, headers={"Origin": PAGE})
            assert reply.status == status
            assert reply.headers["Access-Control-Allow-Origin"] == PAGE
            assert listed(reply, "Access-Control-Expose-Headers") == set(ANSWER_HEADERS)
            assert reply.headers["Vary"] == "Origin"
            assert "Access-Control-Allow-Credentials" not in reply.headers


@both_wires
async def test_any_other_page_may_not(served: Served, ada: Person, wire: str) -> None:
    async with served(cors_origins=PAGE, wire=wire) as api:
        for origin in (OTHER, "null", PAGE + ".evil.org", PAGE.upper(), "http://app.example.org"):
            reply = await api.call("OPTIONS", "/api/slots/", headers=preflight("GET", origin))
            assert (reply.status, cors(reply)) == (204, set())
            reply = await api.get("/api/me/", who=ada, headers={"Origin": origin})
            assert (reply.status, cors(reply)) == (200, set())
            assert reply.headers["Vary"] == "Origin", "a cache must not give this to another page"


async def test_any_page_may_if_told_so_but_without_credentials(served: Served) -> None:
    async with served(cors_origins="*") as api:
        for reply in (
            await api.call("OPTIONS", "/api/slots/", headers=preflight("GET", OTHER)),
            await api.get("/api/slots/", headers={"Origin": OTHER}),
        ):
            assert reply.headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in reply.headers


async def test_without_the_setting_no_page_may(api: Api) -> None:
    for reply in (
        await api.call("OPTIONS", "/api/slots/", headers=preflight("GET")),
        await api.get("/api/slots/", headers={"Origin": PAGE}),
        await api.call("OPTIONS", "/api/nothing/", headers=preflight("GET")),
    ):
        assert cors(reply) == set()
        assert "Vary" not in reply.headers


async def test_options_without_a_preflight_only_tells_the_methods(served: Served) -> None:
    async with served(cors_origins=PAGE) as api:
        reply = await api.call("OPTIONS", "/api/slots/", headers={"Origin": PAGE})
        assert (reply.status, reply.headers["Allow"]) == (204, VERBS["/api/slots/"])
        assert "Access-Control-Allow-Methods" not in reply.headers


async def test_a_preflight_of_what_is_not_there_is_404(served: Served) -> None:
    async with served(cors_origins=PAGE) as api:
        reply = await api.call("OPTIONS", "/api/nothing/", headers=preflight("GET"))
        check_problem(reply, 404, "not_found")


def test_head_is_wherever_get_is() -> None:
    for _, handler in ROUTES:
        assert ("GET" in handler.verbs) == ("HEAD" in handler.verbs)
        assert "OPTIONS" in handler.verbs


SCRIPT = """<!doctype html><title>working</title><script>
const api = "%s", auth = {"Authorization": "Token %s"};
async function run() {
  const booked = await fetch(api + "/api/appointments/", {method: "POST",
    headers: {...auth, "Content-Type": "application/json", "Idempotency-Key": "page"},
    body: JSON.stringify({slot: %d})});
  const {id} = await booked.json();
  const moved = await fetch(`${api}/api/appointments/${id}/reschedule/`, {method: "PATCH",
    headers: {...auth, "Content-Type": "application/json", "If-Match": booked.headers.get("ETag")},
    body: JSON.stringify({new_slot: %d})});
  const listed = await fetch(api + "/api/appointments/?limit=1", {headers: auth});
  const bad = await fetch(api + "/api/me/");
  return [booked.status, booked.headers.get("ETag"), moved.status, listed.status, bad.status,
    (await bad.json()).code, !!bad.headers.get("X-Request-ID")].join(" ");
}
run().catch(String).then(said => { document.body.textContent = "said: " + said; });
</script><body>"""


class Page(RequestHandler):
    """A page of another origin."""

    text = ""

    def get(self) -> None:
        self.finish(self.text)


@asynccontextmanager
async def page_server() -> AsyncIterator[str]:
    """The origin of a page that calls the API."""
    sockets = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([("/", Page)], log_function=lambda _: None))
    server.add_sockets(sockets)
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    server.stop()
    await server.close_all_connections()


async def browse(url: str) -> str:
    """What a browser with no past makes of a page."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = await asyncio.create_subprocess_exec(
            *[str(CHROMIUM), *QUIET.split(), f"--user-data-dir={profile}", "--dump-dom", url],
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        shown, _ = await asyncio.wait_for(browser.communicate(), 50)
        return shown.decode()


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("allowed", [True, False])
@both_wires
async def test_a_real_browser_agrees(
    served: Served, given: Given, wire: str, allowed: bool
) -> None:
    who = await given.make_person(f"page-{wire}-{allowed}")
    slots = await given.make_slots(2)
    async with AsyncExitStack() as stack:
        origin = await stack.enter_async_context(page_server())
        listed = origin if allowed else PAGE
        api = await stack.enter_async_context(served(cors_origins=listed, wire=wire))
        Page.text = SCRIPT % (api.url, who.token, *slots)
        shown = await browse(origin)
    expected = 'said: 201 "1" 200 200 401 not_authenticated true'
    assert (expected if allowed else "said: TypeError: Failed to fetch") in shown
