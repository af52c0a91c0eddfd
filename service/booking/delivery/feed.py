"""Appointments for other calendars: one as a file, or all of somebody's to subscribe to."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

from service import __version__
from service.booking.actor import Actor
from service.booking.answer import NO_APPOINTMENT, tag
from service.booking.broad import Work, broad_lane
from service.booking.delivery import ics, link
from service.deps import Deps
from service.errors import NotFound

MOST = 5000  # appointments in one feed: the first of those to come
PIECE = 50  # of them written at a time, about half a millisecond; others get a turn in between


class Calendar(NamedTuple):
    """iCalendar text, None where the asker has it; and its tag."""

    text: str | None
    tag: str


async def invite(deps: Deps, actor: Actor, appointment_id: int) -> Calendar:
    """One appointment that the actor may see. Raises NotFound."""
    row = await deps.db.run(
        "calendar_feed_one",
        appointment_id=appointment_id,
        actor_id=actor.account_id,
        staff_of=actor.staff_of,
    )
    if row is None:
        raise NotFound(NO_APPOINTMENT)
    text = ics.calendar([ics.event(_event(json.loads(row.entry)), row.installation)])
    return Calendar(text, tag(str(row.version), row.provider_version))


async def feed(deps: Deps, token: str, known: str) -> Calendar:
    """The calendar that a link opens: what was in the last 30 days and is to come, and for seven
    days what has been cancelled; without its text for who knows its tag. Raises NotFound."""
    opened = await link.find(deps, token)

    async def read() -> Any:
        return await deps.db.run(
            "calendar_feed",
            account_id=opened.account_id,
            provider_id=opened.provider_id,
            writer=f"{__version__} {opened.name}",
            known=known,
            most=MOST,
        )

    row = await deps.lanes[broad_lane].submit(Work(opened.account_id, read))
    if row.entries is None:
        return Calendar(None, row.tag)
    pieces = [one async for one in _written(json.loads(row.entries), row.installation)]
    return Calendar(f"{ics.opening(opened.name)}{''.join(pieces)}{ics.CLOSING}", row.tag)


async def _written(entries: list[dict[str, Any]], installation: str) -> AsyncIterator[str]:
    for begin in range(0, len(entries), PIECE):
        piece = entries[begin : begin + PIECE]
        yield "".join(ics.event(_event(one), installation) for one in piece)
        await asyncio.sleep(0)


def _event(entry: dict[str, Any]) -> ics.Event:
    for name in ("starts_at", "ends_at", "changed_at"):
        entry[name] = datetime.fromisoformat(entry[name])
    return ics.Event(**entry)
