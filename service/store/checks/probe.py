"""Looks at both servers as they are, for `doctor`: plain connections, nothing changed."""

import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any, NamedTuple

import psycopg2
import redis
from redis.exceptions import RedisError as RedisError

from service.settings import Settings
from service.store.checks import fitness, safety
from service.store.plain import Plain
from service.store.postgres import dsn


class Clock(NamedTuple):
    """How far a server's clock is from ours, and how long it took to ask, both in seconds."""

    ahead: float
    asked: float


class ZoneFacts(NamedTuple):
    """A zone that providers have, whose clock stands in for it, and by how many seconds that is
    ahead of UTC at some instants; None where PostgreSQL does not know it."""

    name: str
    clock: str
    offsets: list[int] | None


class PostgresFacts(NamedTuple):
    """What PostgreSQL says of itself; `faults` are what `serve` refuses to start for."""

    about: Any
    faults: list[str]
    clock: Clock
    zones: list[ZoneFacts]


class RedisFacts(NamedTuple):
    """What Redis says of itself, by the names of INFO; `appendfsync` is empty if it may not."""

    info: dict[str, Any]
    appendfsync: str
    clock: Clock


def ask_postgres(settings: Settings, instants: Callable[[str], list[datetime]]) -> PostgresFacts:
    """Look at PostgreSQL, and at what the clocks of providers show at each one's instants.

    Raises psycopg2.Error.
    """
    with closing(psycopg2.connect(dsn(settings))) as connection:
        connection.set_session(readonly=True, autocommit=True)
        db = Plain(connection)
        began = time.time()
        [about] = db.run("server_facts")
        asked = time.time() - began
        clock = Clock(about.clock.timestamp() - began - asked / 2, asked)
        zones = []
        if about.has_clocks:
            for name, shown_by in db.run("provider_zones"):
                offsets = _offsets(db, shown_by, instants(name))
                zones.append(ZoneFacts(name, shown_by, offsets))
        faults = [*fitness.unusable(connection), *safety.faults(connection)]
        return PostgresFacts(about, faults, clock, zones)


def _offsets(db: Plain, zone: str, instants: list[datetime]) -> list[int] | None:
    try:
        [row] = db.run("provider_zone_offsets", time_zone=zone, instants=instants)
    except psycopg2.errors.InvalidParameterValue:
        return None
    offsets: list[int] = row[0]
    return offsets


def ask_redis(settings: Settings) -> RedisFacts:
    """Look at Redis. Raises redis.RedisError, OSError."""
    patience = max(settings.redis_timeout, 1.0)
    with closing(
        redis.Redis.from_url(
            settings.redis_url,
            decode_responses=True,
            socket_timeout=patience,
            socket_connect_timeout=patience,
        )
    ) as client:
        client.ping()
        began = time.time()
        seconds, microseconds = client.time()
        asked = time.time() - began
        clock = Clock(seconds + microseconds / 1e6 - began - asked / 2, asked)
        info = client.info()
        try:
            appendfsync = client.config_get("appendfsync").get("appendfsync") or ""
        except redis.ResponseError:  # closed to this user, as managed services do
            appendfsync = ""
    return RedisFacts(info, appendfsync, clock)
