"""Closures: listing, making and removing them."""

import json
from datetime import date
from typing import Any

import msgspec

from service.booking.answer import NOTHING, Answer, Page
from service.booking.broad import in_turn
from service.booking.calendar.bounds import FIRST, LAST
from service.booking.calendar.hours import closure
from service.booking.calendar.slot import YEARS
from service.deps import Deps
from service.errors import InvalidFields
from service.handlers.calendar import schedule
from service.handlers.calendar.schedule import DryRun, Reason
from service.http import cursor
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Cursor, Instant, Limit, ProviderId, Providers
from service.openapi.answers import hours as answers

TAG = schedule.TAG

EITHER = "Give from and to, or starts_at and ends_at."


class ClosureBody(Body):
    """Of one provider, or of everybody: from a day to another, both included; or half-open, from an
    instant to another."""

    provider: ProviderId | None = None
    from_day: date | None = msgspec.field(default=None, name="from")
    to_day: date | None = msgspec.field(default=None, name="to")
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    reason: Reason | None = ""


class ClosureQuery(msgspec.Struct):
    provider: Providers = ()
    limit: Limit = 100
    cursor: Cursor = ""


class Closures(ApiHandler):
    @endpoint("listClosures", query=ClosureQuery, answers=(200, list[answers.Closure]))
    async def get(self) -> None:
        """Closures that have not ended, by id: those of everybody, and of what you keep."""
        page = await closure.list_page(
            self.deps,
            self.actor,
            provider_ids=self.query.provider,
            after_id=cursor.read(self.query.cursor, int),
            limit=self.query.limit,
        )
        self.give_page(Page(f"[{','.join(one.body for one in page.body)}]", page.next))

    @endpoint(
        "createClosure",
        query=DryRun,
        body=ClosureBody,
        answers=(201, answers.ClosureMade),
        dry=answers.ClosureTried,
        sends=("Location",),
    )
    async def post(self) -> None:
        """Close a provider, or everybody, for a time.

        Appointments stay as they are: `conflicts` has the coming ones that are in the way. With
        `dry_run` they are only told. Everybody is closed by an admin."""
        wanted, dry_run = _closure(self.body), self.query.dry_run

        async def create(deps: Deps) -> Answer:
            [made] = await closure.create(deps, self.actor, [wanted], dry_run=dry_run)
            return made

        if dry_run:
            await self.give_once(200, create, dry_run=True)
            return
        made = await in_turn(self.deps, self.actor.account_id, self.key, create)
        self.set_header("Location", f"/api/closures/{json.loads(made.body)['id']}/")
        self.give(201, made)


class Closure(ApiHandler):
    @endpoint("getClosure", answers=(200, answers.Closure))
    async def get(self, closure_id: int) -> None:
        """One closure, of everybody or of what you keep."""
        found = await closure.get(self.deps, self.actor, closure_id)
        self.answer(200, found.body)

    @endpoint("deleteClosure", answers=(204,))
    async def delete(self, closure_id: int) -> None:
        """Open again what it closed."""

        async def delete(deps: Deps) -> Answer:
            await closure.delete(deps, self.actor, closure_id)
            return NOTHING

        await self.give_once(204, delete)


def _closure(body: ClosureBody) -> closure.Closure:
    """The closure that is asked for. Raises InvalidFields."""
    by_days = (body.from_day, body.to_day)
    instants = (body.starts_at, body.ends_at)
    whole = [pair for pair in (by_days, instants) if None not in pair]
    parts = [pair for pair in (by_days, instants) if any(pair)]
    if len(whole) != 1 or len(parts) != 1:
        raise InvalidFields({"from": [EITHER]})
    _check_order("from", "to", body.from_day, body.to_day, FIRST.date(), LAST.date())
    _check_order("starts_at", "ends_at", body.starts_at, body.ends_at, FIRST, LAST)
    if body.starts_at and body.starts_at == body.ends_at:
        raise InvalidFields({"ends_at": ["Must be after starts_at."]})
    return closure.Closure(
        body.provider or closure.EVERYBODY, *by_days, *instants, body.reason or ""
    )


def _check_order(begin: str, end: str, first: Any, last: Any, least: Any, most: Any) -> None:
    for name, at in ((begin, first), (end, last)):
        if at is not None and not least <= at <= most:
            raise InvalidFields({name: [YEARS]})
    if first is not None and last < first:
        raise InvalidFields({end: [f"Must not be before {begin}."]})
