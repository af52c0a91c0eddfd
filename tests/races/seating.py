"""People who sit in slots before a race begins."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from tests.cast import Given, Person


class Seat(NamedTuple):
    """Somebody's appointment and the slot it was booked in."""

    who: Person
    id: int
    slot_id: int


async def seated(given: Given, people: Sequence[Person], slot_ids: Sequence[int]) -> list[Seat]:
    """One of the people in each of the slots."""
    sitting = people[: len(slot_ids)]
    ids = await asyncio.gather(*map(given.make_appointment, sitting, slot_ids))
    return list(map(Seat, sitting, ids, slot_ids))
