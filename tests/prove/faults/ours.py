"""Trouble with our own processes."""

import asyncio
import contextlib
import signal

from tests.prove.faults.kind import SOON, NoEffect, Turn, fault, until
from tests.prove.faults.processes import state, stopped

STARTS_WITHIN = 5.0  # seconds: a new process, its imports and its first connections


@fault(
    "server-killed",
    "kill -9 of one of our processes",
    "server",
    (0.0, 0.0),
    weight=4,
    back_within=STARTS_WITHIN,
)
async def killed(turn: Turn) -> str:
    """It dies between any two instructions, and is started again."""
    pid = turn.server.kill()
    turn.over()
    if not pid:
        raise NoEffect("it was not running")
    await reborn(turn, pid)
    return f"process {pid} died"


@fault(
    "server-terminated",
    "SIGTERM to one of our processes, under load",
    "server",
    (0.0, 0.0),
    weight=3,
    back_within=STARTS_WITHIN,
)
async def terminated(turn: Turn) -> str:
    """It finishes what is in flight and exits with 0."""
    server = turn.server
    pid = server.signal(signal.SIGTERM)
    if not pid:
        raise NoEffect("it was not running")
    server.ends.clear()
    await reborn(turn, pid)
    if server.ends[-1:] != [0]:
        raise AssertionError(f"SIGTERM ended process {pid} with {server.ends}")
    return f"process {pid} ended with 0"


async def reborn(turn: Turn, pid: int) -> None:
    """Return when another process listens in its place."""

    async def again() -> bool:
        server = turn.server
        if state(pid) not in ("Z", ""):
            return False
        if not turn.ended_at:
            turn.over()
        return server.alive and server.pid != pid and server.listening

    with contextlib.suppress(TimeoutError):  # whether it is back in time is for the probe to say
        await until(again, SOON * 2)


@fault(
    "server-paused", "SIGSTOP of one of our processes, for a moment", "server", (0.1, 0.9), weight=4
)
async def paused(turn: Turn) -> str:
    """It stands still between two instructions, and goes on as if nothing had been."""
    pid = turn.server.signal(signal.SIGSTOP)
    if not pid:
        raise NoEffect("it was not running")
    try:
        said = await stopped([pid])
        await turn.last()
        return said
    finally:
        turn.server.signal(signal.SIGCONT)
        await asyncio.sleep(0)


fault(
    "server-paused-past-locks",
    "SIGSTOP of one of our processes for longer than its locks live",
    "server",
    (3.2, 3.6),
    weight=1,
)(paused)
