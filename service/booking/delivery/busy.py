"""Calendars of somebody else close a provider's time: which there are, and what they say.

A busy time is a closure: nobody books it from then on, and who has booked it stays and is told to
staff. Only a calendar that says so frees a time, never one that fails.
"""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from service.booking.actor import Actor
from service.booking.answer import NO_PROVIDER, Answer
from service.booking.broad import Work, broad_lane
from service.booking.calendar import provider
from service.booking.calendar.hours.change import CONFLICTS, conflicts
from service.booking.idempotency import together
from service.deps import Deps
from service.errors import InvalidFields, LimitReached, NotFound, PermissionDenied
from service.senders import calendar
from service.senders.calendar import Failed, Known
from service.values.url import target

MOST = 10  # calendars of one provider
AHEAD = timedelta(days=180)
PAUSE = 13 * 60, 17 * 60  # seconds until it is asked for again: at least, at most
MANY = 10  # coming busy times that don't all go at once, unless it is said twice
NO_SOURCE = "There is no such calendar."
WRONG = {
    "closed": "The connection ended before the whole calendar had come.",
    "gone": "Nothing is at this address any more.",
    "malformed": "What came is no answer of HTTP.",
    "not_a_calendar": "What came is not a calendar.",
    "refused": "This address may not be asked.",
    "suddenly_empty": "It is empty all at once: that counts if it says so once more.",
    "timeout": "No answer came in time.",
    "tls": "The connection is not secure.",
    "too_large": "The calendar is too large.",
    "too_many": "The calendar has too many events.",
    "too_often": "An event in it repeats too often.",
    "too_slow": "Reading the calendar took too long.",
    "unreachable": "Nothing answers at this address.",
    "unresolved": "There is no such host.",
}
REFUSED = "The server there does not give it out."  # by any other status


async def create(deps: Deps, actor: Actor, provider_id: int, url: str) -> Answer:
    """One more calendar of a provider, which is read at once.

    Raises PermissionDenied, InvalidFields, NotFound (provider), LimitReached.
    """
    _check_keeps(actor, provider_id)
    address = url.replace("webcal://", "https://", 1)
    try:
        target(address)
    except ValueError as error:
        raise InvalidFields({"url": [str(error)]}) from None
    row = await deps.db.run(
        "calendar_source_create",
        provider_id=provider_id,
        actor_id=actor.account_id,
        url=address,
        most=MOST,
    )
    if row.verdict == "no_provider":
        raise NotFound(NO_PROVIDER)
    if row.verdict == "limit_reached":
        raise LimitReached(limit="calendars")
    return Answer(row.body)


async def listed(deps: Deps, actor: Actor, provider_id: int) -> Sequence[dict[str, Any]]:
    """All calendars of a provider, each with the coming appointments that it is in the way of.
    Raises PermissionDenied, NotFound (provider)."""
    _check_keeps(actor, provider_id)

    async def read() -> Sequence[dict[str, Any]]:
        rows = await deps.db.run("calendar_source_list", provider_id=provider_id, most=MOST)
        if not rows:
            await provider.get(deps, provider_id)
        return [
            json.loads(body) | await _conflicts(deps, provider_id, source_id)
            for source_id, body in rows
        ]

    found: Sequence[dict[str, Any]] = await deps.lanes[broad_lane].submit(
        Work(actor.account_id, read)
    )
    return found


async def _conflicts(deps: Deps, provider_id: int, source_id: int) -> dict[str, Any]:
    found = await deps.db.run(
        "calendar_source_conflicts",
        provider_id=provider_id,
        source_id=source_id,
        most=CONFLICTS,
    )
    return conflicts(found)


async def refresh(deps: Deps, actor: Actor, provider_id: int, source_id: int) -> Answer:
    """Ask for a calendar as soon as may be, which its document says. Raises PermissionDenied,
    NotFound."""
    _check_keeps(actor, provider_id)
    row = await deps.db.run("calendar_source_refresh", source_id=source_id, provider_id=provider_id)
    if row is None:
        raise NotFound(NO_SOURCE)
    return Answer(row.body)


async def delete(deps: Deps, actor: Actor, provider_id: int, source_id: int) -> None:
    """Forget a calendar, and free what it closed. Raises PermissionDenied, NotFound."""
    _check_keeps(actor, provider_id)
    async with together(deps) as inside:
        kept = await inside.db.run("calendar_source_lock", source_id=source_id)
        if kept is None or kept.id != provider_id:
            raise NotFound(NO_SOURCE)
        await _replace(inside, provider_id, source_id, [])
        await inside.db.run("calendar_source_delete", source_id=source_id, provider_id=provider_id)


async def look(deps: Deps) -> str:
    """Ask for the calendar that has been due longest; how that went, or "" where none is due."""
    due = await deps.db.run("calendar_source_claim", pause=random.randint(*PAUSE))
    if due is None:
        return ""
    try:
        return await _take(deps, due)
    except Failed as failed:
        doubted = failed.kind == "suddenly_empty"
        error = WRONG.get(failed.kind, REFUSED)
        await deps.db.run("calendar_source_failed", source_id=due.id, error=error, doubted=doubted)
        return failed.kind


async def _take(deps: Deps, due: Any) -> str:
    """Raises Failed."""
    known = Known() if due.stale else Known(due.etag or "", due.modified or "")
    digest = "" if due.stale else due.digest
    fetched = await calendar.fetch(deps.http, due.url, known)
    if fetched.text is None:
        await _told(deps, due.id, fetched.known)
        return "unchanged"
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    own = f"@{due.installation}"
    found = await calendar.read(
        fetched.text, today, today + AHEAD, zone=due.zone, own=own, known=digest
    )
    if found.digest == digest:
        await _told(deps, due.id, fetched.known)
        return "unchanged"
    if not found.times and due.events >= MANY and not due.doubted:
        raise Failed("suddenly_empty")
    async with together(deps) as inside:
        if await inside.db.run("calendar_source_lock", source_id=due.id) is None:
            return "forgotten"
        await _replace(inside, due.provider_id, due.id, found.times)
        error = f"Events of it that can't be read: {found.unread}." if found.unread else None
        await _told(inside, due.id, fetched.known, found.digest, error)
    return "read"


async def _told(
    deps: Deps, source_id: int, known: Known, digest: str | None = None, error: str | None = None
) -> None:
    await deps.db.run(
        "calendar_source_told",
        source_id=source_id,
        etag=known.etag or None,
        modified=known.modified or None,
        digest=digest,
        error=error,
    )


async def _replace(
    inside: Deps, provider_id: int, source_id: int, times: Sequence[tuple[datetime, datetime]]
) -> None:
    """Close these times in place of what the calendar said before, under the provider's lock, and
    offer what has become free to who waits for it."""
    changed = await inside.db.run(
        "calendar_source_replace",
        source_id=source_id,
        starts_at=[begin for begin, _ in times],
        ends_at=[end for _, end in times],
    )
    if not changed.come and not changed.gone:
        return
    await inside.db.run("calendar_source_block", provider_id=provider_id)
    await inside.db.run("calendar_source_tell", provider_id=provider_id, source_id=source_id)
    if changed.gone:
        await inside.db.run(
            "waitlist_offer",
            provider_id=provider_id,
            from_at=changed.freed_from,
            until_at=changed.freed_until,
        )


def _check_keeps(actor: Actor, provider_id: int) -> None:
    if not actor.keeps(provider_id):
        raise PermissionDenied
