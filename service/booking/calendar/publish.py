"""Publishing many slots of a provider at once: what is there already stays as it is."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from service.booking.calendar.schedule import Interval
from service.deps import Deps
from service.store.arrays import columns

BATCH = 1000  # slots published in one transaction
PAGE = 5000  # slots fetched at once


class Plan(NamedTuple):
    """Intervals sorted by what publishing does with them: add, leave as they are, leave out."""

    new: list[Interval]
    there: list[Interval]
    overlapping: list[Interval]


def silent(done: int) -> None:
    """For whoever does not ask how far it is."""


async def plan(deps: Deps, provider_id: int, wanted: Sequence[Interval]) -> Plan:
    """Compare intervals, oldest first, with the provider's calendar."""
    taken = await _taken(deps, provider_id, wanted[0].starts_at, wanted[-1].ends_at)
    found = Plan([], [], [])
    nth = 0
    for one in wanted:
        while nth < len(taken) and taken[nth].ends_at <= one.starts_at:
            nth += 1
        if nth == len(taken) or taken[nth].starts_at >= one.ends_at:
            found.new.append(one)
        elif taken[nth] == one:
            found.there.append(one)
        else:
            found.overlapping.append(one)
    return found


async def _taken(
    deps: Deps, provider_id: int, from_at: datetime, to_at: datetime
) -> list[Interval]:
    """The provider's slots in a stretch of time, oldest first; they never overlap."""
    found: list[Interval] = []
    more = True
    while more:
        rows = await deps.db.run(
            "slot_occupied", provider_id=provider_id, from_at=from_at, to_at=to_at, limit=PAGE
        )
        page = [Interval(*row) for row in rows]
        # It begins with the last slot of the one before.
        found += [one for one in page if not found or one.starts_at > found[-1].starts_at]
        more = len(rows) == PAGE
        from_at = found[-1].starts_at if found else from_at
    return found


async def publish(
    deps: Deps,
    provider_id: int,
    wanted: Sequence[Interval],
    capacity: int = 1,
    told: Callable[[int], None] = silent,
) -> int:
    """Create the slots, each batch whole or not at all, and return how many there are new.

    Where a slot is already, nothing is added: so after a failure the same call goes on.
    `told` hears how far it is. Raises NotFound (provider).
    """
    created: int = 0
    for done, some in _batches(wanted):
        created += await deps.db.run(
            "slot_publish", **columns(some), provider_id=provider_id, capacity=capacity
        )
        told(done)
    return created


def _batches(wanted: Sequence[Interval]) -> Iterator[tuple[int, Sequence[Interval]]]:
    """The intervals by batches, each with how many there are up to its end."""
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        yield start + len(some), some
