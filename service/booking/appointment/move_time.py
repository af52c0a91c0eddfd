"""Moving one appointment for a service to another time of it."""

from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actions import RESCHEDULE
from service.booking.actor import Actor
from service.booking.answer import Answer, judged_all
from service.booking.appointment.book_time import refused
from service.booking.appointment.reschedule import guarded
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps, named_lane
from service.lane import Lane
from service.settings import Settings
from service.store.arrays import columns
from service.store.postgres import Queries

SAME_PROVIDER = 0


class MoveTimeItem(NamedTuple):
    appointment_id: int
    provider_id: int
    starts_at: datetime
    version: int
    actor_id: int
    staff_of: int
    expand: bool
    key: str
    fingerprint: str


@named_lane("moving")
def moving_lane(deps: Deps) -> Lane[MoveTimeItem, Answer]:
    """The lane in which all moves to times of this process are decided."""

    settings = deps.settings

    async def decide(items: list[MoveTimeItem], queries: Queries = deps.postgres) -> list[Any]:
        async def move(ready: list[MoveTimeItem], from_slot_ids: list[int]) -> list[Any]:
            return await moved(queries, settings, ready, from_slot_ids)

        return await guarded(deps, items, time_number, move)

    return Lane.of(
        settings,
        decide,
        alone=partial(decide, queries=deps.postgres.waiting),
        owner=attrgetter("actor_id"),
        tries=settings.lane_batch,
    )


async def move_time(
    deps: Deps,
    actor: Actor,
    appointment_id: int,
    starts_at: datetime,
    provider_id: int = SAME_PROVIDER,
    *,
    version: int = 0,
    expand: bool = False,
    key: Key = NO_KEY,
) -> Answer:
    """Move an appointment to another time of its service, all or nothing. Durable when it returns.

    Raises what reschedule() does, and what booking a time does.
    """
    return await deps.lanes[moving_lane].submit(
        MoveTimeItem(
            appointment_id,
            provider_id,
            starts_at,
            version,
            actor.account_id,
            actor.staff_of,
            expand,
            *key,
        )
    )


async def moved(
    queries: Queries,
    settings: Settings,
    items: list[MoveTimeItem],
    from_slot_ids: list[int],
) -> list[Any]:
    """What becomes of a set of moves: for each its Answer, error, AGAIN or LOCKED."""
    if not items:
        return []
    rows = await queries.run(
        "appointment_move_time",
        **columns(items),
        from_slot_id=from_slot_ids,
        message=RESCHEDULE.message,
        notice=f"{settings.notice_minutes} minutes",
        no_overlap=settings.no_overlap,
    )
    return judged_all(rows, refused)


def time_number(item: MoveTimeItem) -> int:
    """A number for the time that an item wants, which is no slot's."""
    return -(item.provider_id << 36 | int(item.starts_at.timestamp()) // 60)
