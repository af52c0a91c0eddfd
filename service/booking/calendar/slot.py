"""Slots of a provider's calendar: create, find, change, delete."""

import itertools
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from service.booking.actor import Actor
from service.booking.answer import (
    NO_PROVIDER,
    NO_SERVICE,
    NO_SLOT,
    Answer,
    Page,
    ruled,
    tag,
)
from service.booking.broad import ANYBODY, Work, broad_lane
from service.booking.calendar.bounds import FIRST, LAST
from service.booking.status import SLOT_STATUSES
from service.deps import Deps, named_lane
from service.errors import InvalidFields, NotFound, NotOffered, PermissionDenied, SlotOverlap
from service.lane import Lane
from service.store.arrays import columns


class NewSlot(NamedTuple):
    """A slot to be: half-open [starts_at, ends_at), both aware."""

    provider_id: int
    starts_at: datetime
    ends_at: datetime
    capacity: int
    per_person: int = 1  # how many of its places one person may have at a time
    service_id: int | None = None


class Cursor(NamedTuple):
    """Where the last page ended."""

    starts_at: datetime = FIRST
    slot_id: int = 0


BEGINNING = Cursor()
YEARS = f"Must be between {FIRST.year} and {LAST.year}."
LOOKS = 2000  # slots that are looked at for one page


class ListItem(NamedTuple):
    """A page of a provider's slots; status is some with commas between them, or "" for any."""

    provider_id: int
    status: str
    from_at: datetime | str
    to_at: datetime | str
    after_at: datetime
    after_id: int
    limit: int
    known: str


@named_lane("slots")
def list_lane(deps: Deps) -> Lane[ListItem, Page[str | None, Cursor]]:
    """The lane in which lists of a provider's slots are read."""

    async def read(items: list[ListItem]) -> list[Page[str | None, Cursor]]:
        rows = await deps.db.run("slot_list_provider", **columns(items), most_looks=LOOKS)
        return [
            Page(body, _cursor(at, last) if more else None, tag)
            for _, body, at, last, more, tag in rows
        ]

    return Lane.reading(deps.settings, read)


async def create(deps: Deps, actor: Actor, slots: Sequence[NewSlot]) -> list[str]:
    """Create all the slots or none; their documents in the same order.

    Raises InvalidFields, PermissionDenied, NotFound (provider or service), NotOffered,
    SlotOverlap.
    """
    for number, slot in enumerate(slots):
        if not actor.keeps(slot.provider_id):
            raise PermissionDenied
        _check_times(slot, f"{number}." if len(slots) > 1 else "")
    rows = await deps.db.run("slot_create", **columns(slots))
    if not rows:
        await _check_offered(deps, slots)
        raise NotFound(NO_PROVIDER)
    return [body for (body,) in rows]


async def _check_offered(deps: Deps, slots: Sequence[NewSlot]) -> None:
    """Raise NotFound or NotOffered if the service of one is none, or not its provider's."""
    asked = columns(slots)
    number = await deps.db.run(
        "slot_unoffered", provider_id=asked["provider_id"], service_id=asked["service_id"]
    )
    if number is not None:
        missing = await deps.db.run("service_get", service_id=slots[number].service_id) is None
        raise NotFound(NO_SERVICE) if missing else NotOffered


async def name_overlap(deps: Deps, slots: Sequence[NewSlot]) -> None:
    """Raise the SlotOverlap that says which of these slots is in the way of another, of them or of
    the calendar; the first one, if it still is."""
    number = _overlapping(slots)
    if number is None:
        number = await deps.db.run(
            "slot_overlapping",
            provider_id=[slot.provider_id for slot in slots],
            starts_at=[slot.starts_at for slot in slots],
            ends_at=[slot.ends_at for slot in slots],
        )
    if number is not None:
        from_at, to_at = slots[number].starts_at, slots[number].ends_at
        raise SlotOverlap(
            f"The slot at index {number}, from {from_at.isoformat()} to {to_at.isoformat()}, "
            "overlaps another slot of this provider."
        )


def _overlapping(slots: Sequence[NewSlot]) -> int | None:
    """The first that begins before one of these that began earlier has ended."""
    in_time = sorted(range(len(slots)), key=lambda n: (*slots[n][:2], n))
    found = []
    for before, after in itertools.pairwise(in_time):
        one, other = slots[before], slots[after]
        if one.provider_id == other.provider_id and other.starts_at < one.ends_at:
            found.append(max(before, after))
    return min(found, default=None)


def _check_times(slot: NewSlot, prefix: str) -> None:
    if not slot.starts_at < slot.ends_at:
        raise InvalidFields({f"{prefix}ends_at": ["Must be after starts_at."]})
    for name, at in (("starts_at", slot.starts_at), ("ends_at", slot.ends_at)):
        if not FIRST <= at <= LAST:
            raise InvalidFields({f"{prefix}{name}": [YEARS]})


async def any_exist(deps: Deps) -> bool:
    """Whether the calendar has any slot at all."""
    return bool(await deps.db.run("slot_count"))


async def get(deps: Deps, slot_id: int) -> tuple[Answer, str]:
    """One slot, and its tag. Raises NotFound."""
    row = await deps.db.run("slot_get", slot_id=slot_id)
    if row is None:
        raise NotFound(NO_SLOT)
    body, version, provider_version = row
    return Answer(body, version), tag(str(version), provider_version)


async def list_page(
    deps: Deps,
    *,
    provider_ids: Sequence[int] = (),
    statuses: Sequence[str] = (),
    from_at: datetime | str,
    to_at: datetime | str,
    after: Cursor,
    limit: int,
    known: str = "",
) -> Page[str | None, Cursor]:
    """A page of slots in the order of starts_at and id, as a JSON array, and where it ended; of any
    provider and status unless some are given.

    It may have fewer than the limit, or none, where only some slots in so many have that status.
    A provider's page with the tag `known` comes without its body.
    """
    wanted = list(dict.fromkeys(provider_ids))
    if len(wanted) == 1:
        item = ListItem(wanted[0], ",".join(statuses), from_at, to_at, *after, limit, known)
        return await deps.lanes[list_lane].submit(item)
    asked = {
        "statuses": list(statuses or SLOT_STATUSES),
        "from_at": from_at,
        "to_at": to_at,
        "after_at": after.starts_at,
        "after_id": after.slot_id,
        "limit": limit,
        "most_looks": LOOKS,
    }

    def look() -> Awaitable[Any]:
        if wanted:
            return deps.db.run("slot_list_providers", provider_ids=wanted, **asked)
        return deps.db.run("slot_list", **asked)

    body, last_at, last_id, more = await deps.lanes[broad_lane].submit(Work(ANYBODY, look))
    return Page(body, _cursor(last_at, last_id) if more else None)


def _cursor(starts_at: str, slot_id: int) -> Cursor:
    return Cursor(datetime.fromisoformat(starts_at), slot_id)


async def change(
    deps: Deps,
    actor: Actor,
    slot_id: int,
    *,
    closed: bool | None = None,
    capacity: int = 0,
    per_person: int = 0,
    deleted: bool = False,
    version: int = 0,
) -> Answer:
    """Close or open a slot, change its capacity or how many places one person may have, or delete
    it while nobody is in it.

    None and 0 leave things as they are. Raises NotFound, PermissionDenied, SlotInUse, Busy,
    PreconditionFailed.
    """
    row = await deps.db.run(
        "slot_change",
        slot_id=slot_id,
        staff_of=actor.staff_of,
        closed=closed,
        capacity=capacity,
        per_person=per_person,
        deleted=deleted,
        version=version,
    )
    if row is None:
        raise NotFound(NO_SLOT)
    return ruled(row.verdict, row.body, row.version)
