"""The pulse of a process: how late its event loop is, and whether it can do its work.

systemd hears WATCHDOG=1 from the loop itself, so a loop that hangs is a process that is replaced.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from service.booking.calendar import wall
from service.deps import Deps
from service.errors import DomainError
from service.process.systemd import Manager

log = logging.getLogger(__name__)

BEAT = 0.5  # seconds between two looks at the clock
AGAIN = 0.1  # seconds until a task that did not end is told once more
UNKNOWN_ZONE = "invalid_parameter_value"  # what PostgreSQL calls it
LOOK = 5.0  # seconds between two looks at both servers


@contextlib.asynccontextmanager
async def beating(deps: Deps, manager: Manager) -> AsyncIterator[None]:
    """Within it, the pulse beats."""
    tasks = {asyncio.create_task(one) for one in (_beat(deps, manager), _look(deps))}
    try:
        yield
    finally:
        while tasks:  # a driver may swallow a cancellation: a process must end all the same
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=AGAIN)


async def _beat(deps: Deps, manager: Manager) -> None:
    loop = asyncio.get_running_loop()
    # Half of what systemd grants, so that one late beat is no death.
    every = min(BEAT, manager.watchdog / 2) if manager.watchdog else BEAT
    while True:
        due = loop.time() + every
        await asyncio.sleep(every)
        deps.metrics.loop_lag.observe(max(loop.time() - due, 0.0))
        if manager.watchdog:
            manager.notify("WATCHDOG=1")


async def _look(deps: Deps) -> None:
    failed, unknown = deps.postgres.failed, 0
    while True:
        try:
            await deps.readiness.check()
            if failed[UNKNOWN_ZONE] != unknown:  # its zone data changed, or a provider's zone did
                await wall.settle(deps)
                unknown = failed[UNKNOWN_ZONE]
        except Exception as error:  # whatever it is, it must be looked again
            if not isinstance(error, DomainError):
                log.error("the look at both servers failed", exc_info=error)
            deps.traffic.ready = False
        else:
            deps.traffic.ready = not deps.traffic.draining
        await asyncio.sleep(LOOK)
