"""Bugs in what is shown: of yesterday, of somebody else, of two moments at once."""

import asyncio
import json
import time
from typing import Any

from service.booking.appointment import read
from service.booking.calendar import slot
from tests.prove.planted.ground import Ground, bug

KEPT = 1.0  # seconds
NEIGHBOURS = 8  # accounts that are one to a list that mixes them up
BETWEEN = 0.005  # seconds between two halves of a list


@bug("I9")
def list_kept_for_a_second(ground: Ground) -> None:
    """A list of appointments is kept for a second."""
    list_page = read.list_page
    kept: dict[Any, tuple[float, Any]] = {}

    async def kept_page(deps: Any, actor: Any, **filters: Any) -> Any:
        asked = (actor.account_id, *map(str, filters.values()))
        if asked not in kept or kept[asked][0] < time.monotonic():
            kept[asked] = time.monotonic() + KEPT, await list_page(deps, actor, **filters)
        return kept[asked][1]

    ground.put(read, "list_page", kept_page)


@bug("I9")
def appointment_kept_for_a_second(ground: Ground) -> None:
    """An appointment that was looked at is kept for a second."""
    get = read.get
    kept: dict[Any, tuple[float, Any]] = {}

    async def kept_one(deps: Any, actor: Any, appointment_id: int, expand: bool) -> Any:
        asked = (actor.account_id, appointment_id, expand)
        if asked not in kept or kept[asked][0] < time.monotonic():
            found = await get(deps, actor, appointment_id, expand)
            kept[asked] = time.monotonic() + KEPT, found
        return kept[asked][1]

    ground.put(read, "get", kept_one)


@bug("I9")
def slots_kept_for_a_second(ground: Ground) -> None:
    """A list of slots is kept for a second."""
    list_page = slot.list_page
    kept: dict[Any, tuple[float, Any]] = {}

    async def kept_page(deps: Any, **filters: Any) -> Any:
        asked = tuple(str(value) for name, value in filters.items() if name != "from_at")
        if asked not in kept or kept[asked][0] < time.monotonic():
            kept[asked] = time.monotonic() + KEPT, await list_page(deps, **filters)
        return kept[asked][1]

    ground.put(slot, "list_page", kept_page)


@bug("I11")
def list_of_neighbours(ground: Ground) -> None:
    """Accounts whose ids are alike modulo a small number see each other's appointments."""
    ground.edit(
        "appointment_list",
        "appointment.account_id = item.account_id",
        f"appointment.account_id % {NEIGHBOURS} = item.account_id % {NEIGHBOURS}",
    )


@bug("I11")
def appointment_of_anybody(ground: Ground) -> None:
    """Whoever knows the id of an appointment may look at it."""
    ground.edit("appointment_get", "appointment.account_id = %(actor_id)s::bigint", "true")


@bug("I3 I4 I11")
def anybody_may_cancel(ground: Ground) -> None:
    """Whoever knows the id of an appointment may cancel it."""
    ground.edit("appointment_end", "AND appointment.account_id <> item.actor_id", "AND false")


@bug("I6 I9")
def list_in_two_halves(ground: Ground) -> None:
    """A list is read in two halves, by the slot's number: who moves between them is in none."""
    for half in range(2):
        ground.add(_list_query(half))
    run = read.list_page

    async def both_halves(deps: Any, actor: Any, **filters: Any) -> Any:
        if filters["provider_ids"] or filters["order"] not in (None, "booked"):
            return await run(deps, actor, **filters)
        found: list[Any] = []
        for half in range(2):
            text = await deps.db.run(
                f"appointment_list_half_{'ab'[half]}", account_id=actor.account_id
            )
            found += json.loads(text)
            await asyncio.sleep(BETWEEN)
        found = [
            one for one in found if not filters["statuses"] or one["status"] in filters["statuses"]
        ]
        last_id = filters["after"].appointment_id
        found = sorted((o for o in found if o["id"] > last_id), key=lambda o: o["id"])
        page = found[: filters["limit"]]
        following = read.Cursor(0, page[-1]["id"]) if len(found) > len(page) else None
        return read.Page(json.dumps(page), following)

    ground.put(read, "list_page", both_halves)


def _list_query(half: int) -> str:
    return f"""
-- name: appointment_list_half_{"ab"[half]} :value
SELECT '[' || coalesce(string_agg(row_to_json(ROW (
           appointment.id, row_to_json(slot_brief(slot, provider)), appointment.notes,
           appointment.status)::appointment_brief)::text, ','), '') || ']'
  FROM appointment
  JOIN slot ON slot.id = appointment.slot_id
  JOIN provider ON provider.id = slot.provider_id
 WHERE appointment.account_id = %(account_id)s::bigint AND slot.id % 2 = {half};
"""
