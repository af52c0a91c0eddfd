"""Tornado, nginx, and how long each waits for the next."""

import asyncio
import re
import socket
import struct
from typing import Any

import psycopg2

from service import app as service_app
from service.deps import Deps
from service.http.wire.limits import LIMITS
from service.settings import ROOT, Settings
from tests.api.checks import Wire
from tests.cast import Api, Given, Person

NGINX = "".join(path.read_text() for path in sorted((ROOT / "deploy").glob("nginx*.conf")))


def _shortest(directive: str) -> float:
    """In seconds; streams, and who waits for events, may take longer."""
    return min(map(float, re.findall(rf"^\s*{directive} (\d+)s;", NGINX, re.MULTILINE)))


def test_an_idle_connection_is_never_ended_by_us_first() -> None:
    """T-T2: nginx's 60 s must end before ours, or a request meets a connection that is closing."""
    ours = re.findall(r"keepalive \d+;.*?keepalive_timeout (\d+)s;", NGINX, re.DOTALL)
    assert len(ours) == 2, "one in each upstream that keeps connections"
    assert LIMITS.idle_time > max(60.0, *map(float, ours))


def test_whoever_waits_waits_longer_than_the_one_behind() -> None:
    """T-T8: client > nginx > request > statement > row lock."""
    defaults = Settings()
    waits = [
        _shortest("proxy_read_timeout"),
        defaults.request_deadline,
        defaults.statement_timeout,
        defaults.lock_timeout,
    ]
    assert waits == sorted(waits, reverse=True)
    assert len(set(waits)) == 4
    assert "limit_req_status 429;" in NGINX
    assert "$proxy_add_x_forwarded_for" not in NGINX


async def test_what_is_in_flight_at_a_stop_is_answered_first(
    settings: Settings, given: Given, ada: Person
) -> None:
    """T-T4: close_all_connections() cut it off, and the client never heard of its booking."""
    (slot_id,) = await given.make_slots(1)
    holder = psycopg2.connect(settings.database_url)
    with holder.cursor() as cursor:
        cursor.execute("SELECT FROM slot WHERE id = %s FOR UPDATE", [slot_id])
    async with service_app.opened(settings) as deps:
        server, port = service_app.listen(deps)
        api = Api(f"http://127.0.0.1:{port}")
        booking = asyncio.ensure_future(api.book(ada, slot_id))
        while not deps.traffic.in_flight:
            await asyncio.sleep(0.01)
        # Not announced, or it would be answered before anything is closed.
        draining = asyncio.ensure_future(service_app.drain(server, deps, announced=False))
        await asyncio.sleep(0.3)
        holder.rollback()
        reply = await booking
        await draining
        api.close()
    holder.close()
    assert (reply.status, reply.headers["Connection"]) == (201, "close")


async def test_a_client_that_has_gone_changes_nothing_about_what_it_asked(
    api: Api, deps: Deps, given: Given, ada: Person, database: Any
) -> None:
    """T-T3: its handler is not cancelled; the booking is made whole."""
    (slot_id,) = await given.make_slots(1)
    body = b'{"slot": %d}' % slot_id
    async with Wire.open(api) as wire:
        wire._writer.write(
            b"POST /api/appointments/ HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n"
            b"Authorization: Token %s\r\n\r\n%s" % (len(body), ada.token.encode(), body)
        )
        await wire._writer.drain()
        while not deps.traffic.in_flight:
            await asyncio.sleep(0)
        # Reset: after a mere end of what it sends, a client still hears its answer.
        link = wire._writer.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire._writer.transport.abort()
    rows: list[Any] = []
    for _ in range(100):
        await asyncio.sleep(0.02)
        with database.cursor() as cursor:
            cursor.execute("SELECT status FROM appointment WHERE slot_id = %s", [slot_id])
            rows = cursor.fetchall()
        if rows:
            break
    with database.cursor() as cursor:
        cursor.execute("SELECT booked FROM slot WHERE id = %s", [slot_id])
        assert cursor.fetchone() == (len(rows),)
    assert rows == [("booked",)]
