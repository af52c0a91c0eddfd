"""The worker that sends webhooks, in a process that is killed."""

import asyncio
import contextlib
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from service.settings import Settings
from tests.live import PATIENTLY, Live, served
from tests.receiver import OK, Got, Receiver

GROUND = """
WITH owner AS (
    INSERT INTO account (username, email, password_hash, role)
    VALUES ('told', 'told@example.org', '', 'admin')
    RETURNING id
), webhook AS (
    INSERT INTO webhook (owner_id, url, position, wakes_at)
    SELECT owner.id, %s, 0, now() FROM owner
    RETURNING id
)
INSERT INTO delivery (webhook_id, type, due_at, manual)
SELECT webhook.id, 'webhook.test', now(), true FROM webhook
"""
HAPPENS = """
WITH service AS (
    INSERT INTO service (name, duration_minutes, step_minutes) VALUES ('Told', 30, 30)
    RETURNING id
)
INSERT INTO outbox (type, subject_id) SELECT 'service.changed', service.id FROM service
"""
STATE = "SELECT status, attempts, leased_until > now() FROM delivery ORDER BY id DESC LIMIT 1"
LEASE_ENDS = "UPDATE delivery SET leased_until = now(); UPDATE webhook SET wakes_at = now()"
PATIENCE = 30.0  # seconds


@pytest.fixture
def cursor(scratch: Settings) -> Iterator[Any]:
    connection = psycopg2.connect(scratch.database_url)
    connection.autocommit = True
    with contextlib.closing(connection):
        yield connection.cursor()


def environment(settings: Settings) -> dict[str, str]:
    return PATIENTLY | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DEMO": "off",
        "WEBHOOK_KEY": "of this test",
        "WEBHOOK_PRIVATE_ADDRESSES": "on",
    }


def figures(live: Live) -> str:
    with urllib.request.urlopen(f"{live.url}/metrics") as answer:
        return str(answer.read().decode())


def state(cursor: Any) -> Any:
    cursor.execute(STATE)
    [found] = cursor.fetchall()
    return found


async def test_what_happens_is_told_at_once(scratch: Settings, cursor: Any, folder: Path) -> None:
    receiver = Receiver()
    async with receiver.listening():
        cursor.execute(GROUND, [receiver.url])
        with served(folder, environment(scratch)) as live:
            async with asyncio.timeout(PATIENCE):
                while len(receiver.got) < 1:
                    await asyncio.sleep(0.05)
                cursor.execute(HAPPENS)
                while len(receiver.got) < 2:
                    await asyncio.sleep(0.05)
                while state(cursor) != ("delivered", 1, None):
                    await asyncio.sleep(0.05)
            assert "booking_webhook_lag_seconds_count 1.0" in await asyncio.to_thread(figures, live)
    tested, happened = receiver.got
    assert (tested.json["type"], happened.json["type"]) == ("webhook.test", "service.changed")


async def test_what_was_taken_but_not_settled_is_sent_again_under_its_id(
    scratch: Settings, cursor: Any, folder: Path
) -> None:
    """kill -9 after the answer has left, before anything is kept of it."""
    receiver = Receiver()
    running: list[Live] = []

    async def takes_and_kills(got: Got, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        os.kill(running[0].process.pid, signal.SIGKILL)

    receiver.answers.append(takes_and_kills)
    async with receiver.listening():
        cursor.execute(GROUND, [receiver.url])
        ended = contextlib.suppress(AssertionError)  # which was not well
        with ended, served(folder, environment(scratch)) as first:
            running.append(first)
            async with asyncio.timeout(PATIENCE):
                while first.process.poll() is None:
                    await asyncio.sleep(0.05)
        assert state(cursor) == ("pending", 0, True)
        cursor.execute(LEASE_ENDS)
        with served(folder, environment(scratch)):
            async with asyncio.timeout(PATIENCE):
                while state(cursor)[0] != "delivered":
                    await asyncio.sleep(0.05)
    once, again = receiver.got
    assert once.id == again.id
    assert state(cursor)[1] == 1
    cursor.execute("SELECT count(*) FROM attempt")
    assert cursor.fetchone() == (1,)
