"""GET /metrics"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from service.deps import Deps
from service.handlers.routes import ROUTES
from service.http.routing.table import readable
from service.telemetry.metrics import Metrics
from tests.api.checks import check_problem, send
from tests.api.conftest import Served
from tests.api.ops.figures import figures_of, text_of, value_of
from tests.cast import PASSWORD, Api, Given, Person


async def test_it_works(api: Api) -> None:
    reply = await text_of(api)
    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b"# TYPE booking_http_requests_total counter" in reply.body
    assert b"process_cpu_seconds_total" in reply.body
    assert b"booking_build_info{" in reply.body


async def test_it_takes_what_prometheus_and_people_accept(api: Api) -> None:
    prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3,*/*;q=0.1"
    for accept in (prometheus, "text/plain", "*/*"):
        assert (await text_of(api, Accept=accept)).code == 200


async def test_requests_are_counted_by_route_method_and_status(
    served: Served, given: Given
) -> None:
    [slot_id] = await given.make_slots(1)
    async with served() as api:
        for _ in range(3):
            assert (await api.get(f"/api/slots/{slot_id}/")).status == 200
        await api.get("/api/slots/0/")
        await api.get("/no/such/path")
        figures = await figures_of(api)
    slot = {"route": "/api/slots/{id}/", "method": "GET"}
    assert value_of(figures, "http_requests_total", **slot, status="200") == 3
    assert value_of(figures, "http_requests_total", **slot, status="404") == 1
    assert value_of(figures, "http_request_duration_seconds_count", **slot) == 4
    assert value_of(figures, "http_requests_total", route="none", method="GET", status="404") == 1


async def test_no_client_makes_up_a_series(served: Served) -> None:
    async with served() as api:
        for n in range(5):
            await send(api, b"MADEUP%d /made/up/%d HTTP/1.1\r\nHost: x\r\n\r\n" % (n, n))
        names = {labels for (name, labels) in await figures_of(api) if "http_requests" in name}
    assert not [labels for labels in names if "MADEUP" in str(labels) or "made/up" in str(labels)]
    assert frozenset({("route", "none"), ("method", "other"), ("status", "405")}) in names


async def test_outcomes_are_counted_by_name(
    served: Served, given: Given, ada: Person, ben: Person
) -> None:
    one, two = await given.make_slots(2)
    async with served() as api:
        booked = (await api.book(ada, one)).json["id"]
        await api.book(ben, one)
        await api.reschedule(ada, booked, two)
        await api.reschedule(ada, booked, two)
        await api.cancel(ada, booked)
        await api.post("/api/login/", {"username": "ada", "password": "wrong"})
        figures = await figures_of(api)
    for action, outcome in (
        ("book", "done"),
        ("book", "slot_taken"),
        ("reschedule", "done"),
        ("reschedule", "same_slot"),
        ("cancel", "done"),
        ("login", "wrong_credentials"),
    ):
        assert value_of(figures, "outcomes_total", action=action, outcome=outcome) == 1, outcome


async def test_lanes_statements_locks_and_passwords_are_seen(
    served: Served, given: Given, ada: Person
) -> None:
    one, two = await given.make_slots(2)
    async with served() as api:
        booked = (await api.book(ada, one)).json["id"]
        await api.reschedule(ada, booked, two)
        await api.post("/api/login/", {"username": "ada", "password": PASSWORD})
        figures = await figures_of(api)
    for lane in ("session", "booking", "reschedule"):
        assert value_of(figures, "lane_batch_items_sum", lane=lane) >= 1
        assert value_of(figures, "lane_wait_seconds_count", lane=lane) >= 1
        assert value_of(figures, "lane_queue_items", lane=lane) == 0
    for query in ("appointment_book", "appointment_move", "account_by_username"):
        assert value_of(figures, "postgres_statement_duration_seconds_count", query=query) >= 1
    assert value_of(figures, "slot_pair_locks_total", outcome="taken") == 1
    assert value_of(figures, "bcrypt_duration_seconds_count") == 1
    assert value_of(figures, "postgres_connects_total") >= 1
    assert value_of(figures, "postgres_pool_size") >= value_of(figures, "postgres_pool_idle") >= 1
    assert value_of(figures, "http_requests_in_flight") == 1, "the scrape itself"


async def test_a_scrape_that_is_charged_itself_finds_the_lanes_at_rest(served: Served) -> None:
    async with served(rate_limit=True) as api:
        figures = await figures_of(api)
    assert value_of(figures, "lane_batch_items_sum", lane="limit") == 1, "it was charged"
    assert value_of(figures, "lane_batches_in_flight", lane="limit") == 0


async def test_items_that_a_lane_refuses_are_counted(served: Served, ada: Person) -> None:
    async with served(lane_queue=1, lane_width=1, lane_batch=1) as api:
        replies = await asyncio.gather(*(api.get("/api/me/", who=ada) for _ in range(100)))
        refused = [reply for reply in replies if reply.status == 503]
        figures = await figures_of(api)
    assert refused
    check_problem(refused[0], 503, "unavailable")
    assert value_of(figures, "lane_shed_total", lane="session", reason="full") == len(refused)


async def test_refusals_of_the_limiter_are_counted(served: Served) -> None:
    async with served(rate_limit=True, login_limit=1, xheaders=True) as api:
        for _ in range(3):
            await api.post(
                "/api/login/",
                {"username": "metrics", "password": "x"},
                headers={"X-Real-IP": "198.51.100.77"},
            )
        figures = await figures_of(api)
    assert value_of(figures, "limiter_refusals_total", limit="login") == 2


async def test_each_limit_is_there_before_it_refuses_anybody(served: Served) -> None:
    """Or Prometheus would not see the first refusals as a rise."""
    async with served(rate_limit=True) as api:
        figures = await figures_of(api)
    name = "booking_limiter_refusals_total"
    told = {dict(labels)["limit"]: value for (one, labels), value in figures.items() if one == name}
    logins = {"login", "login-address", "login-stranger", "login-account"}
    assert told == dict.fromkeys({"user", "writes", "address", "probe", "register"} | logins, 0)


@pytest.mark.parametrize(
    ("setting", "figure", "kind"),
    [
        ("redis_url", "redis_errors_total", "ConnectionError"),
        ("database_url", "postgres_connect_failures_total", ""),
    ],
)
async def test_a_server_that_is_gone_is_counted(
    served: Served, setting: str, figure: str, kind: str
) -> None:
    urls = {"redis_url": "redis://127.0.0.1:1/0", "database_url": "postgresql://x@127.0.0.1:1/x"}
    labels = {"kind": kind} if kind else {}
    async with served(**{setting: urls[setting]}) as api:
        before = value_of(await figures_of(api), figure, **labels)
        check_problem(await api.get("/readyz"), 503, "unavailable")
        after = value_of(await figures_of(api), figure, **labels)
    assert after > before


async def test_a_statement_that_fails_is_counted_by_its_name(
    served: Served, deps: Deps, given: Given, database: Any
) -> None:
    [slot_id] = await given.make_slots(1)
    other = await given.make_person("patient")
    async with served(lock_timeout=0.05, statement_timeout=0.5) as api:
        with database.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT FROM slot WHERE id = %s FOR UPDATE", [slot_id])
            check_problem(await api.book(other, slot_id), 503, "unavailable")
            cursor.execute("ROLLBACK")
        figures = await figures_of(api)
    assert value_of(figures, "postgres_errors_total", kind="lock_not_available") == 1


async def test_a_username_that_is_taken_is_no_error(served: Served, ada: Person) -> None:
    body = {"username": "ada", "email": "ada@example.org", "password": PASSWORD}
    async with served() as api:
        check_problem(await api.post("/api/register/", body), 409, "username_taken")
        figures = await figures_of(api)
    assert not [key for key in figures if "unique" in str(key)]


async def test_a_client_who_leaves_before_the_end_is_no_error_of_ours(
    served: Served, ada: Person
) -> None:
    async with served() as api:
        host, port = api.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /api/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0.05)
        figures = await figures_of(api)
    assert not [key for key in figures if ("status", "500") in key[1]]


async def test_two_applications_count_for_themselves(served: Served) -> None:
    async with served() as one, served() as other:
        await one.get("/healthz")
        ours, theirs = await figures_of(one), await figures_of(other)
    labels = {"route": "/healthz/", "method": "GET", "status": "200"}
    assert value_of(ours, "http_requests_total", **labels) == 1
    assert value_of(theirs, "http_requests_total", **labels) == 0


def test_no_two_routes_are_counted_as_one() -> None:
    handlers: list[Callable[..., Any]] = [handler for _, handler in ROUTES]
    assert len(set(handlers)) == len(handlers)
    assert len({readable(pattern) for pattern, _ in ROUTES}) == len(ROUTES)


def test_instruments_are_made_as_often_as_wanted() -> None:
    assert Metrics().exposition().split("\n")[0] == Metrics().exposition().split("\n")[0]
