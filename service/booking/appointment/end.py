"""Ending an appointment: cancelled, fulfilled, or nobody came; approving or declining one."""

from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actions import Action
from service.booking.actor import Actor
from service.booking.answer import Answer, judged_all
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps, named_lane
from service.lane import Lane
from service.settings import Settings
from service.store.arrays import columns
from service.store.postgres import Queries


class EndItem(NamedTuple):
    appointment_id: int
    action: str
    begins: str
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
    """The lane in which appointments are cancelled, fulfilled, marked as no-shows, approved and
    declined, and holds let go of."""
    return Lane.of(
        deps.settings,
        partial(decide, deps.postgres, deps.settings),
        alone=partial(decide, deps.postgres.waiting, deps.settings),
        owner=attrgetter("actor_id"),
    )


async def decide(queries: Queries, settings: Settings, items: list[EndItem]) -> list[Any]:
    """What becomes of a set of endings: for each its Answer, error, AGAIN or LOCKED."""
    rows = await queries.run(
        "appointment_end", **columns(items), notice=f"{settings.notice_minutes} minutes"
    )
    return judged_all(rows)


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
    """End an appointment by one of ENDINGS, approve or decline it; the same twice succeeds twice.

    A version other than 0 must be the current one. Raises NotFound, PermissionDenied, NotActive,
    NotPending, TooEarly (no-show), TooLate, PreconditionFailed, KeyReused, KeyInFlight.
    """
    item = ending_item(actor, appointment_id, ending, reason, version, expand, key)
    return await deps.lanes[ending_lane].submit(item)


def ending_item(
    actor: Actor,
    appointment_id: int,
    ending: Action,
    reason: str = "",
    version: int = 0,
    expand: bool = False,
    key: Key = NO_KEY,
) -> EndItem:
    """The same as the lane takes it."""
    what = ending.name, ending.begins, ending.after, ending.staff_only, ending.message
    who = actor.account_id, actor.staff_of
    return EndItem(appointment_id, *what, reason, version, *who, expand, *key)
