"""Trouble with Redis."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.prove.faults.kind import HUNG, SOON, NoEffect, Turn, fault, until
from tests.prove.faults.processes import send_signal, stopped
from tests.prove.stage import Stage


@contextlib.asynccontextmanager
async def admin(stage: Stage) -> AsyncIterator["Redis"]:
    """A client past the proxy."""
    client = Redis.from_url(stage.redis_url, socket_timeout=5.0)
    try:
        yield client
    finally:
        await client.aclose()


async def accepts(stage: Stage) -> None:
    """Return when Redis answers, with its data loaded. Raises TimeoutError."""

    async def answers() -> bool:
        async with admin(stage) as client:
            try:
                return bool(await client.ping())
            except (RedisError, OSError):
                return False

    await until(answers, SOON)


def pid_of(stage: Stage) -> int:
    """The process. Raises NoEffect when there is none."""
    process = stage.redis.process
    if process is None or process.poll() is not None:
        raise NoEffect("Redis was not running")
    return process.pid


@fault("redis-killed", "kill -9 of Redis", "redis", (0.0, 0.5))
async def killed(turn: Turn) -> str:
    """It comes back with what its append-only file holds."""
    stage, pid = turn.stage, pid_of(turn.stage)
    stage.down.add(stage.redis.name)
    try:
        send_signal([pid], signal.SIGKILL)
        await turn.last()
    finally:
        stage.down.discard(stage.redis.name)
    await accepts(stage)
    return f"process {pid} died"


@fault("redis-frozen", "SIGSTOP of Redis", "redis", (0.2, 1.5))
async def frozen(turn: Turn) -> str:
    """Nothing answers, nothing is refused."""
    pid = pid_of(turn.stage)
    try:
        send_signal([pid], signal.SIGSTOP)
        said = await stopped([pid])
        await turn.last()
        return said
    finally:
        send_signal([pid], signal.SIGCONT)


fault("redis-hung", "SIGSTOP of Redis for longer than any request", "redis", HUNG, weight=1)(frozen)


@fault("redis-flushed", "FLUSHALL", "redis", (0.0, 0.0), weight=1, forgets_tokens=True)
async def flushed(turn: Turn) -> str:
    """All tokens and locks are gone: whoever was in must log in again."""
    async with admin(turn.stage) as client:
        before = await client.dbsize()
        await client.flushall()
    return f"{before:,} keys deleted"


@fault("redis-clients-killed", "CLIENT KILL of all connections", "redis", (0.0, 0.3))
async def clients_killed(turn: Turn) -> str:
    """Connections end between a command and its reply."""
    ends, clock = 0, asyncio.get_running_loop().time
    until_then = clock() + turn.seconds
    async with admin(turn.stage) as client:
        while True:
            ends += await client.execute_command(
                "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"
            )
            if clock() >= until_then or turn.stop.is_set():
                break
            await asyncio.sleep(0.03)
    if not ends:
        raise NoEffect("nobody was connected")
    return f"{ends} connections killed"


@fault("redis-full", "Redis at maxmemory, with noeviction", "redis", (0.2, 0.9))
async def full(turn: Turn) -> str:
    """Reads go on; no token and no lock can be made."""
    async with admin(turn.stage) as client:
        try:
            await client.config_set("maxmemory", "1")
            await turn.last()
            try:
                await client.set("probe", "1", ex=1)
            except RedisError as error:
                return f"SET: {error}"
            raise AssertionError("Redis took a key over its maxmemory")
        finally:
            await client.config_set("maxmemory", "0")


@fault("locks-deleted", "locks deleted under their holders", "redis", (0.2, 0.8))
async def locks_deleted(turn: Turn) -> str:
    """Two may hold one lock: PostgreSQL decides, as always."""
    gone, clock = 0, asyncio.get_running_loop().time
    until_then = clock() + turn.seconds
    async with admin(turn.stage) as client:
        while clock() < until_then and not turn.stop.is_set():
            async for key in client.scan_iter("lock:*", count=1000):
                gone += await client.delete(key)
            await asyncio.sleep(0.002)
    if not gone:
        raise NoEffect("no lock was held")
    return f"{gone} locks deleted"
