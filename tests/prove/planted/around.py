"""Bugs in what happens around a booking: holds, requests, lines, series and sets of moves."""

import json
from typing import Any

from service.booking.answer import Answer
from service.booking.appointment import end, hold
from service.booking.appointment.sets import moves, series
from service.deps import Deps
from tests.prove.planted.ground import Ground, bug
from tests.prove.planted.times import function

QUIET = "none"  # no fault is needed
OFFERED_LATER = """
-- name: appointment_end_offer :many
SELECT offer(slot.id) FROM slot
 WHERE slot.id = ANY (ARRAY(SELECT appointment.slot_id FROM appointment
                             WHERE appointment.id = ANY (%(appointment_id)s::bigint[])))
 ORDER BY slot.id FOR NO KEY UPDATE;
"""
OFFERS = """
CREATE OR REPLACE FUNCTION offer_freed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {0} THEN
        PERFORM offer(NEW.id);
    END IF;
    RETURN NULL;
END
$$;
"""


def nobody_tidies(ground: Ground) -> None:
    """No worker ends what has run out."""

    async def nothing(deps: Deps, most: int) -> int:
        return 0

    ground.put(hold, "expire", nothing)


@bug("I30", QUIET)
def run_out_and_in_the_way(ground: Ground) -> None:
    """A hold that has run out keeps its place until it is tidied away, which takes ages."""
    nobody_tidies(ground)
    ground.sql.append(function("taken", ("WHEN slot.next_expiry <= now()", "WHEN false")))
    for query in ("appointment_book", "appointment_hold"):
        ground.edit(query, "FILTER (WHERE mine.next_expiry <= now())", "FILTER (WHERE false)")
    ground.edit("appointment_book", "WHEN slot.next_expiry <= now() THEN 'locked'", "")
    ground.edit("appointment_hold", "OR slot.next_expiry <= now() THEN 'locked'", "THEN 'locked'")


@bug("I30", QUIET)
def confirmed_late(ground: Ground) -> None:
    """Who comes after the end confirms, if nobody has tidied the hold away."""
    nobody_tidies(ground)
    ground.edit(
        "appointment_hold_confirm",
        "(SELECT status_now(appointment.status, appointment.expires_at) AS status)",
        "(SELECT appointment.status AS status)",
    )


@bug("I30", QUIET)
def approved_late(ground: Ground) -> None:
    """Staff approve what its deadline has declined, if nobody has tidied it away."""
    nobody_tidies(ground)
    ground.edit(
        "appointment_end",
        "(SELECT status_now(appointment.status, appointment.expires_at) AS status)",
        "(SELECT appointment.status AS status)",
    )


@bug("I31", QUIET)
def offered_to_the_last(ground: Ground) -> None:
    """What is freed goes to whoever came last."""
    ground.sql.append(
        function("next_in_line", ("ORDER BY stand.waiting_id", "ORDER BY stand.waiting_id DESC"))
    )


@bug("I31", QUIET)
def free_until_offered(ground: Ground) -> None:
    """What is left is free for a moment: the offer is made in the next transaction."""
    ground.sql.append(OFFERS.format("false"))
    ground.add(OFFERED_LATER)
    decide = end.decide

    async def decided(queries: Any, settings: Any, items: Any) -> Any:
        results = await decide(queries, settings, items)
        ids = [item.appointment_id for item in items]
        await queries.run("appointment_end_offer", appointment_id=ids)
        return results

    ground.put(end, "decide", decided)


@bug("I31", QUIET)
def more_room_for_strangers(ground: Ground) -> None:
    """Who makes more room in a slot offers it to nobody."""
    ground.sql.append(OFFERS.format("NEW.capacity = OLD.capacity"))


@bug("I31", QUIET)
def opened_for_strangers(ground: Ground) -> None:
    """Who takes a closure away offers what has been opened to nobody."""
    ground.sql.append(
        function(
            "offer_between", ("WHERE waiting.id = ANY (", "WHERE false AND waiting.id = ANY (")
        )
    )


@bug("I31", QUIET)
def run_out_for_strangers(ground: Ground) -> None:
    """What has run out, be it an offer, is offered to nobody else: it is free."""
    ground.sql.append(
        function(
            "expire",
            (
                "PERFORM offer(freed.id) FROM unnest(slot_ids) AS freed (id);",
                "PERFORM set_config('booking.ran_out', '1', true);",
            ),
        )
    )
    ground.sql.append(OFFERS.format("coalesce(current_setting('booking.ran_out', true), '') = ''"))


@bug("I7 I1 I3", QUIET)
def counted_again_when_confirmed(ground: Ground) -> None:
    """Whoever confirms is counted once more."""
    ground.sql.append("ALTER TABLE slot DROP CONSTRAINT IF EXISTS slot_booked_within_capacity")
    ground.edit(
        "appointment_hold_confirm",
        "SET version = slot.version + 1, next_expiry = least(",
        "SET booked = slot.booked + 1, version = slot.version + 1, next_expiry = least(",
    )


@bug("I11", QUIET)
def hold_of_anybody(ground: Ground) -> None:
    """Whoever knows the number of a hold is shown it as theirs."""
    ground.edit(
        "appointment_hold_get",
        "AND (appointment.account_id = %(actor_id)s::bigint",
        "AND (%(actor_id)s::bigint > 0",
    )


@bug("I32", QUIET)
def half_a_chain(ground: Ground) -> None:
    """The last one of a set of moves stays where it is, and is told as moved."""
    moved = moves._moved

    async def all_but_one(queries: Any, settings: Any, steps: Any) -> Any:
        done, refused = await moved(queries, settings, steps[:-1])
        item, here = steps[-1].item, steps[-1].from_slot_id
        told = {"appointment_id": item.appointment_id, "old_slot": here}
        return [*done, told | {"new_slot": getattr(item, "to_slot_id", here)}], refused

    ground.put(moves, "_moved", all_but_one)


@bug("I33", QUIET)
def series_with_a_hole(ground: Ground) -> None:
    """The last date of a series is told as booked and is not."""
    booked = series._booked

    async def all_but_one(queries: Any, settings: Any, items: Any) -> Any:
        results = await booked(queries, settings, items[:-1])
        first = next((one for one in results if isinstance(one, Answer)), None)
        document = json.loads(first.body) if first else {"id": 0}
        return [*results, Answer.of(document) if first else results[0]]

    ground.put(series, "_booked", all_but_one)


@bug("I35", QUIET, "CUSTOMER_OVERLAP=refuse")
def in_two_places(ground: Ground) -> None:
    """Nobody looks whether somebody has something else at that time."""
    ground.sql.append(function("has_overlap", ("SELECT EXISTS (", "SELECT false AND EXISTS (")))
