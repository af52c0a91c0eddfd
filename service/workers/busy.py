"""Reads the calendars of somebody else that are due, one at a time."""

import asyncio
import logging

from service.booking.delivery import busy
from service.deps import Deps
from service.errors import DomainError

log = logging.getLogger(__name__)

OFTEN = 2.0  # seconds between looks at what is due
LONG = 300.0  # seconds between looks at what has said nothing for a day


async def read_calendars(deps: Deps) -> None:
    """Ask for what is due, for ever; a failure is tried again in the next round."""
    loop = asyncio.get_running_loop()
    counted_at = -LONG
    while True:
        how = ""
        try:
            if loop.time() - counted_at >= LONG:
                deps.calendars.stale = await deps.db.run("calendar_source_stale")
                counted_at = loop.time()
            how = await busy.look(deps)
        except DomainError:
            pass
        except OSError as error:  # no process could be started
            log.warning("a calendar could not be read: %s", error)
        if how:
            deps.calendars.looks[how] += 1
        await asyncio.sleep(0 if how else OFTEN)
