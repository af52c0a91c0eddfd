"""`closure`: when a provider, or everybody, is not there, by the same rules as over HTTP."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from service.booking.calendar.hours import closure
from service.booking.calendar.hours.closure import Closure
from service.booking.people.operator import OPERATOR
from service.cli.commands.calendar.provider import known
from service.cli.commands.calendar.schedule import outside
from service.cli.commands.pages import PAGE, whole
from service.cli.commands.screen import agreed, counted, json_text, table
from service.cli.commands.servers import asked_wrongly, with_deps
from service.deps import Deps
from service.errors import NotFound
from service.settings import Settings


def add(
    settings: Settings,
    *,
    provider_id: int | None,
    first: date | None,
    last: date | None,
    reason: str,
    holidays: str | None,
    year: int | None,
    language: str,
    dry_run: bool,
    yes: bool,
) -> int:
    """Close days, or all public holidays of a year, after saying who is in the way."""
    whose = provider_id or closure.EVERYBODY
    if holidays:
        wanted = _holidays(whose, holidays, year or date.max.year, language)
    else:
        wanted = [Closure(whose, first, last or first, None, None, reason)]

    async def work(deps: Deps) -> None:
        if provider_id is not None:
            await known(deps, provider_id)
        there = {(one["from"], one["to"]) for one in await _listed(deps, provider_id)}
        new = [one for one in wanted if (str(one.from_day), str(one.until_day)) not in there]
        if len(new) < len(wanted):
            print(f"{counted(len(wanted) - len(new), 'closure')} there already, left alone")
        tried = await closure.create(deps, OPERATOR, new, dry_run=True) if new else []
        documents = [json.loads(one.body) for one in tried]
        for one in documents:
            print(_line(one))
            if one["conflicts_total"]:
                print(outside(one))
        in_the_way = any(one["conflicts_total"] for one in documents)
        if dry_run:
            print("dry run: nothing was closed")
        elif in_the_way and not yes and not agreed(f"Close {counted(len(new), 'time')}?"):
            print("nothing was closed")
        elif new:
            await closure.create(deps, OPERATOR, new)
            print(f"{counted(len(new), 'closure')} added")

    return with_deps(settings, work)


def _holidays(provider_id: int, place: str, year: int, language: str) -> list[Closure]:
    """The public holidays of a year that are still to come, in a country (DE) or a part of it
    (DE-BY); leaves with a sentence where there are none known."""
    import holidays  # all countries of the world: for nothing but this

    country, _, part = place.upper().partition("-")
    try:
        found = holidays.country_holidays(
            country, subdiv=part or None, years=year, language=language
        )
    except NotImplementedError:
        asked_wrongly(f"No holidays of {place} are known: give a country such as DE, or DE-BY.")
    today = datetime.now(UTC).date()
    coming = [(day, name) for day, name in sorted(found.items()) if day >= today]
    if not coming:
        asked_wrongly(f"No holidays of {place} in {year} are to come.")
    return [Closure(provider_id, day, day, None, None, name) for day, name in coming]


def _line(one: dict[str, Any]) -> str:
    whose = "everybody" if one["provider"] is None else f"provider {one['provider']}"
    return f"{_when(one)} {whose} {one['reason']}".rstrip()


def _when(one: dict[str, Any]) -> str:
    first, last = one["from"] or one["starts_at"], one["to"] or one["ends_at"]
    return first if first == last else f"{first} to {last}"


def show(settings: Settings, *, provider_id: int | None, as_json: bool) -> int:
    """List closures that have not ended."""

    async def work(deps: Deps) -> None:
        found = await _listed(deps, provider_id, everybody=True)
        if as_json:
            print(json_text(found))
            return
        whose = ["everybody" if one["provider"] is None else str(one["provider"]) for one in found]
        rows = [
            (one["id"], _when(one), who, one["reason"])
            for one, who in zip(found, whose, strict=True)
        ]
        print(table(("id", "when", "provider", "reason"), rows) if rows else "Nothing is closed.")

    return with_deps(settings, work)


async def _listed(
    deps: Deps, provider_id: int | None, *, everybody: bool = False
) -> list[dict[str, Any]]:
    """The closures of a provider, and of everybody where asked for; of all, or only of everybody,
    where no provider is given."""

    async def page(after: int) -> Any:
        return await closure.list_page(
            deps,
            OPERATOR,
            provider_ids=[] if provider_id is None else [provider_id],
            after_id=after,
            limit=PAGE,
        )

    rows: Sequence[closure.Listed] = await whole(page)
    found = [json.loads(one.body) for one in rows]
    return [one for one in found if everybody or one["provider"] == provider_id]


def remove(settings: Settings, *, closure_ids: list[int]) -> int:
    """Open again what these closed."""

    async def work(deps: Deps) -> None:
        for closure_id in closure_ids:
            try:
                await closure.delete(deps, OPERATOR, closure_id)
            except NotFound:
                raise NotFound(f"There is no closure {closure_id}.") from None
            print(f"closure {closure_id} is removed")

    return with_deps(settings, work)
