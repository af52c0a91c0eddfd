"""A receiver of webhooks that fails now and then, and notes all that it hears."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg2
from standardwebhooks import WebhookVerificationError

from tests.prove.client import Client
from tests.prove.people import PASSWORD
from tests.prove.times.furnish import FURNISHER, said
from tests.receiver import OK, Got, Receiver, status

FAILS = 0.03  # of all events, at their first try: none waits for a third
PATIENCE = 60.0  # seconds until all is told
SENDING = 20.0  # seconds after which who has a lease is dead, which would take a minute to see
SOON = 1.0

LEFT = """
SELECT (SELECT count(*) FROM outbox)
     + (SELECT count(*) FROM delivery WHERE status = 'pending')
     + (SELECT coalesce(sum(head.position - webhook.position), 0)
          FROM webhook, event_head AS head WHERE webhook.status <> 'deleted')
"""

LEASES_END = """
UPDATE delivery SET leased_until = now() WHERE leased_until IS NOT NULL;
UPDATE webhook SET wakes_at = now()
"""


class Heard(msgspec.Struct, array_like=True, gc=False):
    """Something that came. `event` is its id, 0 for none; version that of the appointment."""

    arrived_at: float
    answered_at: float
    event: int
    type: str
    appointment: int
    version: int
    taken: bool
    signed: bool


@dataclass
class Ear:
    """What is heard through one webhook."""

    write: Callable[[Heard], None]
    random: random.Random
    failed: set[str]
    secret: str = ""

    async def answer(self, got: Got, writer: asyncio.StreamWriter) -> None:
        """Take it, or not, and note that."""
        arrived_at = time.monotonic()
        taken = got.id in self.failed or self.random.random() >= FAILS
        if not taken:
            self.failed.add(got.id)
        self.write(heard(got, self.secret, arrived_at, taken))
        writer.write(OK if taken else status(500))


def heard(got: Got, secret: str, arrived_at: float, taken: bool) -> Heard:
    """What came, as short as it can be."""
    try:
        got.verified(secret)
        signed = True
    except WebhookVerificationError:
        signed = False
    body = json.loads(got.body)
    number = "" if "_test_" in got.id else got.id.rpartition("_")[2]
    return Heard(
        arrived_at,
        time.monotonic(),
        int(number) if number.isdecimal() else 0,
        body["type"],
        body["data"].get("appointment_id", 0),
        body["data"].get("version", 0),
        taken,
        signed,
    )


@contextlib.asynccontextmanager
async def hearing(server: Any, write: Callable[[Heard], None], seed: int) -> AsyncIterator[Ear]:
    """Within it, all that happens is sent to a receiver of ours, by an admin's webhook."""
    ear = Ear(write, random.Random(seed), set())
    receiver = Receiver()
    receiver.usual = ear.answer
    async with receiver.listening():
        client = Client()
        try:
            admin = {"username": FURNISHER, "password": PASSWORD}
            token = (await said(client, server, "POST", "/api/login/", admin))["token"]
            body = {"url": receiver.url}
            ear.secret = (await said(client, server, "POST", "/api/webhooks/", body, token))[
                "secret"
            ]
        finally:
            client.close()
        yield ear


def untold(url: str) -> int:
    """How much of what has happened is still to be told, once nothing more comes."""
    began, left, ended = time.monotonic(), -1, False
    while left and time.monotonic() < began + PATIENCE:
        with contextlib.suppress(psycopg2.Error), contextlib.closing(psycopg2.connect(url)) as link:
            link.autocommit = True
            cursor = link.cursor()
            cursor.execute(LEFT)
            [(left,)] = cursor.fetchall()
            if left and not ended and time.monotonic() > began + SENDING:
                cursor.execute(LEASES_END)
                ended = True
        if left:
            time.sleep(SOON)
    return int(left)
