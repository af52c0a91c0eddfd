"""Closures: when a provider, or everybody, is not there. Appointments are never touched."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actor import EVERYWHERE, Actor
from service.booking.answer import NO_PROVIDER, Answer, Page
from service.booking.calendar.hours.change import CONFLICTS, conflicts
from service.booking.idempotency import together
from service.deps import Deps
from service.errors import NotFound, PermissionDenied

NO_CLOSURE = "There is no such closure."
EVERYBODY = 0  # the provider of what closes all of them


class Closure(NamedTuple):
    """To be closed: from a day to another, both included, of each provider's zone; or half-open
    [starts_at, ends_at)."""

    provider_id: int
    from_day: date | None
    until_day: date | None
    starts_at: datetime | None
    ends_at: datetime | None
    reason: str = ""


class Listed(NamedTuple):
    """A closure and its document."""

    id: int
    body: str


async def create(
    deps: Deps, actor: Actor, closures: Sequence[Closure], *, dry_run: bool = False
) -> list[Answer]:
    """Close all of these times or none; each document says which coming appointments are in the
    way. A dry run says the same, without an id, and leaves nothing.

    Raises PermissionDenied, NotFound (provider).
    """
    for one in closures:
        _check_keeps(actor, one.provider_id)
    async with together(deps, keep=not dry_run) as inside:
        return [await _create(inside, actor, one, dry_run) for one in closures]


async def _create(deps: Deps, actor: Actor, one: Closure, dry_run: bool) -> Answer:
    locked = await deps.db.run("closure_lock", provider_id=one.provider_id)
    if one.provider_id != EVERYBODY and not locked:
        raise NotFound(NO_PROVIDER)
    row = await deps.db.run("closure_create", **one._asdict(), actor_id=actor.account_id)
    found = await deps.db.run("closure_conflicts", closure_id=row.id, most=CONFLICTS)
    document = json.loads(row.body) | conflicts(found)
    if dry_run:
        del document["id"]
    return Answer.of(document)


async def get(deps: Deps, actor: Actor, closure_id: int) -> Answer:
    """One closure of what the actor keeps, or of everybody. Raises NotFound."""
    return Answer((await _row(deps, actor, closure_id)).body)


async def list_page(
    deps: Deps, actor: Actor, *, provider_ids: Sequence[int] = (), after_id: int, limit: int
) -> Page[Sequence[Listed], int]:
    """A page of the closures that have not ended, by id: of what the actor keeps, or only those of
    some providers, and of everybody."""
    rows = await deps.db.run(
        "closure_list",
        staff_of=actor.staff_of,
        provider_ids=list(provider_ids),
        after_id=after_id,
        limit=limit + 1,
    )
    return Page.of([Listed(*row) for row in rows], limit, attrgetter("id"))


async def delete(deps: Deps, actor: Actor, closure_id: int) -> None:
    """Open again what it closed, and offer it. Raises NotFound, PermissionDenied."""
    async with together(deps) as inside:
        row = await _row(inside, actor, closure_id)
        provider_id = row.provider_id
        _check_keeps(actor, provider_id)
        await inside.db.run("closure_lock", provider_id=provider_id)
        gone = await inside.db.run("closure_delete", closure_id=closure_id, provider_id=provider_id)
        if not gone:  # somebody was faster
            raise NotFound(NO_CLOSURE)
        await inside.db.run(
            "waitlist_offer",
            provider_id=provider_id,
            from_at=row.starts_at,
            until_at=row.ends_at,
        )


async def _row(deps: Deps, actor: Actor, closure_id: int) -> Any:
    row = await deps.db.run("closure_get", closure_id=closure_id, staff_of=actor.staff_of)
    if row is None:
        raise NotFound(NO_CLOSURE)
    return row


def _check_keeps(actor: Actor, provider_id: int) -> None:
    """Raises PermissionDenied where what is closed is not the actor's; everybody is an admin's."""
    may = actor.staff_of == EVERYWHERE if provider_id == EVERYBODY else actor.keeps(provider_id)
    if not may:
        raise PermissionDenied
