"""Numbers what has happened, soon after it was committed. Every process does; the row lock of the
log's head makes it one at a time."""

import asyncio
import contextlib

from service.booking.delivery import event
from service.deps import Deps
from service.errors import DomainError
from service.store.redis import news

EVERY = 1.0  # seconds without a word after which it looks by itself
GATHER = 0.01  # seconds in which more may come to be numbered together
APART = 0.05  # seconds between rounds: each costs as much as a dozen events
FULL = 5.0  # seconds between full sweeps
FORGET = 60.0  # seconds between looks at what is old


async def number(deps: Deps) -> None:
    """Number events, for ever; a failure is tried again a little later, with fewer at once."""
    log, loop = deps.log, asyncio.get_running_loop()
    full_at, most = loop.time(), event.AT_ONCE
    publishing: asyncio.Task[None] | None = None
    while True:
        log.written.clear()
        began, more = loop.time(), False
        full = began >= full_at
        try:
            found = await event.number(deps, full=full, most=most)
            if full:
                full_at = loop.time() + FULL
                log.backlog, log.lag = await event.backlog(deps)
            if found is not None:
                more, most = found.events == most, event.AT_ONCE
                log.reach(found.position)
                if publishing is None or publishing.done():  # nobody waits for a Redis that hangs
                    publishing = loop.create_task(news.publish(deps.redis, found.position))
        except DomainError:
            most = max(most // 2, 1)
        if not more:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await log.written.wait()
            await asyncio.sleep(max(GATHER, began + APART - loop.time()))


async def forget(deps: Deps) -> None:
    """Forget old events, for ever; a failure is tried again in the next round."""
    while True:
        forgotten = 0
        with contextlib.suppress(DomainError):
            forgotten = await event.forget(deps)
        await asyncio.sleep(FORGET if forgotten < event.AT_ONCE else 1)
