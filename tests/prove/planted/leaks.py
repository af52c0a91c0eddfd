"""Bugs that leave something behind, or wait for ever: the server ails long after the fault."""

import contextlib
import dataclasses
import sys
from collections.abc import AsyncIterator
from typing import Any

from service.store import postgres, redis
from service.store.pool import Link, Pool
from service.store.postgres import Postgres
from service.store.redis.locks import Locks
from tests.prove.planted.ground import Ground, bug

FOREVER = 60.0  # seconds


@bug("I14 I16 I17", "backend-killed,sessions-terminated")
def connection_not_given_back(ground: Ground) -> None:
    """A connection that broke while it was used is never given back."""
    link = Pool.link

    @contextlib.asynccontextmanager
    async def lost(self: Pool) -> AsyncIterator[Link]:
        async with link(self) as one:
            try:
                yield one
            except Exception:
                if one.connection.closed:
                    self._permits._value -= 1  # one less, for good
                raise

    ground.put(Pool, "link", lost)


@bug("I10 I14 I16")
def lock_never_released(ground: Ground) -> None:
    """The Redis locks of a move are never released, and never end."""

    async def kept(self: Locks, owner: str, held: Any) -> None:
        pass

    ground.put(Locks, "_let_go", kept)
    begin = Locks.__init__

    def for_long(self: Locks, redis: Any, settings: Any) -> None:
        begin(self, redis, settings)
        self._ttl = 24 * 3600 * 1000

    ground.put(Locks, "__init__", for_long)


@bug("I14", "postgres-answer-lost,sessions-terminated,postgres-cut")
def lock_left_after_trouble(ground: Ground) -> None:
    """The Redis locks of a move that failed stay, for an hour."""
    begin, let_go = Locks.__init__, Locks._let_go

    def for_long(self: Locks, redis: Any, settings: Any) -> None:
        begin(self, redis, settings)
        self._ttl = 3600 * 1000

    async def let_go_if_well(self: Locks, owner: str, held: Any) -> None:
        if sys.exc_info()[0] is None:
            await let_go(self, owner, held)

    ground.put(Locks, "__init__", for_long)
    ground.put(Locks, "_let_go", let_go_if_well)


@bug("I15", "redis-hung")
def redis_waited_for(ground: Ground) -> None:
    """Redis is given a minute to answer."""
    connect = redis.connect

    def patient(settings: Any, *, repeat: bool) -> Any:
        return connect(dataclasses.replace(settings, redis_timeout=FOREVER), repeat=repeat)

    ground.put(redis, "connect", patient)


@bug("I15", "postgres-hung")
def postgres_waited_for(ground: Ground) -> None:
    """PostgreSQL is given a minute to answer, whatever is left of the request."""

    def everything(most: float) -> float:
        return most

    begin = Postgres.__init__

    def patient(self: Postgres, settings: Any, queries: Any) -> None:
        begin(self, settings, queries)
        self._timeout = FOREVER

    ground.put(Postgres, "__init__", patient)
    ground.put(postgres, "left", everything)
