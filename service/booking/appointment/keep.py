"""Keeping an appointment that is outside of its provider's hours."""

from service.booking.actions import KEEP
from service.booking.actor import Actor
from service.booking.answer import NO_APPOINTMENT, Answer, ruled
from service.deps import Deps
from service.errors import NotFound


async def keep(
    deps: Deps, actor: Actor, appointment_id: int, *, reason: str, version: int, expand: bool
) -> Answer:
    """Say that an appointment takes place although its provider is closed then. It counts as a
    conflict again when it is moved to such a time, or when a closure is made later.

    Keeping what is no conflict, or is kept already, succeeds and changes nothing. A version other
    than 0 must be the current one. Raises NotFound, PermissionDenied, NotActive,
    PreconditionFailed.
    """
    row = await deps.db.run(
        "appointment_keep",
        appointment_id=appointment_id,
        actor_id=actor.account_id,
        staff_of=actor.staff_of,
        message=KEEP.message,
        reason=reason,
        version=version,
        expand=expand,
    )
    if row is None:
        raise NotFound(NO_APPOINTMENT)
    return ruled(row.verdict, row.body, row.version)
