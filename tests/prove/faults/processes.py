"""Processes as the kernel sees them: who is whose child, who is stopped."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable

from tests.load.processes import PROC


def state(pid: int) -> str:
    """R running, S asleep, T stopped, Z dead and not buried; empty when there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return ""
    return text[text.rindex(")") + 2]


def children(pid: int) -> list[int]:
    """Its living children."""
    found = []
    with contextlib.suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            found += [int(one) for one in (task / "children").read_text().split()]
    return found


def send_signal(pids: Iterable[int], what: signal.Signals) -> list[int]:
    """Send a signal to each; those that were there."""
    told = []
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, what)
            told.append(pid)
    return told


async def stopped(pids: list[int]) -> str:
    """Say that all have stopped, when they have. Raises TimeoutError."""
    async with asyncio.timeout(2.0):
        while any(state(pid) not in ("T", "Z", "") for pid in pids):
            await asyncio.sleep(0.005)
    return f"{len(pids)} stopped" if len(pids) > 1 else f"process {pids[0]} stopped"
