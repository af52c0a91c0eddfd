"""Trouble with PostgreSQL as a whole: it dies, restarts, stands still."""

import asyncio
import signal
import subprocess

import psycopg2

from tests.prove.faults.kind import HUNG, SOON, NoEffect, Turn, fault, until
from tests.prove.faults.processes import children, send_signal, stopped
from tests.prove.stage import Stage


def pid_of(stage: Stage) -> int:
    """The postmaster. Raises NoEffect when there is none."""
    process = stage.postgres.process
    if process is None or process.poll() is not None:
        raise NoEffect("PostgreSQL was not running")
    return process.pid


async def accepts(stage: Stage) -> None:
    """Return when PostgreSQL takes a session and a write. Raises TimeoutError."""

    def one_session() -> bool:
        try:
            connection = psycopg2.connect(stage.database_url, connect_timeout=2)
        except psycopg2.OperationalError:
            return False
        try:
            with connection.cursor() as cursor:
                cursor.execute("CREATE TEMPORARY TABLE probe ()")
            return True
        except psycopg2.Error:
            return False
        finally:
            connection.close()

    await until(lambda: asyncio.to_thread(one_session), 3 * SOON)


async def down(turn: Turn, what: signal.Signals) -> str:
    """The postmaster gets a signal that ends it, and is started again after a while."""
    stage = turn.stage
    pid = pid_of(stage)
    process = stage.postgres.process
    assert process
    stage.down.add(stage.postgres.name)
    try:
        process.send_signal(what)
        code = await until(lambda: asyncio.to_thread(ended, process))
        await turn.last()
    finally:
        stage.down.discard(stage.postgres.name)
    await accepts(stage)
    return f"postmaster {pid} ended with {code[0]}"


def ended(process: "subprocess.Popen[bytes]") -> tuple[int] | None:
    """Its exit code, boxed, since 0 is true too."""
    code = process.poll()
    return None if code is None else (code,)


@fault("postgres-killed", "kill -9 of the postmaster", "postgres", (0.0, 0.5))
async def killed(turn: Turn) -> str:
    """Its backends find out by themselves; the next start recovers from the WAL."""
    return await down(turn, signal.SIGKILL)


@fault("postgres-stopped", "immediate stop of PostgreSQL", "postgres", (0.0, 0.5))
async def stopped_at_once(turn: Turn) -> str:
    """All backends quit without a word; the next start recovers from the WAL."""
    return await down(turn, signal.SIGQUIT)


@fault("postgres-restarted", "fast restart of PostgreSQL", "postgres", (0.0, 0.3))
async def restarted(turn: Turn) -> str:
    """Every session is ended with words."""
    return await down(turn, signal.SIGINT)


@fault(
    "postgres-frozen", "SIGSTOP of PostgreSQL with all its backends", "postgres", (0.2, 2.6),
    weight=1,
)  # fmt: skip
async def frozen(turn: Turn) -> str:
    """Nothing answers, nothing is refused, until all go on."""
    pid = pid_of(turn.stage)
    everyone = [pid, *children(pid)]
    try:
        send_signal(everyone, signal.SIGSTOP)
        late = [one for one in children(pid) if one not in everyone]
        everyone += send_signal(late, signal.SIGSTOP)
        said = await stopped(everyone)
        await turn.last()
    finally:
        send_signal(everyone, signal.SIGCONT)
    await accepts(turn.stage)
    return said


fault(
    "postgres-hung", "SIGSTOP of PostgreSQL for longer than any request", "postgres", HUNG,
    weight=1,
)(frozen)  # fmt: skip
