"""Forgets what has been kept long enough."""

import asyncio
import contextlib

from service.booking import idempotency
from service.deps import Deps
from service.errors import DomainError

EVERY = 60.0  # seconds


async def forget(deps: Deps) -> None:
    """Forget expired idempotency keys, for ever; a failure is tried again in the next round."""
    while True:
        with contextlib.suppress(DomainError):
            await idempotency.forget(deps)
        await asyncio.sleep(EVERY)
