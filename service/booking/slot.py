"""Slots of a provider's calendar: create, find, change, delete."""

from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from service.booking.answer import Answer, Page, judged
from service.booking.broad import ANYBODY, Work
from service.booking.status import SLOT_STATUSES
from service.deps import Deps
from service.errors import InvalidFields, NotFound, PermissionDenied
from service.lane import Lane
from service.sessions import Session
from service.settings import Settings
from service.store.postgres import Postgres

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9998, 12, 31, tzinfo=UTC)


class NewSlot(NamedTuple):
    """A slot to be: half-open [starts_at, ends_at), both aware."""

    provider_id: int
    starts_at: datetime
    ends_at: datetime
    capacity: int


class Cursor(NamedTuple):
    """Where the last page ended."""

    starts_at: str
    slot_id: int


BEGINNING = Cursor("-infinity", 0)
LOOKS = 2000  # slots that are looked at for one page


class ListItem(NamedTuple):
    """A page of a provider's slots; status "" stands for any."""

    provider_id: int
    status: str
    from_at: datetime | str
    to_at: datetime | str
    after_at: str
    after_id: int
    limit: int
    known: str


def list_lane(db: Postgres, settings: Settings) -> Lane[ListItem, Page[Cursor]]:
    """The lane in which lists of a provider's slots are read."""

    async def read(items: list[ListItem]) -> list[Page[Cursor]]:
        columns = [list(column) for column in zip(*items, strict=True)]
        rows = await db.run(
            "slot_list_provider",
            provider_ids=columns[0],
            statuses=columns[1],
            froms=columns[2],
            tos=columns[3],
            after_ats=columns[4],
            after_ids=columns[5],
            limits=columns[6],
            knowns=columns[7],
            most_looks=LOOKS,
        )
        return [
            Page(body, Cursor(at, last) if more else None, tag)
            for _, body, at, last, more, tag in rows
        ]

    return Lane.reading(settings, read)


async def create(deps: Deps, actor: Session, slots: Sequence[NewSlot]) -> list[str]:
    """Create all the slots or none; their documents in the same order.

    Raises InvalidFields, PermissionDenied, NotFound (provider), SlotOverlap.
    """
    for number, slot in enumerate(slots):
        if not actor.keeps(slot.provider_id):
            raise PermissionDenied
        _check_times(slot, f"{number}." if len(slots) > 1 else "")
    rows = await deps.db.run(
        "slot_create",
        provider_ids=[slot.provider_id for slot in slots],
        starts=[slot.starts_at for slot in slots],
        ends=[slot.ends_at for slot in slots],
        capacities=[slot.capacity for slot in slots],
    )
    if not rows:
        raise NotFound
    return [body for (body,) in rows]


def _check_times(slot: NewSlot, prefix: str) -> None:
    if not slot.starts_at < slot.ends_at:
        raise InvalidFields({f"{prefix}ends_at": ["Must be after starts_at."]})
    for name, at in (("starts_at", slot.starts_at), ("ends_at", slot.ends_at)):
        if not FIRST <= at <= LAST:
            raise InvalidFields({f"{prefix}{name}": ["Must be between 1970 and 9998."]})


async def any_exist(deps: Deps) -> bool:
    """Whether the calendar has any slot at all."""
    return bool(await deps.db.run("slot_count"))


async def get(deps: Deps, slot_id: int) -> Answer:
    """One slot. Raises NotFound."""
    row = await deps.db.run("slot_get", slot_id=slot_id)
    if row is None:
        raise NotFound
    return Answer(*row)


async def list_page(
    deps: Deps,
    *,
    provider_id: int | None,
    status: str | None,
    from_at: datetime | str,
    to_at: datetime | str,
    after: Cursor,
    limit: int,
    known: str = "",
) -> Page[Cursor]:
    """A page of slots in the order of starts_at and id, as a JSON array, and where it ended.

    It may have fewer than the limit, or none, where only some slots in so many have that status.
    A provider's page with the tag `known` comes without its body.
    """
    if provider_id is not None:
        item = ListItem(provider_id, status or "", from_at, to_at, *after, limit, known)
        page: Page[Cursor] = await deps.lanes.slots.submit(item)
        return page

    def look() -> Awaitable[Any]:
        return deps.db.run(
            "slot_list",
            statuses=[status] if status else list(SLOT_STATUSES),
            from_at=from_at,
            to_at=to_at,
            after_at=after.starts_at,
            after_id=after.slot_id,
            limit=limit,
            most_looks=LOOKS,
        )

    body, last_at, last_id, more = await deps.lanes.broad.submit(Work(ANYBODY, look))
    return Page(body, Cursor(last_at, last_id) if more else None)


async def change(
    deps: Deps,
    actor: Session,
    slot_id: int,
    *,
    closed: bool | None = None,
    capacity: int = 0,
    deleted: bool = False,
    version: int = 0,
) -> Answer:
    """Close or open a slot, change its capacity, or delete it while nobody is in it.

    None and 0 leave things as they are. Raises NotFound, PermissionDenied, SlotInUse,
    PreconditionFailed.
    """
    row = await deps.db.run(
        "slot_change",
        slot_id=slot_id,
        staff_of=actor.staff_of,
        closed=closed,
        capacity=capacity,
        deleted=deleted,
        version=version,
    )
    result = judged(*row) if row else NotFound()
    if isinstance(result, Exception):
        raise result
    answer: Answer = result
    return answer
