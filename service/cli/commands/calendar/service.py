"""`service`: what can be booked, by the same rules as over HTTP."""

import json
from typing import Any

from service.booking.calendar import service
from service.booking.people.operator import OPERATOR
from service.cli.commands.pages import PAGE
from service.cli.commands.screen import json_text, table
from service.cli.commands.servers import with_deps
from service.deps import Deps
from service.errors import NotFound
from service.handlers import nested
from service.handlers.calendar.services import ServiceBody
from service.http import fields
from service.settings import Settings


def create(
    settings: Settings,
    *,
    name: str,
    minutes: int,
    step: int | None,
    before: int | None,
    after: int | None,
    lead: int | None,
    horizon: int | None,
    capacity: int | None,
    providers: list[dict[str, int]],
    needs: list[tuple[str, list[int]]],
) -> int:
    """Add a service."""
    said = {
        "name": name,
        "duration_minutes": minutes,
        "step_minutes": step,
        "buffer_before_minutes": before,
        "buffer_after_minutes": after,
        "lead_minutes": lead,
        "horizon_days": horizon,
        "capacity": capacity,
        "providers": providers,
        "needs": dict(needs),
    }

    async def work(deps: Deps) -> None:
        new = nested.convert(said, ServiceBody, fields.convert)
        made = json.loads((await service.create(deps, OPERATOR, new.document())).body)
        print(f"created service {made['name']} with id {made['id']}")

    return with_deps(settings, work)


def show(settings: Settings, *, provider_id: int | None, as_json: bool) -> int:
    """List services."""

    async def work(deps: Deps) -> None:
        found = await _all(deps, provider_id)
        if as_json:
            print(json_text(found))
        elif found:
            print(table(("id", "name", "minutes", "step", "providers"), map(_line, found)))
        else:
            print("There is no such service: see run.py service create --help.")

    return with_deps(settings, work)


async def _all(deps: Deps, provider_id: int | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    whose = [] if provider_id is None else [provider_id]
    after: int | None = 0
    while after is not None:
        page = await service.list_page(deps, provider_ids=whose, after_id=after, limit=PAGE)
        found += json.loads(page.body)
        after = page.next
    return found


def _line(one: dict[str, Any]) -> tuple[Any, ...]:
    offered_by = ", ".join(str(offer["provider"]) for offer in one["providers"])
    return one["id"], one["name"], one["duration_minutes"], one["step_minutes"], offered_by


def retire(settings: Settings, *, service_id: int) -> int:
    """Take no more bookings of a service."""

    async def work(deps: Deps) -> None:
        try:
            await service.retire(deps, OPERATOR, service_id)
        except NotFound:
            raise NotFound(f"There is no service {service_id}.") from None
        print(f"service {service_id} is retired")

    return with_deps(settings, work)
