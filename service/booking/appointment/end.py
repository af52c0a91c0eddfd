"""Ending an appointment: cancelled, fulfilled, or nobody came."""

from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actions import Action
from service.booking.actor import Actor
from service.booking.answer import Answer, judged_all
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps, named_lane
from service.lane import Lane
from service.store.arrays import columns
from service.store.postgres import Queries


class EndItem(NamedTuple):
    appointment_id: int
    action: str
    status: str
    staff_only: bool
    message: str
    reason: str
    version: int
    actor_id: int
    staff_of: int
    expand: bool
    key: str
    fingerprint: str


@named_lane("ending")
def ending_lane(deps: Deps) -> Lane[EndItem, Answer]:
    """The lane in which appointments are cancelled, fulfilled or marked as no-shows."""
    notice = f"{deps.settings.notice_minutes} minutes"

    async def decide(items: list[EndItem], queries: Queries = deps.postgres) -> list[Any]:
        return judged_all(await queries.run("appointment_end", **columns(items), notice=notice))

    waits = partial(decide, queries=deps.postgres.waiting)
    return Lane.of(deps.settings, decide, alone=waits, owner=attrgetter("actor_id"))


async def end(
    deps: Deps,
    actor: Actor,
    appointment_id: int,
    ending: Action,
    *,
    reason: str = "",
    version: int = 0,
    expand: bool = False,
    key: Key = NO_KEY,
) -> Answer:
    """End an appointment by one of ENDINGS; the same ending twice succeeds twice.

    A version other than 0 must be the current one. Raises NotFound, PermissionDenied, NotActive,
    TooEarly (no-show), TooLate, PreconditionFailed, KeyReused, KeyInFlight.
    """
    what = ending.name, ending.after, ending.staff_only, ending.message
    who = actor.account_id, actor.staff_of
    item = EndItem(appointment_id, *what, reason, version, *who, expand, *key)
    return await deps.lanes[ending_lane].submit(item)
