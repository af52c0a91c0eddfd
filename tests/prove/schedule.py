"""Which fault, when and to whom: all of it decided by one seed before the run begins."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable

import msgspec

from tests.prove.faults import KINDS, NoEffect, Turn
from tests.prove.probe import Probe
from tests.prove.records import Fault
from tests.prove.stage import Stage

BESIDE = 0.2  # of the faults begin while the one before them lasts
QUIET = (0.0, 0.15)  # seconds before a fault
LATE = 3.0  # times back_within that a probe waits before it gives up


class Planned(msgspec.Struct, kw_only=True, frozen=True):
    """One fault to come."""

    number: int
    kind: str
    server: int  # which of our servers, for the kinds that hurt one; taken modulo their number
    seconds: float  # how long it lasts
    pause: float  # seconds of quiet before it
    beside: bool  # begins while the one before it lasts, whose victim is another

    def __str__(self) -> str:
        """One line of the printed schedule."""
        beside = " beside it" if self.beside else ""
        return f"{self.number:5} {self.kind}{beside}, {self.seconds:.2f} s"


def plan(seed: int, kinds: Iterable[str], count: int) -> list[Planned]:
    """The same seed, kinds and count give the same plan; every kind has its even share."""
    dice = random.Random(seed)
    planned: list[Planned] = []
    deck: list[str] = []
    names = [name for name in sorted(kinds) for _ in range(KINDS[name].weight)]
    alone = True  # the one before has nothing beside it yet
    for number in range(count if names else 0):
        if not deck:
            deck = dice.sample(names, len(names))
        kind = KINDS[deck.pop()]
        apart = bool(planned) and KINDS[planned[-1].kind].victim != kind.victim
        beside = dice.random() < BESIDE * 2 and apart and alone
        alone = not beside
        planned.append(
            Planned(
                number=number,
                kind=kind.name,
                server=dice.randrange(1_000_000),
                seconds=round(dice.uniform(*kind.lasts), 3),
                pause=round(dice.uniform(*QUIET), 3),
                beside=beside,
            )
        )
    return planned


def bouts(planned: list[Planned]) -> list[list[Planned]]:
    """The faults that are made together."""
    found: list[list[Planned]] = []
    for one in planned:
        if one.beside and found:
            found[-1].append(one)
        else:
            found.append([one])
    return found


async def injure(
    stage: Stage,
    planned: list[Planned],
    record: Callable[[Fault], None],
    stop: asyncio.Event,
) -> None:
    """Carry out the plan until it is done or `stop` is set.

    Each fault is recorded when it has healed, or when a probe gave up waiting for that; when this
    returns, all is healed.
    """
    probe = Probe(stage)
    try:
        await probe.prepare()
        for bout in bouts(planned):
            await asyncio.sleep(bout[0].pause)
            if stop.is_set():
                return
            faults = await asyncio.gather(*(strike(stage, one, stop) for one in bout))
            patience = LATE * max(KINDS[one.kind].back_within for one in bout) + 1.0
            health = await probe.health(patience)
            for fault in faults:
                fault.healed_at = max(health.healed_at, fault.ended_at) if health.healed_at else 0.0
                fault.detail += f"; not well: {health.wrong}" if health.wrong else ""
                record(fault)
    finally:
        probe.close()


async def strike(stage: Stage, one: Planned, stop: asyncio.Event) -> Fault:
    """Make one fault from its beginning to its end."""
    kind = KINDS[one.kind]
    server = stage.servers[one.server % len(stage.servers)]
    turn = Turn(stage, server, one.seconds, stop, random.Random(one.server))
    fault = Fault(number=one.number, kind=kind.name, target=kind.victim, began_at=time.monotonic())
    if one.beside:
        await asyncio.sleep(one.pause)
        fault.began_at = time.monotonic()
    if why := kind.missing():
        fault.bit, fault.detail, fault.ended_at = False, f"skipped: {why}", fault.began_at
        return fault
    try:
        fault.detail = await kind.harm(turn)
    except NoEffect as none:
        fault.bit, fault.detail = False, str(none)
    except Exception as error:
        fault.bit, fault.detail = False, f"could not be made: {type(error).__name__}: {error}"
    if kind.victim == "server":
        fault.target = f"server-{turn.server.number}"
    fault.ended_at = turn.ended_at or time.monotonic()
    return fault
