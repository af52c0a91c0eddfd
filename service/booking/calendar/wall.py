"""By whose clock PostgreSQL shows a provider's times, so that it shows what Python counts with.

The two need not agree on a zone: `AT TIME ZONE 'CET'` is an hour all year, since PostgreSQL looks
at abbreviations first; and each has zone data of its own, of which one is the older.
"""

import asyncio
import logging
from datetime import UTC, date, datetime

from service.booking.calendar import zones
from service.deps import Deps
from service.errors import InvalidFields, UnknownZone

log = logging.getLogger(__name__)

UNSHOWN = '"{}" can\'t be shown here: the database knows other clocks by this name, or none.'
NO_CLOCK = "UTC"  # for a zone that PostgreSQL does not know and of which no other has the clock


async def check_zone(deps: Deps, name: str) -> str:
    """The zone whose clock PostgreSQL has to show for this one: itself, unless it misreads it.

    Raises InvalidFields for a zone that Python or PostgreSQL does not know, or whose clock is
    another one to each.
    """
    if name not in zones.names():
        raise InvalidFields({"time_zone": [f'"{name}" is not a valid choice.']})
    clock = None
    if shown := await _shown(deps, name):
        clock = name if shown == _counted(name) else await _twin(deps, name)
    if clock is None:
        raise InvalidFields({"time_zone": [UNSHOWN.format(name)]})
    return clock


async def settle(deps: Deps) -> None:
    """Give every provider a clock that PostgreSQL can show, and log where it may be wrong."""
    for name, before in await deps.db.run("provider_zones"):
        clock, wrong = await _settled(deps, name)
        if clock != before:
            await deps.db.run("provider_set_clock", time_zone=name, clock=clock)
        told = {"time_zone": name, "clock": clock}
        if wrong:
            log.error("Python and PostgreSQL differ on a time zone", extra={"fields": told})
        elif clock != name:
            log.info("a time zone is shown by another's clock", extra={"fields": told})


async def _settled(deps: Deps, name: str) -> tuple[str, bool]:
    """The clock to show for a zone that a provider has, and whether it may be wrong."""
    shown = await _shown(deps, name)
    if name in zones.names():
        if shown == _counted(name):
            return name, False
        if twin := await _twin(deps, name):
            return twin, False
    return (name if shown else NO_CLOCK), True


async def _shown(deps: Deps, name: str) -> list[int] | None:
    """By how much PostgreSQL takes a zone to be ahead of UTC in time to come; None: unknown."""
    known = name if name in zones.names() else NO_CLOCK
    try:
        shown: list[int] = await deps.db.run(
            "provider_zone_offsets", time_zone=name, instants=zones.instants(known, _today())
        )
    except UnknownZone:
        return None
    return shown


def _counted(name: str) -> list[int]:
    """By how much Python does, at the same instants."""
    return zones.offsets(name, zones.instants(name, _today()))


async def _twin(deps: Deps, name: str) -> str | None:
    """Another zone that PostgreSQL shows as Python counts this one."""
    row = await deps.db.run(
        "provider_zone_twin",
        names=await asyncio.to_thread(zones.twins, name, _today()),
        instants=zones.instants(name, _today()),
        offsets=_counted(name),
    )
    return row.name if row else None


def _today() -> date:
    return datetime.now(UTC).date()
