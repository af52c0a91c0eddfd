"""`slots`: what a provider has to offer, by the same rules as over HTTP."""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service.booking.calendar import publish as publishing
from service.booking.calendar import slot, zones
from service.booking.calendar.provider import Provider
from service.booking.calendar.schedule import Break, Interval, Rule, clock_changes, intervals
from service.booking.calendar.wall import check_zone
from service.booking.people.operator import OPERATOR
from service.cli.commands.calendar.preview import preview
from service.cli.commands.calendar.provider import known
from service.cli.commands.pages import PAGE
from service.cli.commands.screen import Progress, agreed, counted, json_text, table
from service.cli.commands.servers import asked_wrongly, with_deps
from service.deps import Deps
from service.errors import DomainError, NotFound
from service.settings import Settings

MOST = 1_000_000  # slots in one go


def publish(
    settings: Settings,
    *,
    provider_id: int,
    days: frozenset[int],
    from_time: time,
    to_time: time,
    every: timedelta,
    start: date | None,
    until: date,
    zone: str | None,
    capacity: int,
    breaks: Sequence[tuple[time, time]],
    skips: Sequence[date],
    dry_run: bool,
    yes: bool,
) -> int:
    """Open a provider's slots on chosen weekdays, after showing what that comes to."""

    async def work(deps: Deps) -> None:
        owner = await known(deps, provider_id)
        name = zone or owner.time_zone
        for one in {name, owner.time_zone}:
            await check_zone(deps, one)
        pauses = tuple(Break(*one) for one in breaks)
        rule = Rule(days, from_time, to_time, every, name, pauses, frozenset(skips))
        first = start or datetime.now(ZoneInfo(name)).date()
        wanted = _wanted(rule, first, until)
        plan = await publishing.plan(deps, owner.id, wanted)
        print(preview(owner, rule, wanted, plan, clock_changes(rule, first, until), capacity))
        if dry_run:
            print("dry run: nothing was published")
        elif plan.new and not yes and not agreed(f"Publish {counted(len(plan.new), 'slot')}?"):
            print("nothing was published")
        else:
            await _publish(deps, owner, plan.new, capacity)

    return with_deps(settings, work)


def _wanted(rule: Rule, first: date, last: date) -> list[Interval]:
    """The intervals of a rule; leaves with a sentence when there is none, or too many."""
    wanted = list(itertools.islice(intervals(rule, first, last), MOST + 1))
    if not wanted:
        asked_wrongly(f"No slot fits between {first} and {last}.")
    if len(wanted) > MOST:
        asked_wrongly(f"These are more than {MOST:,} slots: publish fewer days at once.")
    return wanted


async def _publish(deps: Deps, owner: Provider, new: list[Interval], capacity: int) -> None:
    with Progress(len(new), "slots published") as told:
        try:
            created = await publishing.publish(deps, owner.id, new, capacity, told)
        except DomainError:
            print(f"{told.done:,} of {len(new):,} slots are published; the same command goes on.")
            raise
    print(f"published {counted(created, 'slot')}")


def show(
    settings: Settings,
    *,
    provider_id: int,
    start: date | None,
    until: date | None,
    status: str | None,
    limit: int,
    as_json: bool,
) -> int:
    """List a provider's slots."""

    async def work(deps: Deps) -> None:
        owner = await known(deps, provider_id)
        zone = zones.zone(owner.time_zone)
        first = start or datetime.now(zone).date()
        found, more = await _listed(
            deps,
            limit,
            provider_id=provider_id,
            statuses=[status] if status else [],
            from_at=midnight(first, zone),
            to_at=midnight(until + timedelta(days=1), zone) if until else "infinity",
        )
        if as_json:
            print(json_text(found))
        elif not found:
            print("There is no such slot.")
        else:
            print(f"{owner.name}, {owner.time_zone}\n{_as_table(found)}")
            if more:
                print(f"There are more: --limit {limit * 2}, or --start {found[-1]['date']}.")

    return with_deps(settings, work)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a day on a wall clock."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


async def _listed(
    deps: Deps,
    limit: int,
    *,
    provider_id: int,
    statuses: Sequence[str],
    from_at: datetime,
    to_at: datetime | str,
) -> tuple[list[dict[str, Any]], bool]:
    """The first slots as their documents, and whether there are more."""
    found: list[dict[str, Any]] = []
    after: slot.Cursor | None = slot.BEGINNING
    while after is not None and len(found) < limit:
        page = await slot.list_page(
            deps,
            provider_ids=[provider_id],
            statuses=statuses,
            from_at=from_at,
            to_at=to_at,
            after=after,
            limit=min(PAGE, limit - len(found)),
        )
        found += json.loads(page.body or "[]")
        after = page.next
    return found, after is not None


def _as_table(found: list[dict[str, Any]]) -> str:
    rows = (
        (
            one["id"],
            one["date"],
            f"{one['start_time']}-{one['end_time']}",
            one["status"],
            f"{one['remaining']} of {one['capacity']}",
        )
        for one in found
    )
    return table(("id", "day", "time", "status", "places left"), rows)


def close(settings: Settings, *, slot_ids: list[int]) -> int:
    """Close slots for booking."""
    return _set_closed(settings, slot_ids, True)


def reopen(settings: Settings, *, slot_ids: list[int]) -> int:
    """Open closed slots."""
    return _set_closed(settings, slot_ids, False)


def _set_closed(settings: Settings, slot_ids: list[int], closed: bool) -> int:
    async def work(deps: Deps) -> None:
        for slot_id in slot_ids:
            try:
                answer = await slot.change(deps, OPERATOR, slot_id, closed=closed)
            except NotFound:
                raise NotFound(f"There is no slot {slot_id}.") from None
            print(f"slot {slot_id} is {json.loads(answer.body)['status']}")

    return with_deps(settings, work)
