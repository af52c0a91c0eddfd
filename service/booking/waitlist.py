"""Waiting for a time that others have.

Whoever frees it offers it, in the same transaction, to the first in line who may have it: the offer
is a hold, which nobody else ever sees free (sql/schema/offers.sql). It is confirmed, or let go of,
as any other.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actions import RELEASE
from service.booking.actor import Actor
from service.booking.answer import NOTHING, REFUSED, SAID, Answer, Page
from service.booking.appointment import end
from service.booking.appointment.book_time import ANY_PROVIDER
from service.booking.idempotency import together
from service.deps import Deps
from service.errors import Busy, DomainError, LimitReached, NotFound
from service.store.postgres import Waiting

NO_LINE = "You are not in that line."


class WaitWish(NamedTuple):
    """What somebody waits for: a slot, or a time of a service that begins from an instant to before
    another."""

    slot_id: int = 0
    service_id: int = 0
    provider_id: int = ANY_PROVIDER
    from_at: datetime | None = None
    until_at: datetime | None = None
    size: int = 1


class Listed(NamedTuple):
    """An entry of a list, as JSON."""

    id: int
    body: str


async def join(deps: Deps, actor: Actor, wish: WaitWish) -> Answer:
    """Stand in line. What is free already is not offered: it can be booked.

    Raises NotFound, NotOffered, PartyTooLarge, SlotInPast, LimitReached.
    """
    row = await deps.db.run(
        "waitlist_join",
        account_id=actor.account_id,
        **wish._asdict(),
        max_waiting=deps.settings.max_waiting,
        max_open=deps.settings.max_open_appointments,
        no_overlap=deps.settings.no_overlap,
    )
    if row.verdict == "limit_reached":
        raise LimitReached(limit="waiting")
    if row.verdict != "waiting":
        raise REFUSED[row.verdict](SAID.get(row.verdict))
    return Answer.of({"id": row.id, "status": row.verdict, "position": row.position})


async def list_page(
    deps: Deps, actor: Actor, *, after_id: int, limit: int
) -> Page[Sequence[Listed], int]:
    """A page of what the actor waits for or was offered, by id."""
    rows = await deps.db.run(
        "waitlist_list", account_id=actor.account_id, after_id=after_id, limit=limit + 1
    )
    return Page.of([Listed(*row) for row in rows], limit, attrgetter("id"))


async def leave(deps: Deps, actor: Actor, waiting_id: int) -> Answer:
    """Wait no more, and let go of what is offered; again it changes nothing.

    Raises NotFound, Busy.
    """
    async with together(deps) as inside:
        row = await inside.db.run(
            "waitlist_leave", waiting_id=waiting_id, account_id=actor.account_id
        )
        if row is None:
            raise NotFound(NO_LINE)
        if row.hold_id is not None:
            item = end.ending_item(actor, row.hold_id, RELEASE)
            [result] = await end.decide(Waiting(inside.db), deps.settings, [item])
            _check(result)
    return NOTHING


def _check(result: Any) -> None:
    """Raise why a hold could not be let go of, unless it is none any more."""
    if isinstance(result, DomainError) and not isinstance(result, NotFound):
        raise result
    if not isinstance(result, Answer | DomainError):
        raise Busy
