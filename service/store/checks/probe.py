"""Looks at both servers as they are, for `doctor`: plain connections, nothing changed."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import psycopg2
from redis.asyncio import RedisCluster
from redis.exceptions import ResponseError

from service.settings import Settings
from service.store.checks import fitness, safety
from service.store.plain import Plain
from service.store.postgres import dsn
from service.store.redis import connect

MOST_PROVIDERS = 10_000  # looked at
PATIENCE = 1.0  # seconds to wait for Redis at least


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
    """What Redis says of itself, by the names of INFO; `appendfsync` is empty if it may not, `name`
    but for the nodes of a cluster."""

    info: dict[str, Any]
    appendfsync: str
    clock: Clock
    name: str = ""


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


def off_wall(settings: Settings) -> dict[int, int]:
    """By provider, how many coming slots begin at another reading than was promised; of a current
    schema. Raises psycopg2.Error."""
    with closing(psycopg2.connect(dsn(settings))) as connection:
        connection.set_session(readonly=True, autocommit=True)
        rows = Plain(connection).run("opening_off_wall", after_id=0, limit=MOST_PROVIDERS)
        return {provider_id: slots for provider_id, slots in rows if slots}


def _offsets(db: Plain, zone: str, instants: list[datetime]) -> list[int] | None:
    offsets: list[int]
    try:
        [(offsets,)] = db.run("provider_zone_offsets", time_zone=zone, instants=instants)
    except psycopg2.errors.InvalidParameterValue:
        return None
    return offsets


async def ask_redis(settings: Settings) -> list[RedisFacts]:
    """Look at each Redis that takes writes: one, or all of a cluster. Raises redis.ERRORS."""
    patient = replace(settings, redis_timeout=max(settings.redis_timeout, PATIENCE))
    client: Any = connect(patient, repeat=False)
    try:
        await client.ping()
        if isinstance(client, RedisCluster):
            return [await _facts(client, node.name, to=node) for node in client.get_primaries()]
        return [await _facts(client, "")]
    finally:
        await client.aclose()


async def _facts(client: Any, name: str, to: Any = None) -> RedisFacts:
    """What one of them says, of a cluster that to which it is sent."""
    target = {"target_nodes": to} if to else {}
    began = time.time()
    seconds, microseconds = await client.time(**target)
    asked = time.time() - began
    clock = Clock(seconds + microseconds / 1e6 - began - asked / 2, asked)
    info = await client.info(**target)
    try:
        appendfsync = (await client.config_get("appendfsync", **target)).get("appendfsync") or ""
    except ResponseError:  # closed to this user, as managed services do
        appendfsync = ""
    return RedisFacts(info, appendfsync, clock, name)
