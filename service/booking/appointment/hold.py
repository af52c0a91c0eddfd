"""Holding a place for a while, and making an appointment of it.

A hold is an appointment that runs out by the clock of the database. Until then nobody else gets its
place, and confirming it is never refused.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actions import RELEASE
from service.booking.actor import Actor
from service.booking.answer import NO_HOLD, Answer, judged_all, tag
from service.booking.appointment import book_time as times
from service.booking.appointment import desk, end
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps, named_lane
from service.errors import DomainError, HoldExpired, LimitReached, NotFound, SlotTaken
from service.lane import Lane
from service.settings import Settings
from service.store.arrays import columns
from service.store.postgres import Queries

LONGEST = 86_400  # seconds, which is as long as may be


class PlaceWish(NamedTuple):
    """What somebody wants to hold: places of a slot, for so many seconds at most."""

    slot_id: int
    size: int = 1
    notes: str = ""
    seconds: int = LONGEST
    customer_id: int | None = None


class HoldItem(NamedTuple):
    account_id: int
    actor_id: int
    staff_of: int
    slot_id: int
    size: int
    notes: str
    seconds: int
    expand: bool
    key: str
    fingerprint: str


class ConfirmItem(NamedTuple):
    appointment_id: int
    notes: str | None
    version: int
    actor_id: int
    staff_of: int
    expand: bool
    key: str
    fingerprint: str


class SwapItem(NamedTuple):
    """A hold to be let go of if this one can be had in its place."""

    release: end.EndItem
    hold: HoldItem | times.TimeItem


@named_lane("holding")
def holding_lane(deps: Deps) -> Lane[HoldItem, Answer]:
    """The lane in which all holds of slots of this process are decided."""
    return Lane.of(
        deps.settings,
        partial(decide, deps.postgres, deps.settings),
        alone=partial(decide, deps.postgres.waiting, deps.settings),
        owner=attrgetter("account_id"),
        tries=deps.settings.lane_batch,
    )


@named_lane("confirming")
def confirming_lane(deps: Deps) -> Lane[ConfirmItem, Answer]:
    """The lane in which holds become appointments."""

    async def decide(items: list[ConfirmItem], queries: Queries = deps.postgres) -> list[Any]:
        return judged_all(await queries.run("appointment_hold_confirm", **columns(items)), _refused)

    waits = partial(decide, queries=deps.postgres.waiting)
    return Lane.of(deps.settings, decide, alone=waits, owner=attrgetter("actor_id"))


@named_lane("swapping")
def swapping_lane(deps: Deps) -> Lane[SwapItem, Answer]:
    """The lane of holds that replace others: one by one, since each is a transaction."""

    async def decide(items: list[SwapItem]) -> Sequence[Any]:
        return [await _swap(deps, item) for item in items]

    return Lane.alone(deps.settings, decide, owner=lambda item: item.hold.account_id)


async def decide(queries: Queries, settings: Settings, items: list[HoldItem]) -> list[Any]:
    """What becomes of a set of holds: for each its Answer, error, AGAIN or LOCKED."""
    rows = await queries.run(
        "appointment_hold",
        **columns(items),
        max_open=settings.max_open_appointments,
        no_overlap=settings.no_overlap,
        max_holds=settings.max_holds,
        hold_seconds=settings.hold_seconds,
    )
    return judged_all(rows, _refused)


async def hold(
    deps: Deps,
    actor: Actor,
    wish: PlaceWish | times.Wish,
    *,
    replaces: int | None = None,
    expand: bool = False,
    key: Key = NO_KEY,
) -> Answer:
    """Hold a place in a slot, or a time of a service. Durable when it returns.

    Another hold that it replaces is let go of in the same transaction, or stays where this one
    can't be had. Raises what booking does, LimitReached, ApprovalNeeded.
    """
    item = _item(actor, wish, expand, key)
    if replaces is not None:
        release = end.ending_item(actor, replaces, RELEASE)
        return await deps.lanes[swapping_lane].submit(SwapItem(release, item))
    if isinstance(item, HoldItem):
        return await deps.lanes[holding_lane].submit(item)
    return await deps.lanes[times.taking_lane].submit(item)


async def get(deps: Deps, actor: Actor, hold_id: int, expand: bool) -> tuple[Answer, str]:
    """A hold that the actor may see, and its tag. Raises NotFound, also where it has run out or is
    an appointment by now."""
    row = await deps.db.run(
        "appointment_hold_get",
        appointment_id=hold_id,
        actor_id=actor.account_id,
        staff_of=actor.staff_of,
        expand=expand,
    )
    if row is None:
        raise NotFound(NO_HOLD)
    shown = f"{row.version}.{row.slot_version}" if expand else str(row.version)
    return Answer(row.body, row.version), tag(shown, row.provider_version)


async def confirm(
    deps: Deps,
    actor: Actor,
    hold_id: int,
    notes: str | None = None,
    *,
    if_still_free: bool = False,
    version: int = 0,
    expand: bool = False,
    key: Key = NO_KEY,
) -> Answer:
    """Make an appointment of a hold: the same twice succeeds twice. Notes take the place of those
    it has. Where its service wants approval, it waits for that.

    If it has run out, `if_still_free` holds and confirms the same once more, under a new id. A
    version other than 0 must be the current one. Raises NotFound, HoldExpired, NotActive,
    PreconditionFailed, KeyReused, KeyInFlight; if it is to be held once more, what that does.
    """

    def item(one_id: int, version: int) -> ConfirmItem:
        who = actor.account_id, actor.staff_of
        return ConfirmItem(one_id, notes, version, *who, expand, *key)

    lane = deps.lanes[confirming_lane]
    try:
        return await lane.submit(item(hold_id, version))
    except HoldExpired as expired:
        if not if_still_free:
            raise
        wish = _once_more(json.loads(expired.held))
    again = await hold(deps, actor, wish)
    return await lane.submit(item(json.loads(again.body)["id"], 0))


async def release(
    deps: Deps, actor: Actor, hold_id: int, version: int = 0, key: Key = NO_KEY
) -> Answer:
    """Let go of a hold; again it changes nothing. Raises NotFound, also for what is an appointment
    by now, PreconditionFailed, KeyReused, KeyInFlight."""
    try:
        return await end.end(deps, actor, hold_id, RELEASE, version=version, key=key)
    except NotFound:
        raise NotFound(NO_HOLD) from None


async def expire(deps: Deps, most: int) -> int:
    """End so many of those slots' holds and requests that have run out; how many there were."""
    ended: int | None = await deps.db.run("appointment_hold_expire", most=most)
    return ended or 0


async def _swap(deps: Deps, item: SwapItem) -> Any:
    settings, wanted = deps.settings, item.hold
    take: Callable[..., Any] = decide if isinstance(wanted, HoldItem) else times.decide
    async with deps.postgres.transaction() as transaction:
        [result] = await end.decide(transaction, settings, [item.release])
        if isinstance(result, Answer):
            [result] = await take(transaction, settings, [wanted])
        elif isinstance(result, NotFound):
            result = NotFound(NO_HOLD)
        transaction.keep = isinstance(result, Answer)
    return result


def _item(
    actor: Actor, wish: PlaceWish | times.Wish, expand: bool, key: Key
) -> HoldItem | times.TimeItem:
    if isinstance(wish, times.Wish):
        return times.item(actor, wish, expand, key)
    slot_id, size, notes, seconds, customer_id = wish
    desk.check(actor, customer_id, (), "")
    who = customer_id or actor.account_id, actor.account_id, actor.staff_of
    return HoldItem(*who, slot_id, size, notes, seconds, expand, *key)


def _once_more(held: Mapping[str, Any]) -> PlaceWish | times.Wish:
    """The wish that led to a hold: without a service it was of the slot itself."""
    whose = {"size": held["size"], "notes": held["notes"], "customer_id": held["account_id"]}
    if held["service"] is None:
        return PlaceWish(held["slot"], **whose)
    starts_at = datetime.fromisoformat(held["starts_at"])
    return times.Wish(held["service"], starts_at, held["provider"], seconds=LONGEST, **whose)


def _refused(verdict: str, body: str | None) -> DomainError | None:
    """The errors of holds that say more than their name."""
    match verdict:
        case "hold_expired":
            return HoldExpired(held=body or "{}")
        case "limit_reached":
            return LimitReached(limit=body)
        case "slot_taken":
            return SlotTaken(body or "[]")
    return None
