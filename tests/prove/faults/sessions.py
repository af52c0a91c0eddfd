"""Trouble with single sessions of PostgreSQL, with what they may do and with what they wait for."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from typing import Any

import psycopg2

from tests.prove.disk import admin_url
from tests.prove.faults.databases import accepts
from tests.prove.faults.kind import NoEffect, Turn, fault, until
from tests.prove.faults.processes import send_signal, stopped
from tests.prove.stage import Stage

OURS = "usename = 'booking' AND application_name = 'booking'"
COUNT = f"SELECT count(*) FROM pg_stat_activity WHERE {OURS}"
TERMINATE = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}"


@contextlib.contextmanager
def admin(stage: Stage) -> Iterator[Any]:
    """A cursor of the superuser in our database; each statement stands by itself."""
    connection = psycopg2.connect(admin_url(stage.embedded), connect_timeout=5)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def ask(stage: Stage, *statements: str) -> list[Any]:
    """Run statements as the superuser; the rows of the last one."""
    with admin(stage) as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


async def told(stage: Stage, *statements: str) -> list[Any]:
    """The same, beside the event loop."""
    return await asyncio.to_thread(ask, stage, *statements)


async def victims(stage: Stage, most: int) -> list[int]:
    """Backends of ours, busy ones first. Raises NoEffect when there is none."""
    rows = await told(
        stage,
        f"SELECT pid FROM pg_stat_activity WHERE {OURS}"
        f" ORDER BY state = 'active' DESC, random() LIMIT {most}",
    )
    if not rows:
        raise NoEffect("no session of ours was there")
    return [row[0] for row in rows]


@fault("backend-killed", "kill -9 of one backend, for which PostgreSQL restarts all", "postgres",
       (0.0, 0.0))  # fmt: skip
async def backend_killed(turn: Turn) -> str:
    """The postmaster ends all backends, recovers and goes on."""
    pids = send_signal(await victims(turn.stage, 1), signal.SIGKILL)
    if not pids:
        raise NoEffect("the backend had gone")
    await asyncio.sleep(0.05)
    await accepts(turn.stage)
    return f"backend {pids[0]} killed"


@fault("session-terminated", "pg_terminate_backend of one session", "postgres", (0.0, 0.0))
async def session_terminated(turn: Turn) -> str:
    """One session ends, perhaps in the middle of a statement."""
    pid = (await victims(turn.stage, 1))[0]
    if not (await told(turn.stage, f"SELECT pg_terminate_backend({pid})"))[0][0]:
        raise NoEffect("the backend had gone")
    return f"backend {pid} terminated"


@fault("sessions-terminated", "pg_terminate_backend of all sessions", "postgres", (0.0, 0.3))
async def sessions_terminated(turn: Turn) -> str:
    """All sessions end, over and over for a while."""
    ends, end = 0, time.monotonic() + turn.seconds
    while True:
        ends += len(await told(turn.stage, TERMINATE))
        if time.monotonic() >= end or turn.stop.is_set():
            break
        await asyncio.sleep(0.05)
    if not ends:
        raise NoEffect("no session of ours was there")
    return f"{ends} sessions terminated"


@fault("backend-frozen", "SIGSTOP of backends that are busy", "postgres", (0.2, 2.5))
async def backend_frozen(turn: Turn) -> str:
    """A few backends stand still, with the locks they hold."""
    pids = await victims(turn.stage, turn.dice.choice((1, 2, 4)))
    try:
        pids = send_signal(pids, signal.SIGSTOP)
        said = await stopped(pids)
        await turn.last()
        return said
    finally:
        send_signal(pids, signal.SIGCONT)


@fault("connections-limited", "PostgreSQL takes only two sessions of ours", "postgres", (0.2, 0.9))
async def limited(turn: Turn) -> str:
    """All sessions end and most can't come back."""
    stage = turn.stage
    try:
        await told(stage, "ALTER ROLE booking CONNECTION LIMIT 2")
        await until(lambda: few(stage))
        await turn.last()
        count = (await told(stage, COUNT))[0][0]
    finally:
        await told(stage, "ALTER ROLE booking CONNECTION LIMIT -1")
    if count > 2:
        raise AssertionError(f"{count} sessions got through a limit of 2")
    return f"{count} sessions at the end"


async def few(stage: Stage) -> bool:
    """Whether no more than two of our sessions are left; the others are being ended."""
    await told(stage, TERMINATE)
    return (await told(stage, COUNT))[0][0] <= 2


@fault("database-read-only", "the database takes no writes", "postgres", (0.2, 0.9))
async def read_only(turn: Turn) -> str:
    """Sessions that begin can only read; those of the fault live on when it is over."""
    stage = turn.stage
    try:
        await told(stage, "ALTER DATABASE booking SET default_transaction_read_only = on",
                   TERMINATE)  # fmt: skip
        await turn.last()
        said = (await told(stage, "SHOW default_transaction_read_only"))[0][0]
    finally:
        await told(stage, "SET default_transaction_read_only = off",
                   "ALTER DATABASE booking RESET default_transaction_read_only")  # fmt: skip
    if said != "on":
        raise AssertionError("the database took writes")
    await accepts(stage)
    return "new sessions could not write"


@contextlib.contextmanager
def transaction(stage: Stage, *statements: str) -> Iterator[int]:
    """A transaction of somebody else that holds what its statements lock; rows it touched."""
    with admin(stage) as cursor:
        cursor.execute("BEGIN")
        for statement in statements:
            cursor.execute(statement)
        try:
            yield cursor.rowcount
        finally:
            cursor.execute("ROLLBACK")


async def locked(turn: Turn, *statements: str) -> str:
    """Somebody else's session holds what our requests need."""
    stage = turn.stage
    holding = transaction(stage, "SET LOCAL lock_timeout = '3s'", *statements)
    try:
        rows = await asyncio.to_thread(holding.__enter__)
    except psycopg2.OperationalError as error:
        raise NoEffect(f"the lock was not to be had: {error}") from error
    try:
        await turn.last()
        waiting = (await told(stage, "SELECT count(*) FROM pg_locks WHERE NOT granted"))[0][0]
    finally:
        await asyncio.to_thread(holding.__exit__, None, None, None)
    if not waiting:
        raise NoEffect("nobody waited for the lock at its end")
    return f"{max(rows, 1)} locked, {waiting} waiting at the end"


@fault("rows-locked", "another session holds the locks of all slots", "postgres", (0.2, 1.8))
async def rows_locked(turn: Turn) -> str:
    """Books and moves wait, and give up after LOCK_TIMEOUT."""
    return await locked(turn, "SELECT id FROM slot ORDER BY id FOR UPDATE")


@fault("table-locked", "another session locks the table of appointments", "postgres", (0.2, 1.8))
async def table_locked(turn: Turn) -> str:
    """Reads of appointments wait as well."""
    return await locked(turn, "LOCK TABLE appointment IN ACCESS EXCLUSIVE MODE")


@fault("checkpoints", "checkpoints and new WAL segments, one after the other", "postgres",
       (0.3, 0.9))  # fmt: skip
async def checkpoints(turn: Turn) -> str:
    """Writes slow down; nothing else may happen."""
    made, end = 0, time.monotonic() + turn.seconds
    while time.monotonic() < end and not turn.stop.is_set():
        await told(turn.stage, "SELECT pg_switch_wal()", "CHECKPOINT")
        made += 1
    return f"{made} checkpoints"
