"""Publishing many slots of a provider at once: what is there already stays as it is."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from service.booking.schedule import Interval
from service.deps import Deps

BATCH = 1000  # slots looked at, or published, in one transaction


class Plan(NamedTuple):
    """Intervals sorted by what publishing does with them: add, leave as they are, leave out."""

    new: list[Interval]
    there: list[Interval]
    overlapping: list[Interval]


def silent(done: int) -> None:
    """For whoever does not ask how far it is."""


async def plan(
    deps: Deps, provider_id: int, wanted: Sequence[Interval], told: Callable[[int], None] = silent
) -> Plan:
    """Compare intervals, oldest first, with the provider's calendar. `told` hears how far it is."""
    found = Plan([], [], [])
    for done, some in _batches(wanted):
        rows = await deps.db.run(
            "slot_occupied",
            provider_id=provider_id,
            starts=[one.starts_at for one in some],
            ends=[one.ends_at for one in some],
            limit=BATCH,
        )
        same = dict(rows)  # by starts_at
        for one in some:
            if one.starts_at not in same:
                found.new.append(one)
            elif same[one.starts_at]:
                found.there.append(one)
            else:
                found.overlapping.append(one)
        told(done)
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
            "slot_publish",
            provider_id=provider_id,
            starts=[one.starts_at for one in some],
            ends=[one.ends_at for one in some],
            capacity=capacity,
        )
        told(done)
    return created


def _batches(wanted: Sequence[Interval]) -> Iterator[tuple[int, Sequence[Interval]]]:
    """The intervals by batches, each with how many there are up to its end."""
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        yield start + len(some), some
