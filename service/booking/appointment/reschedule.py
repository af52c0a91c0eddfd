"""Moving one appointment between two slots: a Redis lock per slot pair, then one transaction."""

from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actions import RESCHEDULE
from service.booking.actor import Actor
from service.booking.answer import NO_APPOINTMENT, Answer, judged, judged_all
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps, named_lane
from service.errors import NotFound
from service.lane import LATER, Lane
from service.settings import Settings
from service.store.arrays import columns
from service.store.postgres import Postgres, Queries


class MoveItem(NamedTuple):
    appointment_id: int
    to_slot_id: int
    version: int
    actor_id: int
    staff_of: int
    expand: bool
    key: str
    fingerprint: str


@named_lane("reschedule")
def reschedule_lane(deps: Deps) -> Lane[MoveItem, Answer]:
    """The lane in which all moves of this process are decided, many in one transaction."""
    db, locks, settings = deps.postgres, deps.locks, deps.settings

    async def decide(items: list[MoveItem], queries: Queries = db) -> list[Any]:
        results, from_slot_ids = await _looked_up(db, items)
        found = sorted(from_slot_ids)
        pairs = {n: _pair(from_slot_ids[n], items[n].to_slot_id) for n in found}
        async with locks.hold(pairs.values()) as held:
            ready = [n for n in found if pairs[n] in held]
            results_ready = await _move(
                queries, settings, [items[n] for n in ready], [from_slot_ids[n] for n in ready]
            )
        for n in found:
            results[n] = LATER  # another set holds this pair just now
        for n, result in zip(ready, results_ready, strict=True):
            results[n] = result
        return results

    waits = partial(decide, queries=db.waiting)
    return Lane.of(settings, decide, alone=waits, owner=attrgetter("actor_id"))


async def reschedule(
    deps: Deps,
    actor: Actor,
    appointment_id: int,
    to_slot_id: int,
    *,
    version: int = 0,
    expand: bool = False,
    key: Key = NO_KEY,
) -> Answer:
    """Move an appointment to another slot, all or nothing. Durable when it returns.

    A version other than 0 must be the current one. Raises NotFound, SlotTaken, AlreadyBooked,
    SameSlot, NotActive, SlotInPast, TooLate, Busy, PermissionDenied, PreconditionFailed, KeyReused,
    KeyInFlight.
    """
    who = actor.account_id, actor.staff_of
    item = MoveItem(appointment_id, to_slot_id, version, *who, expand, *key)
    return await deps.lanes[reschedule_lane].submit(item)


async def _looked_up(db: Postgres, items: list[MoveItem]) -> tuple[list[Any], dict[int, int]]:
    """What can be said at once, and for all other items by number, where they are now."""
    rows = await db.run(
        "appointment_find",
        appointment_id=[item.appointment_id for item in items],
        actor_id=[item.actor_id for item in items],
        staff_of=[item.staff_of for item in items],
        key=[item.key for item in items],
        fingerprint=[item.fingerprint for item in items],
    )
    results: list[Any] = [NotFound(NO_APPOINTMENT)] * len(items)
    from_slot_ids = {}
    for n, slot_id, verdict, body, version in rows:
        if verdict is None:
            from_slot_ids[n - 1] = slot_id
        else:
            results[n - 1] = judged(verdict, body, version)
    return results, from_slot_ids


async def _move(
    queries: Queries,
    settings: Settings,
    items: list[MoveItem],
    from_slot_ids: list[int],
) -> list[Any]:
    if not items:
        return []
    rows = await queries.run(
        "appointment_move",
        **columns(items),
        from_slot_id=from_slot_ids,
        message=RESCHEDULE.message,
        notice=f"{settings.notice_minutes} minutes",
    )
    return judged_all(rows)


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)
