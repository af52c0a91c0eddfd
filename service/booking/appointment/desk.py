"""The front desk: a slot booked for somebody else, or although something speaks against it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from service.booking.actor import Actor
from service.booking.answer import REFUSED, SAID, Answer
from service.booking.appointment import read
from service.booking.appointment.book import BookItem, decide
from service.booking.broad import in_turn
from service.booking.idempotency import NO_KEY, Key, together
from service.deps import Deps
from service.errors import Busy, InvalidFields, PermissionDenied
from service.store.postgres import Waiting

# What can speak against a slot that is booked by its id and that staff may waive.
SlotOverride = Literal["closed", "limit"]


class SlotWish(NamedTuple):
    """A slot that staff book: for whom, what does not count, and why."""

    slot_id: int
    customer_id: int
    notes: str = ""
    override: Sequence[SlotOverride] = ()
    reason: str = ""


def check(actor: Actor, customer_id: int | None, override: Sequence[str], reason: str) -> None:
    """Raises PermissionDenied for what only staff may wish, InvalidFields without a reason."""
    if not actor.staff_of and (customer_id not in (None, actor.account_id) or override):
        raise PermissionDenied
    if override and not reason:
        raise InvalidFields({"reason": ["This field is required with override."]})


async def book_for(
    deps: Deps,
    actor: Actor,
    wish: SlotWish,
    expand: bool,
    key: Key = NO_KEY,
    *,
    dry_run: bool = False,
) -> Answer:
    """Book a place in a slot for a customer: by the rules of book(), in one transaction with what
    staff add to it. Durable when it returns; a dry run leaves nothing.

    Raises what book() does, PermissionDenied, InvalidFields, Busy.
    """
    check(actor, wish.customer_id, wish.override, wish.reason)

    async def work(deps: Deps) -> Answer:
        async with together(deps, keep=not dry_run) as inside:
            return await _book(inside, actor, wish, expand)

    return await in_turn(deps, actor.account_id, key, work)


async def _book(inside: Deps, actor: Actor, wish: SlotWish, expand: bool) -> Answer:
    admitted = await inside.db.run(
        "appointment_desk_admit",
        account_id=wish.customer_id,
        slot_id=wish.slot_id,
        actor_id=actor.account_id,
        staff_of=actor.staff_of,
        opens="closed" in wish.override,
    )
    if admitted.refusal:
        raise REFUSED[admitted.refusal](SAID.get(admitted.refusal))
    settings = inside.settings
    if "limit" in wish.override:
        settings = replace(settings, max_open_appointments=0, customer_overlap="allow")
    item = BookItem(wish.customer_id, wish.slot_id, wish.notes, False, *NO_KEY)
    [booked] = await decide(Waiting(inside.db), settings, [item])
    if isinstance(booked, Exception):
        raise booked
    if not isinstance(booked, Answer):
        raise Busy
    appointment_id: int = json.loads(booked.body)["id"]
    await inside.db.run(
        "appointment_desk_note",
        appointment_id=appointment_id,
        actor_id=actor.account_id,
        reason=wish.reason,
        overrides=sorted(set(wish.override)),
        closes=admitted.opened,
        closed=admitted.closed,
    )
    found, _ = await read.get(inside, actor, appointment_id, expand)
    return found
