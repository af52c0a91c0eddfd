"""Bookings while webhooks go out beside them."""

import asyncio
import contextlib
import json
import os
from typing import Any

from service.settings import Settings
from tests.load.children import started
from tests.load.limits import Arm, Measure
from tests.load.report.words import duration, rate
from tests.load.target import witness
from tests.load.targets.stand import Row, Stand, in_turn, stand

A_MINUTE = 5000
EVERY = 0.1  # seconds between what happens
BESIDE = 0.9  # of the bookings that there are without
OK = {"status": 200, "headers": {}, "body": "taken"}

# Something that happens as often as it is told to, and a webhook of nothing else.
GROUND = """
WITH owner AS (
    INSERT INTO account (username, email, password_hash, role)
    VALUES ('told', 'told@example.org', '', 'admin')
    RETURNING id
), service AS (
    INSERT INTO service (name, duration_minutes, step_minutes) VALUES ('Told', 30, 30)
    RETURNING id
), webhook AS (
    INSERT INTO webhook (owner_id, url, types, position)
    SELECT owner.id, %s, '{service.changed}', head.position FROM owner, event_head AS head
)
SELECT service.id FROM service
"""
HAPPENS = """
INSERT INTO outbox (type, subject_id) SELECT 'service.changed', %s FROM generate_series(1, %s)
"""
TAKEN = """
SELECT count(*), coalesce(percentile_disc(0.99) WITHIN GROUP (
           ORDER BY extract(epoch FROM delivery.settled_at - event.at)), 0)::float
  FROM delivery JOIN event ON event.id = delivery.event_id
 WHERE delivery.status = 'delivered'
   AND delivery.settled_at >= now() - %s * interval '1 second'
"""


async def webhooks(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """bookings beside 5,000 webhooks a minute"""
    async with stand(settings, {"WEBHOOK_PRIVATE_ADDRESSES": "on"}) as here:
        with receiver(here) as url:
            book = here.arm(here.scenario("book"))
            told = Told(here, url, book)
            found = await in_turn({"alone": book, "beside": told}, repeat, seconds)
            await here.check()
    share = found["beside"].throughput / found["alone"].throughput
    taken = min(told.taken)
    wanted = A_MINUTE / 60
    return [
        Row("bookings a second beside webhooks", "", rate(found["beside"].throughput)),
        Row("the same, by those without", f"≥ {BESIDE}", f"{share:.2f}", share >= BESIDE),
        Row("webhooks a second that were taken meanwhile", f"≥ {wanted:.0f}", rate(taken),
            taken >= wanted),
        Row("from what happened to who was told, p99", "", duration(max(told.lags) * 1e6)),
    ]  # fmt: skip


@contextlib.contextmanager
def receiver(here: Stand) -> Any:
    """A server of its own that takes everything; its URL."""
    path = here.target.folder / "receiver.json"
    path.write_text(json.dumps(OK))
    words = ["-m", "tests.load.bare", str(path)]
    with started(here.target.folder, "receiver", words, os.environ) as child:
        yield f"http://{child.address[0]}:{child.address[1]}/"


class Told:
    """An arm beside which things happen, each of which is told by a webhook."""

    def __init__(self, here: Stand, url: str, arm: Arm) -> None:
        self._here, self._arm = here, arm
        self.taken: list[float] = []  # a second
        self.lags: list[float] = []  # seconds
        [(self._service,)] = self._ask(GROUND, url)

    async def __call__(self, seconds: float) -> Measure:
        loop = asyncio.get_running_loop()
        began = loop.time()
        happening = asyncio.create_task(self._happen())
        try:
            return await self._arm(seconds)
        finally:
            happening.cancel()
            took = loop.time() - began
            [(count, lag)] = self._ask(TAKEN, took)
            self.taken.append(count / took)
            self.lags.append(lag)

    async def _happen(self) -> None:
        loop = asyncio.get_running_loop()
        at, count = loop.time(), round(A_MINUTE / 60 * EVERY)
        while True:
            await asyncio.to_thread(self._ask, HAPPENS, self._service, count)
            at += count * 60 / A_MINUTE
            await asyncio.sleep(max(0.0, at - loop.time()))

    def _ask(self, text: str, *parameters: Any) -> list[Any]:
        assert self._here.target.settings
        with witness(self._here.target.settings) as connection, connection.cursor() as cursor:
            cursor.execute(text, parameters)
            return list(cursor.fetchall()) if cursor.description else []
