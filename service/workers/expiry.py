"""Tidies away what has had its time: keys, holds, and requests for approval.

Nobody waits for it: whoever decides about a place ends what has run out in it, and what has run out
is shown as such from that moment on.
"""

import asyncio
import contextlib

from service.booking import idempotency
from service.booking.appointment import hold
from service.deps import Deps
from service.errors import DomainError

EVERY = 60.0  # seconds between looks at keys
OFTEN = 1.0  # seconds between looks at holds
SOME = 100  # slots in one transaction
SHARE = 4  # of the time that a full one takes, so many times is left to others


async def forget(deps: Deps) -> None:
    """Forget expired idempotency keys, for ever; a failure is tried again in the next round."""
    while True:
        with contextlib.suppress(DomainError):
            await idempotency.forget(deps)
        await asyncio.sleep(EVERY)


async def run_out(deps: Deps) -> None:
    """End holds and requests that have run out, for ever; a failure is tried again a little later.

    When many run out at once it takes them in small sets, with pauses for bookings in between.
    """
    loop = asyncio.get_running_loop()
    while True:
        ended, began = 0, loop.time()
        with contextlib.suppress(DomainError):
            ended = await hold.expire(deps, SOME)
        deps.run_out.count += ended
        took = loop.time() - began
        await asyncio.sleep(OFTEN if ended < SOME else SHARE * took)
