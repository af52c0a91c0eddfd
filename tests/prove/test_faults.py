"""The plan of faults, and a stage on which they take hold and heal."""

import asyncio
import contextlib
from collections import Counter
from pathlib import Path

import pytest

from tests.load.wire import message
from tests.prove.checker.answers import DEADLINE, SLACK
from tests.prove.client import Client, NotSent
from tests.prove.faults import KINDS
from tests.prove.faults.kind import HUNG
from tests.prove.probe import Probe
from tests.prove.records import Fault
from tests.prove.schedule import Planned, bouts, injure, plan
from tests.prove.stage import Stage, staged

# One of each sort; the run of a proof makes them all and says which did not bite.
SAMPLE = (
    "server-killed", "server-terminated", "server-paused", "backend-killed", "redis-killed",
    "redis-full", "postgres-refused", "redis-frozen-answering",
)  # fmt: skip


def test_one_seed_gives_one_plan() -> None:
    assert plan(7, KINDS, 300) == plan(7, reversed(list(KINDS)), 300)
    assert plan(7, KINDS, 300) != plan(8, KINDS, 300)
    assert plan(7, [], 300) == []


def test_every_kind_has_its_share() -> None:
    count = Counter(one.kind for one in plan(1, KINDS, 2000))
    rounds = 2000 / sum(kind.weight for kind in KINDS.values())
    for kind in KINDS.values():
        assert abs(count[kind.name] - rounds * kind.weight) <= kind.weight, kind.name


def test_of_faults_at_once_none_hides_the_other() -> None:
    together = bouts(plan(3, KINDS, 2000))
    assert max(map(len, together)) == 2
    assert sum(len(bout) == 2 for bout in together) > 200
    for bout in together:
        assert len({KINDS[one.kind].victim for one in bout}) == len(bout)


def test_no_fault_lasts_longer_than_a_few_seconds() -> None:
    planned = plan(5, KINDS, 2000)
    assert max(one.seconds for one in planned) <= HUNG[1]
    assert sum(one.seconds + one.pause for one in planned) / len(planned) < 0.9


def test_some_outlast_every_deadline() -> None:
    """Else nobody would see that a request waits for as long as the trouble lasts."""
    long = {kind.victim for kind in KINDS.values() if kind.lasts[0] >= DEADLINE + SLACK}
    assert long == {"postgres", "redis"}


def test_there_are_enough_kinds_and_each_says_what_it_is() -> None:
    assert len(KINDS) >= 35
    assert len({kind.about for kind in KINDS.values()}) == len(KINDS)
    assert {kind.victim for kind in KINDS.values()} == {"server", "postgres", "redis"}


@pytest.fixture
def planned() -> list[Planned]:
    return [
        Planned(
            number=n, kind=kind, server=n, seconds=0.2, pause=0.0, beside=kind == "postgres-refused"
        )
        for n, kind in enumerate(SAMPLE)
    ]


async def asking(stage: Stage) -> None:
    """Somebody looks all the time, so that there is something to hurt."""
    client = Client()
    try:
        while True:
            for server in stage.servers:
                with contextlib.suppress(NotSent):
                    await client.ask(server, message("GET", "/readyz"))
            await asyncio.sleep(0.02)
    finally:
        client.close()


async def test_each_takes_hold_and_all_is_well_afterwards(
    tmp_path: Path, planned: list[Planned]
) -> None:
    found: list[Fault] = []
    async with staged(tmp_path / "stage", servers=2) as stage:
        ports = [server.port for server in stage.servers]
        asker = asyncio.create_task(asking(stage))
        await injure(stage, planned, found.append, asyncio.Event())
        asker.cancel()
        probe = Probe(stage)
        await probe.prepare()
        assert (await probe.health(5.0)).wrong == ""
        probe.close()
        assert [server.port for server in stage.servers] == ports
        assert sum(server.starts for server in stage.servers) == 4
    assert [fault.kind for fault in found] == list(SAMPLE)
    for fault in found:
        assert fault.bit, fault
        assert fault.began_at <= fault.ended_at <= fault.healed_at, fault
    assert [server.alive for server in stage.servers] == [False, False]
