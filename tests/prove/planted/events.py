"""Bugs in the log of events: what is lost, told twice, out of order, or to the wrong people."""

import asyncio
from typing import Any

from service.booking.delivery import event
from service.deps import Deps
from tests.prove.planted.ground import Ground, bug

A_WHILE = 0.02  # seconds
SLOTS = "SELECT set_config('booking.slots'"
UNTOLD = "DROP TRIGGER appointment_history_told ON appointment_history"
LATER = """
-- name: event_tell_later :exec
INSERT INTO outbox (at, type, subject_id)
SELECT change.at, 'appointment', change.id
  FROM appointment_history AS change
 WHERE change.id > %(after_id)s::bigint
   AND change.id < %(after_id)s::bigint + 1000000
 ORDER BY change.id;
"""
LAST = """
-- name: event_last_change :value
SELECT coalesce(max(last.id), 0)
  FROM (SELECT change.id
          FROM appointment_history AS change
         ORDER BY change.id DESC
         LIMIT 1) AS last;
"""
IN_ORDER = "head.position + row_number() OVER (ORDER BY told.id), told.at"


@bug("I36")
def event_outside_the_transaction(ground: Ground) -> None:
    """What has happened is told in a transaction of its own, by who numbers, a little later."""
    ground.sql.append(UNTOLD)
    ground.add(LATER)
    ground.add(LAST)
    number = event.number

    async def tell_and_number(deps: Deps, *, full: bool = False, most: int = event.AT_ONCE) -> Any:
        seen = getattr(deps.log, "seen", None)
        last = await deps.db.run("event_last_change")
        if seen is not None:
            await asyncio.sleep(0.01)
            await deps.db.run("event_tell_later", after_id=seen)
        deps.log.seen = last  # type: ignore[attr-defined]
        return await number(deps, full=full, most=most)

    ground.put(event, "number", tell_and_number)


@bug("I36")
def event_ids_of_the_outbox(ground: Ground) -> None:
    """An event has the id that was drawn before its transaction was committed."""
    ground.edit("event_number", IN_ORDER, "told.id, told.at")
    ground.edit(
        "event_number",
        "SET position = head.position + (SELECT count(*) FROM kept),",
        "SET position = greatest(head.position, (SELECT max(kept.id) FROM kept)),",
    )


@bug("I36")
def events_by_transaction(ground: Ground) -> None:
    """Events are in the order in which their transactions began to write; a cancellation takes its
    time between its first lock and that of the slot."""
    ground.edit("appointment_end", SLOTS, f"SELECT pg_sleep({A_WHILE});\n\n{SLOTS}")
    ground.edit(
        "event_number",
        IN_ORDER,
        "head.position + row_number() OVER (ORDER BY (SELECT change.xmin::text::bigint FROM swept"
        " JOIN appointment_history AS change ON change.id = swept.subject_id"
        " WHERE swept.id = told.id), told.id DESC), told.at",
    )


@bug("I36")
def gap_in_the_log(ground: Ground) -> None:
    """Now and then the log goes on behind an id that nothing has."""
    ground.edit(
        "event_number",
        "SET position = head.position + (SELECT count(*) FROM kept),",
        "SET position = head.position + (SELECT count(*) FROM kept)"
        " + CASE WHEN mod(head.position, 100) > 90 THEN 1 ELSE 0 END,",
    )


@bug("I37")
def foreign_event(ground: Ground) -> None:
    """Now and then everybody is shown what only staff should see."""
    ground.edit(
        "event_page",
        "event_shown(looked.event, %(account_id)s::bigint, %(staff_of)s::bigint) AS shown",
        "event_shown(looked.event, %(account_id)s::bigint,"
        " CASE WHEN mod(looked.id, 50) = 0 THEN -1 ELSE %(staff_of)s::bigint END) AS shown",
    )
