"""Moving one appointment between two slots: a Redis lock per slot pair, then one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

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

Item = TypeVar("Item", bound=Any)


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
    settings = deps.settings

    async def decide(items: list[MoveItem], queries: Queries = deps.postgres) -> list[Any]:
        async def move(ready: list[MoveItem], from_slot_ids: list[int]) -> list[Any]:
            return await moved(queries, settings, ready, from_slot_ids)

        return await guarded(deps, items, attrgetter("to_slot_id"), move)

    waits = partial(decide, queries=deps.postgres.waiting)
    return Lane.of(settings, decide, alone=waits, owner=attrgetter("actor_id"))


async def guarded(
    deps: Deps,
    items: list[Item],
    target: Callable[[Item], int],
    move: Callable[[list[Item], list[int]], Awaitable[list[Any]]],
) -> list[Any]:
    """The results of moving each item whose pair of slots, or of a slot and a time, could be locked
    in Redis; LATER for those that another set holds just now."""
    results, from_slot_ids = await looked_up(deps.postgres, items)
    found = sorted(from_slot_ids)
    pairs = {n: pair(from_slot_ids[n], target(items[n])) for n in found}
    async with deps.locks.hold(pairs.values()) as held:
        ready = [n for n in found if pairs[n] in held]
        results_ready = await move([items[n] for n in ready], [from_slot_ids[n] for n in ready])
    for n in found:
        results[n] = LATER  # another set holds this pair just now
    for n, result in zip(ready, results_ready, strict=True):
        results[n] = result
    return results


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


async def looked_up(db: Postgres, items: Sequence[Any]) -> tuple[list[Any], dict[int, int]]:
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


async def moved(
    queries: Queries,
    settings: Settings,
    items: list[MoveItem],
    from_slot_ids: list[int],
) -> list[Any]:
    """What becomes of a set of moves: for each its Answer, error, AGAIN or LOCKED."""
    if not items:
        return []
    rows = await queries.run(
        "appointment_move",
        **columns(items),
        from_slot_id=from_slot_ids,
        message=RESCHEDULE.message,
        notice=f"{settings.notice_minutes} minutes",
        no_overlap=settings.no_overlap,
    )
    return judged_all(rows)


def pair(one: int, other: int) -> tuple[int, int]:
    """Two slots as they are locked in Redis, whichever way the move goes."""
    return min(one, other), max(one, other)
