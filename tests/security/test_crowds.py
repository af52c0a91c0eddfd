"""A8, A10, A12: crowds at one door. Whoever books notices nothing of logins without end, of clients
that are slow on purpose, or of addresses that are made up.

SLOW sets how many slow clients there are; 5,000 need `ulimit -n 20000`.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.settings import WIRES, Settings
from service.store.embedded import Embedded
from tests.api.conftest import Served
from tests.bad_input.wire import request
from tests.cast import PASSWORD, Api, Given, Person
from tests.deploy.test_nginx import serve
from tests.live import Live
from tests.security.doors import needs_nginx, process

__all__ = ["serve"]
SLOW = int(os.environ.get("SLOW", "600"))
NORMAL = 150  # requests beside the slow ones
LOGINS = 100


@pytest.fixture(params=WIRES)
def live(
    request: pytest.FixtureRequest,
    servers: Embedded,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Live]:
    told = {
        "REDIS_URL": f"{settings.redis_url}?db={8 + WIRES.index(request.param)}",
        "WIRE": request.param,
        "XHEADERS": "on",
        "LOGIN_ADDRESS_LIMIT": "10",
        "ADDRESS_LIMIT": "1000000",
        "BCRYPT_ROUNDS": "4",
    }
    urls = servers.admin_url or "", settings.database_url
    with process(tmp_path_factory, *urls, **told) as live:
        yield live


def cpu(live: Live) -> float:
    """Seconds of processor time that the process has had."""
    fields = Path(f"/proc/{live.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _normal(live: Live) -> tuple[float, float]:
    """The 99th percentile of normal requests, and the processor time of one, in milliseconds."""
    api = Api(live.url)
    times, before = [], cpu(live)
    for _ in range(NORMAL):
        began = time.perf_counter()
        assert (await api.get("/api/slots/?limit=1")).status == 200
        times.append(time.perf_counter() - began)
    api.close()
    return sorted(times)[-2] * 1000, (cpu(live) - before) / NORMAL * 1000


async def _quiet(live: Live) -> None:
    before = -1.0
    while cpu(live) - before > 0.02:
        before = cpu(live)
        await asyncio.sleep(0.3)


async def test_slow_clients_in_number_take_nothing_from_the_others(live: Live) -> None:
    body = request("POST", "/api/login/", b"{" + b" " * 900)
    kinds = [
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ",  # a head without an end
        body[:-800],  # a body without an end
        b"",  # nothing at all
        request("GET", "/api/openapi.json") * 6,  # many answers that nobody reads
    ]
    alone = await _normal(live)
    before = live.memory
    with contextlib.ExitStack() as crowd:
        for number in range(SLOW):
            one = crowd.enter_context(socket.create_connection((live.host, live.port)))
            one.sendall(kinds[number % len(kinds)])
        await _quiet(live)  # until each of them only holds its connection
        beside = await _normal(live)
        grown = live.memory - before
        print(
            f"\n{SLOW} slow clients: p99 {alone[0]:.1f} -> {beside[0]:.1f} ms, CPU of a request "
            f"{alone[1]:.2f} -> {beside[1]:.2f} ms, memory +{grown >> 10} KiB"
        )
    assert beside[1] < max(2 * alone[1], alone[1] + 2), "the others pay for the slow ones"
    assert grown < SLOW * 512 * 1024
    assert (await _normal(live))[0] < 5000


@needs_nginx
async def test_made_up_addresses_lift_no_limit_behind_nginx(
    live: Live, serve: Callable[..., int]
) -> None:
    api = Api(f"http://127.0.0.1:{serve('nginx.conf', [live.port])}")
    statuses = []
    for number in range(30):
        spoofed = {
            "X-Real-IP": f"203.0.113.{number}",
            "X-Forwarded-For": f"198.51.100.{number}",
            "Forwarded": f"for=192.0.2.{number}",
            "X-Scheme": "https",
        }
        wrong = {"username": f"nobody{number}", "password": "guess"}
        statuses.append((await api.post("/api/login/", wrong, headers=spoofed)).status)
    api.close()
    assert statuses == 10 * [401] + 20 * [429]


async def test_nor_where_there_is_no_proxy(served: Served) -> None:
    async with served(rate_limit=True, login_address_limit=5) as api:
        statuses = []
        for number in range(12):
            spoofed = dict.fromkeys(("X-Real-IP", "X-Forwarded-For"), f"203.0.113.{number}")
            wrong = {"username": f"no-one{number}", "password": "guess"}
            statuses.append((await api.post("/api/login/", wrong, headers=spoofed)).status)
        assert statuses[0] in (401, 429)
        assert statuses[5:] == 7 * [429]


async def test_logins_without_end_refuse_no_booking(
    served: Served, given: Given, ada: Person
) -> None:
    slots = await given.make_slots(40)
    async with served(bcrypt_rounds=12, bcrypt_processes=1, bcrypt_queue=8) as api:
        wrong = {"username": "nobody-at-all", "password": PASSWORD}
        flood = [asyncio.ensure_future(api.post("/api/login/", wrong)) for _ in range(LOGINS)]
        times = []
        for slot_id in slots:
            began = time.perf_counter()
            assert (await api.book(ada, slot_id)).status == 201
            times.append(time.perf_counter() - began)
        answers = await asyncio.gather(*flood)
    statuses = {reply.status for reply in answers}
    assert statuses == {401, 503}, "the queue is bounded, and what is in it is answered"
    assert all(reply.headers["Retry-After"] for reply in answers if reply.status == 503)
    assert sum(reply.status == 401 for reply in answers) <= 30
    assert sorted(times)[len(times) // 2] < 0.5
