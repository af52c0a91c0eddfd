"""`times`: when a service can be booked, as it is listed over HTTP."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.booking.appointment.book_time import ANY_PROVIDER
from service.booking.calendar import times
from service.cli.commands.calendar.slots import midnight
from service.cli.commands.pages import PAGE
from service.cli.commands.screen import json_text, table
from service.cli.commands.servers import asked_wrongly, with_deps
from service.deps import Deps
from service.errors import NotFound
from service.settings import Settings

ONE_DAY, WEEK = timedelta(days=1), timedelta(days=7)


def show(
    settings: Settings,
    *,
    service_id: int,
    provider_id: int | None,
    first: date | None,
    last: date | None,
    size: int,
    limit: int,
    as_json: bool,
) -> int:
    """List the times of a service."""
    whose = ANY_PROVIDER if provider_id is None else provider_id

    async def work(deps: Deps) -> None:
        try:
            zone = (await times.service(deps, service_id, whose)).zone
        except NotFound:
            raise NotFound(f"There is no service {service_id}.") from None
        begins = first or datetime.now(zone).date()
        from_at = midnight(begins, zone)
        to_at = midnight(last + ONE_DAY if last else begins + WEEK, zone)
        for message in times.wrong_span(from_at, to_at, whose):
            asked_wrongly(message)
        from_at = max(from_at, datetime.now(UTC))
        asked = {"from_at": from_at, "to_at": to_at, "size": size}
        found, more = await _listed(deps, service_id, whose, limit, asked)
        if as_json:
            print(json_text(found))
        elif not found:
            print("There is no such time.")
        else:
            print(f"on the clock of {zone}\n{_as_table(found)}")
            if more:
                print(f"There are more: --limit {limit * 2}, or --from {found[-1]['date']}.")

    return with_deps(settings, work)


async def _listed(
    deps: Deps, service_id: int, provider_id: int, limit: int, asked: dict[str, Any]
) -> tuple[list[dict[str, Any]], bool]:
    """The first times as their documents, and whether there are more."""
    found: list[dict[str, Any]] = []
    after: times.Cursor | None = times.BEGINNING
    while after is not None and len(found) < limit:
        most = min(PAGE, limit - len(found))
        page = await times.list_page(
            deps, service_id, provider_id, after=after, limit=most, **asked
        )
        found += json.loads(page.body or "[]")
        after = page.next
    return found, after is not None


def _as_table(found: list[dict[str, Any]]) -> str:
    """A line for each; whoever asks for anybody hears how many are free."""
    rows = (
        (
            one["date"],
            f"{one['start_time']}-{one['end_time']}",
            one.get("provider", f"any of {one.get('providers')}"),
            one["remaining"],
        )
        for one in found
    )
    return table(("day", "time", "provider", "places left"), rows)
