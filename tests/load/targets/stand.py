"""What a part stands on: a server of its own, a scenario, and arms that are measured in turn."""

import contextlib
import json
import os
import statistics
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from service import app
from service.settings import Settings
from tests.load import processes
from tests.load.children import started
from tests.load.errors import LoadError
from tests.load.limits import Arm, Measure, over_http, sample
from tests.load.plan import OPEN_CONNECTIONS
from tests.load.scenarios import SCENARIOS
from tests.load.scenarios.base import Options, Scenario, World
from tests.load.session import behind, staging
from tests.load.stage import DatabaseStage
from tests.load.target import SERVER, Target, own_target, witness

CONNECTIONS = 64


class Row(NamedTuple):
    """One line of the table; `reached` is None for what is only told."""

    target: str
    wanted: str
    measured: str
    reached: bool | None = None


class Stand:
    """A server on databases of its own, and who asks it."""

    def __init__(
        self, target: Target, world: World, stage: DatabaseStage, stack: contextlib.ExitStack
    ) -> None:
        self.target, self.world, self.stage, self._stack = target, world, stage, stack

    def scenario(self, name: str, **options: int | str) -> Scenario:
        """A scenario of the load test, in this world."""
        return SCENARIOS[name](self.world, Options(**options))  # type: ignore[arg-type]

    def arm(self, scenario: Scenario, **changes: str) -> Arm:
        """The server with other settings, or as it is, in a closed loop."""
        if not changes:
            return over_http(self.target, scenario, CONNECTIONS)
        name = "-".join(changes.values())
        child = self._stack.enter_context(self.target.beside(name, changes))
        return over_http(self.target, scenario, CONNECTIONS, (child.pid, child.address))

    def lone(self, scenario: Scenario) -> Arm:
        """The server and a single client."""
        return over_http(self.target, scenario, 1)

    def held(self, scenario: Scenario, rate: float) -> Arm:
        """The server at a rate, in an open loop."""
        return over_http(self.target, scenario, OPEN_CONNECTIONS, rate=rate)

    async def bare(self, scenario: Scenario, name: str = "bare", rate: float | None = None) -> Arm:
        """A bare Tornado handler that answers what the server would, perhaps at a rate."""
        await sample(self.target, scenario)  # the first answer of a 304 is none
        path = self.target.folder / f"{name}.json"
        path.write_text(json.dumps(await sample(self.target, scenario)))
        words = ["-m", "tests.load.bare", str(path)]
        child = self._stack.enter_context(started(self.target.folder, name, words, os.environ))
        there = (child.pid, child.address)
        connections = OPEN_CONNECTIONS if rate else CONNECTIONS
        return over_http(self.target, scenario, connections, there, deaf=True, rate=rate)

    def memory(self) -> int:
        """Bytes of memory that the server has now."""
        return processes.read(self.target.processes).groups[SERVER].memory

    async def check(self) -> None:
        """Look whether every promise was kept. Raises LoadError: a fast wrong server is none."""
        broken = [one for one in await behind(self.target, self.world) if not one.ok]
        if broken:
            raise LoadError(f"{broken[0].name}: {'; '.join(broken[0].wrong[:3])}")


@contextlib.asynccontextmanager
async def stand(
    settings: Settings, changes: Mapping[str, str] | None = None
) -> AsyncIterator[Stand]:
    """Databases and a server of our own, with some settings changed."""
    with own_target(settings, changes or {}) as target, contextlib.ExitStack() as stack:
        assert target.settings
        rounds = int((changes or {}).get("BCRYPT_ROUNDS", "4"))
        async with app.opened(staging(target.settings)) as deps:
            connection = stack.enter_context(witness(target.settings))
            stage = DatabaseStage(deps, connection, rounds)
            yield Stand(target, World(target.address, stage), stage, stack)


async def in_turn(arms: Mapping[str, Arm], repeat: int, seconds: float) -> dict[str, Measure]:
    """The medians of each arm over so many rounds, all arms taking turns."""
    turns: dict[str, list[Measure]] = {name: [] for name in arms}
    for _ in range(repeat):
        for name, arm in arms.items():
            turns[name].append(await arm(seconds))
    return {name: median(found) for name, found in turns.items()}


def median(turns: list[Measure]) -> Measure:
    """The medians of some turns of one arm."""
    cpu = {
        process: statistics.median(turn.cpu[process] for turn in turns) for process in turns[0].cpu
    }
    return Measure(
        statistics.median(turn.throughput for turn in turns),
        cpu,
        statistics.median(turn.p50 for turn in turns),
        statistics.median(turn.p99 for turn in turns),
    )
