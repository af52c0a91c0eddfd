"""How processes tell each other that there are new events: a courtesy, since each looks by itself
every second."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from redis.asyncio import Redis

from service.errors import Unavailable
from service.store.redis.client import guarded

CHANNEL = "events"
PATIENCE = 30.0  # seconds for a word, after which it is waited for again
AGAIN = 1.0  # seconds until a lost connection is made anew


async def publish(redis: Redis, position: int) -> None:
    """Tell all processes that there are events up to this one, if that can be."""
    with contextlib.suppress(Unavailable), guarded():
        await redis.publish(CHANNEL, str(position))


async def heard(redis: Redis) -> AsyncIterator[int]:
    """What others publish, for ever; what is said while the connection is lost is not heard. On a
    Redis Cluster, whose client can't listen, nothing is."""
    while hasattr(redis, "pubsub"):
        with contextlib.suppress(Unavailable), guarded():
            async with redis.pubsub(ignore_subscribe_messages=True) as listening:
                await listening.subscribe(CHANNEL)
                while True:
                    message = await listening.get_message(timeout=PATIENCE)
                    if message is not None:
                        yield int(message["data"])
        await asyncio.sleep(AGAIN)
