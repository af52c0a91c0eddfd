"""A provider's hours: showing them, and writing others. Appointments are never touched."""

import asyncio
import json
from typing import Any

from service.booking.actor import Actor
from service.booking.answer import NO_PROVIDER, Answer
from service.booking.calendar.bounds import FIRST, LAST
from service.booking.calendar.hours.document import kept, rows, shown
from service.booking.calendar.hours.opened import locked, reopen
from service.booking.calendar.hours.windows import Hours, Schedule, check
from service.booking.calendar.slot import YEARS
from service.booking.idempotency import together
from service.deps import Deps
from service.errors import InvalidFields, NotFound, PermissionDenied, PreconditionFailed

CONFLICTS = 500  # shown at most


async def get(deps: Deps, provider_id: int) -> tuple[Answer, str]:
    """The document of a provider's hours, and its tag. Raises NotFound."""
    row = await deps.db.run("schedule_get", provider_id=provider_id)
    if row is None:
        raise NotFound(NO_PROVIDER)
    until = row.opened_until
    document = _document(row, kept(row.rules, row.days), until and until.isoformat(), row.version)
    tag = f"{row.version}-{until.toordinal()}" if until else str(row.version)
    return Answer.of(document, row.version), tag


def _document(row: Any, schedule: Schedule, until: str | None, version: int) -> dict[str, Any]:
    return {
        "provider": row.provider_id,
        "time_zone": row.time_zone,
        **shown(schedule),
        "opened_until": until,
        "version": version,
    }


async def written(deps: Deps, provider_id: int) -> Schedule:
    """A provider's hours as they were written. Raises NotFound."""
    row = await deps.db.run("schedule_get", provider_id=provider_id)
    if row is None:
        raise NotFound(NO_PROVIDER)
    return kept(row.rules, row.days)


async def replace(
    deps: Deps,
    actor: Actor,
    provider_id: int,
    schedule: Schedule,
    *,
    version: int = 0,
    dry_run: bool = False,
) -> Answer:
    """Write a provider's hours in place of those there are; the document says which coming
    appointments are outside of them. A dry run says the same and leaves nothing.

    A version other than 0 must be the current one. Raises PermissionDenied, InvalidFields,
    NotFound, PreconditionFailed.
    """
    if not actor.keeps(provider_id):
        raise PermissionDenied
    _check_years(schedule)
    await asyncio.to_thread(check, schedule)
    async with together(deps, keep=not dry_run) as inside:
        row = await locked(inside, provider_id)
        if version not in (0, row.version):
            raise PreconditionFailed
        await _check_services(inside, schedule)
        await inside.db.run("schedule_replace", provider_id=provider_id, **rows(schedule))
        now = await reopen(inside, row, schedule)
        found = await inside.db.run("schedule_conflicts", provider_id=provider_id, most=CONFLICTS)
    document = _document(row, schedule, now.opened_until, now.version) | conflicts(found)
    return Answer.of(document, now.version)


def conflicts(row: Any) -> dict[str, Any]:
    """The part of a document that says which appointments are outside of the hours."""
    return {"conflicts": json.loads(row.conflicts), "conflicts_total": row.total}


def _check_years(schedule: Schedule) -> None:
    """Raises InvalidFields for days that are outside of all calendars."""
    named = [(f"days.{n}.date", one.day) for n, one in enumerate(schedule.days)]
    for n, one in enumerate(schedule.weekly):
        bounds = (("from", one.from_day), ("until", one.until_day))
        named += [(f"weekly.{n}.{name}", day) for name, day in bounds if day]
    wrong = [name for name, day in named if not FIRST.date() <= day <= LAST.date()]
    if wrong:
        raise InvalidFields({name: [YEARS] for name in wrong})


async def _check_services(deps: Deps, schedule: Schedule) -> None:
    """Raises InvalidFields for a service that there is none of."""
    named = [(f"weekly.{n}", one.hours) for n, one in enumerate(schedule.weekly)]
    for n, one in enumerate(schedule.days):
        named += [(f"days.{n}.hours.{k}", hours) for k, hours in enumerate(one.hours)]
    asked = sorted({one for _, hours in named for one in hours.services or ()})
    unknown = await deps.db.run("schedule_unknown_service", service_ids=asked) if asked else None
    if unknown is not None:
        place = next(name for name, hours in named if _names(hours, unknown))
        raise InvalidFields({f"{place}.services": [f"There is no service {unknown}."]})


def _names(hours: Hours, service_id: int) -> bool:
    return service_id in (hours.services or ())
