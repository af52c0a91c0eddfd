"""Keeps a worker at work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from service.deps import Deps

log = logging.getLogger(__name__)

AGAIN = 5.0  # seconds until it begins anew


async def kept(work: Callable[[Deps], Awaitable[None]], deps: Deps) -> None:
    """Do it for ever. What it had not expected is logged, and it begins anew a little later: one
    row that can't be read must not end what all others need, in every process."""
    while True:
        try:
            await work(deps)
        except Exception:
            log.exception("worker failed", extra={"fields": {"worker": work.__qualname__}})
        await asyncio.sleep(AGAIN)
