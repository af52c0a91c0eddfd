"""Redis: a client with tight timeouts, whose errors come out as Unavailable."""

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import DefaultParser
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException, RedisError
from redis.maint_notifications import MaintNotificationsConfig

from service.errors import Unavailable
from service.settings import Settings
from service.store.redis.several import CLUSTER, SENTINELS, behind_sentinels, cluster

log = logging.getLogger(__name__)

CONNECTIONS = 16
# A cluster of which nobody answers, or nobody has a key's part, raises what is no RedisError.
ERRORS = (RedisError, RedisClusterException, OSError)  # TimeoutError is an OSError

# Errors of this process so far, by kind; the usual ones from 0, so that a first one is a rise.
failed = Counter({"ConnectionError": 0, "TimeoutError": 0})


class Parser(DefaultParser):  # type: ignore[misc, valid-type]
    """Knows of a connection that was reset while nobody asked; redis-py 8 of one that ended."""

    async def can_read(self) -> bool:
        """Whether the connection is not to be used again as it is."""
        if self._stream is not None and self._stream.exception() is not None:
            return True
        return bool(await super().can_read())


def connect(settings: Settings, *, repeat: bool) -> "Redis":
    """A client. With `repeat`, a command whose connection broke is sent once more: only for
    commands that may run twice, never for locks and limits (their lost reply would count).
    One that got no answer in time is not: a server that hangs would keep everybody twice as long.
    """
    broke = (RedisConnectionError,)
    options: dict[str, Any] = {
        "socket_timeout": settings.redis_timeout,
        "socket_connect_timeout": settings.redis_timeout,
        "retry": Retry(ConstantBackoff(0.01), 1, broke) if repeat else Retry(NoBackoff(), 0),
        "client_name": "booking",
        # With them a pool does not look whether a connection that it takes has been closed.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    url = settings.redis_url
    if url.startswith(CLUSTER):
        return cluster(url, options)
    options["parser_class"] = Parser
    if url.startswith(SENTINELS):
        return behind_sentinels(url, options)
    waiting = {"max_connections": CONNECTIONS, "timeout": settings.redis_timeout}
    return Redis.from_pool(BlockingConnectionPool.from_url(url, **waiting, **options))


def check(settings: Settings) -> None:
    """Raise ValueError, TypeError or RedisError if REDIS_URL has options that are none."""
    client = connect(settings, repeat=False)
    if isinstance(client, Redis):
        client.connection_pool.make_connection()  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Whatever Redis does wrong inside is Unavailable: fail closed, never guess."""
    try:
        yield
    except ERRORS as error:
        kind = type(error).__name__
        failed[kind] += 1
        why = (str(error).splitlines() or [""])[0]
        log.warning("Redis failed", extra={"fields": {"kind": kind, "error": why}})
        raise Unavailable from error
