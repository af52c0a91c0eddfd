"""Somebody who books, moves and cancels, one after the other."""

import asyncio
import json
import random
from collections.abc import Sequence

from service.booking.actions import CANCEL
from service.booking.appointment import book, end, reschedule
from service.deps import Deps
from service.errors import DomainError
from tests.cast import Person

PAUSE = 0.002  # seconds between two wishes


async def write(
    deps: Deps, who: Person, slot_ids: Sequence[int], seed: int, stop: asyncio.Event
) -> None:
    """Go on until told to stop; what others have is refused, and another wish comes next."""
    chance, mine = random.Random(seed), 0
    while not stop.is_set():
        try:
            if not mine:
                answer = await book.book(deps, who.session, chance.choice(slot_ids), "", False)
                mine = int(json.loads(answer.body)["id"])
            elif chance.random() < 0.5:
                await reschedule.reschedule(deps, who.session, mine, chance.choice(slot_ids))
            else:
                await end.end(deps, who.session, mine, CANCEL)
                mine = 0
        except DomainError:
            pass
        await asyncio.sleep(PAUSE)
