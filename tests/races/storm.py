"""A storm of bookings, moves and cancellations from one seed, and what its callers can prove.

The proof needs no database. A caller surely holds a place from the moment its success came back
until it sends the next request that could give the place up. At no instant may more callers
surely hold places of a slot than the slot has.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests.cast import Person
from tests.races.wire import Answer, Wire

ALLOWED = {200, 201, "slot_taken", "same_slot", "not_active", "busy"}


class Hold(NamedTuple):
    """A place that somebody surely had from one instant to another."""

    slot_id: int
    since: float
    until: float


class Storm:
    """`people` at `wires` want places in `slot_ids`; each does one thing after the other."""

    def __init__(self, wires: Sequence[Wire], slot_ids: Sequence[int], seed: int) -> None:
        self.wires, self.slot_ids, self.seed = wires, slot_ids, seed
        self.outcomes: Counter[int | str] = Counter()
        self.holds: list[Hold] = []
        self.booked: list[int] = []
        self.active: dict[int, int] = {}  # appointment: the slot its owner was told

    async def blow(self, people: Sequence[Person], rounds: int) -> None:
        await asyncio.gather(*(self._act(n, person, rounds) for n, person in enumerate(people)))

    async def _act(self, number: int, person: Person, rounds: int) -> None:
        chance = random.Random(f"{self.seed}.{number}")
        mine = None  # the appointment, its slot, and since when it is surely there
        for _ in range(rounds):
            wire, slot_id = chance.choice(self.wires), chance.choice(self.slot_ids)
            sent = time.monotonic()
            if mine is None:
                answer = await wire.book(person, slot_id)
                self._count(answer)
                if answer.status == 201:
                    mine = answer.json["id"], slot_id, time.monotonic()
                    self.booked.append(mine[0])
                continue
            appointment, here, since = mine
            if chance.random() < 0.3:
                answer = await wire.cancel(person, appointment)
                assert answer.status == 200
                mine = None
            else:
                answer = await wire.move(person, appointment, slot_id)
                if answer.status == 200:
                    mine = appointment, slot_id, time.monotonic()
            self._count(answer)
            if mine is None or mine[2] != since:
                self.holds.append(Hold(here, since, sent))
        if mine is not None:
            self.holds.append(Hold(mine[1], mine[2], time.monotonic()))
            self.active[mine[0]] = mine[1]

    def _count(self, answer: Answer) -> None:
        self.outcomes[answer.code or answer.status] += 1


def most_at_once(holds: Sequence[Hold]) -> Mapping[int, int]:
    """How many places of each slot were surely held at its busiest instant."""
    steps = [(hold.since, 1, hold.slot_id) for hold in holds if hold.since < hold.until]
    steps += [(hold.until, -1, hold.slot_id) for hold in holds if hold.since < hold.until]
    now: Counter[int] = Counter()
    most: Counter[int] = Counter()
    for _, change, slot_id in sorted(steps):
        now[slot_id] += change
        most[slot_id] = max(most[slot_id], now[slot_id])
    return most
