"""Keeps openings as far ahead as anything can be booked, and up to date with the zones."""

import asyncio
import contextlib
import logging

from service.booking.calendar.hours import opened
from service.deps import Deps
from service.errors import DomainError

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds between looks at who lags behind
ROUNDS = 60  # of them between looks at what was promised


async def keep_open(deps: Deps) -> None:
    """Make openings that are missing, for ever; a failure is tried again in the next round."""
    number = 0
    while True:
        with contextlib.suppress(DomainError):
            await look(deps, promises=number % ROUNDS == 0)
        number += 1
        await asyncio.sleep(EVERY)


async def look(deps: Deps, *, promises: bool) -> None:
    """One round: make what is missing, see how far all reach. Where zones have changed, or if asked
    to, look for slots that begin at another reading than was promised; nothing moves by itself."""
    changed = await opened.roll(deps)
    deps.outlook.days_ahead = await opened.days_ahead(deps)
    if not changed and not promises:
        return
    off = await opened.off_wall(deps)
    deps.outlook.off_wall = sum(off.values())
    for provider_id, slots in off.items():
        told = {"provider_id": provider_id, "slots": slots}
        log.warning("slots begin at another time of day than promised", extra={"fields": told})
