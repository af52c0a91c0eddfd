"""Redis: a client with tight timeouts, whose errors come out as Unavailable."""

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff, NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from service.errors import Unavailable
from service.settings import Settings

log = logging.getLogger(__name__)

CONNECTIONS = 16

# Errors of this process so far, by kind; the usual ones from 0, so that a first one is a rise.
failed = Counter({"ConnectionError": 0, "TimeoutError": 0})


def connect(settings: Settings, *, repeat: bool) -> "Redis":
    """A client. With `repeat`, a command whose connection broke is sent once more: only for
    commands that may run twice, never for locks and limits (their lost reply would count).
    One that got no answer in time is not: a server that hangs would keep everybody twice as long.
    """
    broke = (RedisConnectionError,)
    retry = Retry(ConstantBackoff(0.01), 1, broke) if repeat else Retry(NoBackoff(), 0)
    pool = BlockingConnectionPool.from_url(
        settings.redis_url,
        max_connections=CONNECTIONS,
        timeout=settings.redis_timeout,
        socket_timeout=settings.redis_timeout,
        socket_connect_timeout=settings.redis_timeout,
        retry=retry,
        client_name="booking",
    )
    return Redis.from_pool(pool)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Whatever Redis does wrong inside is Unavailable: fail closed, never guess."""
    try:
        yield
    except (RedisError, OSError) as error:  # TimeoutError is an OSError
        kind = type(error).__name__
        failed[kind] += 1
        why = (str(error).splitlines() or [""])[0]
        log.warning("Redis failed", extra={"fields": {"kind": kind, "error": why}})
        raise Unavailable from error
