"""Making openings of schedules: when one changes, as time goes on, and when zones change."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from service.booking.answer import NO_PROVIDER
from service.booking.calendar import zones
from service.booking.calendar.hours.clock import ONE_DAY
from service.booking.calendar.hours.document import kept
from service.booking.calendar.hours.windows import Opening, Schedule, openings
from service.booking.idempotency import together
from service.deps import Deps
from service.errors import NotFound
from service.store.arrays import columns

SPARE_DAYS = 7  # beyond the day until which anything can be booked
LONGEST = timedelta(hours=48)  # of an opening; sql/schema.sql says the same
PAGE = 100  # providers looked at in one query


class Reopened(NamedTuple):
    """The version of a calendar, and the last day whose openings are made."""

    version: int
    opened_until: str


async def locked(deps: Deps, provider_id: int) -> Any:
    """The row of a provider's schedule, which nobody else changes until the transaction ends.

    Raises NotFound."""
    if await deps.db.run("schedule_lock", provider_id=provider_id) is None:
        raise NotFound(NO_PROVIDER)
    return await deps.db.run("schedule_get", provider_id=provider_id)


async def reopen(deps: Deps, row: Any, schedule: Schedule, *, raised: bool = True) -> Reopened:
    """Make the openings of a provider anew, from those that have not ended on, as far as anything
    can be booked; its version is raised where they may be others than before."""
    zone = zones.known(row.time_zone)
    since = row.now - LONGEST
    today = row.now.astimezone(zone).date()
    last = today + timedelta(days=row.horizon_days + SPARE_DAYS)
    last = max(last, row.opened_until or last)
    found = await asyncio.to_thread(_made, schedule, zone, since, last)
    version = await deps.db.run(
        "opening_replace",
        **found,
        provider_id=row.provider_id,
        since=since,
        opened_until=last,
        zone_data=zones.version(),
        raised=int(raised),
    )
    return Reopened(version, last.isoformat())


def _made(schedule: Schedule, zone: ZoneInfo, since: datetime, last: Any) -> dict[str, list[Any]]:
    first = since.astimezone(UTC).date() - ONE_DAY
    made = [one for one in openings(schedule, zone, first, last) if one.starts_at > since]
    found = columns(made) if made else {name: [] for name in Opening._fields}
    found["services"] = [_written(one) for one in found["services"]]
    return found


def _written(services: tuple[int, ...] | None) -> str | None:
    """An array in an array, as PostgreSQL writes it."""
    return None if services is None else f"{{{','.join(map(str, services))}}}"


async def move(deps: Deps, provider_id: int) -> None:
    """What follows when a provider has moved to another zone: instants stay, the wall there is what
    is promised from now on, openings are made anew. In the transaction of the move, which has
    raised the version."""
    row = await deps.db.run("schedule_get", provider_id=provider_id)
    await deps.db.run("opening_promise_anew", provider_id=provider_id)
    if row.opened_until is not None:
        await reopen(deps, row, kept(row.rules, row.days), raised=False)


async def roll(deps: Deps) -> list[int]:
    """Make the openings of all providers that lag behind, and return those for whom zones may have
    changed. Several processes may do so at once: they only do it again."""
    changed: list[int] = []
    after_id, more = 0, True
    while more:
        rows = await deps.db.run(
            "opening_behind",
            zone_data=zones.version(),
            spare_days=SPARE_DAYS,
            after_id=after_id,
            limit=PAGE,
        )
        for provider_id, older in rows:
            after_id = provider_id
            async with together(deps) as inside:
                row = await locked(inside, provider_id)
                await reopen(inside, row, kept(row.rules, row.days), raised=older)
            changed += [provider_id] if older else []
        more = len(rows) == PAGE
    return changed


async def days_ahead(deps: Deps) -> int | None:
    """For how many days the provider with the fewest has openings; None where nobody has hours."""
    least: int | None = await deps.db.run("opening_least")
    return least


async def off_wall(deps: Deps) -> dict[int, int]:
    """How many coming slots begin at another reading than was promised, by provider: those of which
    some do."""
    found: dict[int, int] = {}
    after_id, more = 0, True
    while more:
        rows = await deps.db.run("opening_off_wall", after_id=after_id, limit=PAGE)
        found |= {provider_id: slots for provider_id, slots in rows if slots}
        after_id = rows[-1][0] if rows else after_id
        more = len(rows) == PAGE
    return found
