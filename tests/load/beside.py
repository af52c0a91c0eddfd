"""What goes on beside the measured requests: a storm of logins, connections that only wait."""

import asyncio
import resource
from typing import Self

from tests.load.driver import Driver
from tests.load.errors import LoadError
from tests.load.histogram import Histogram
from tests.load.recorder import Recorder
from tests.load.scenarios.base import Scenario
from tests.load.scenarios.login import Login

SPARE = 200  # files that a process needs besides connections


class Beside:
    """Runs along with a measured run, inside of `async with`."""

    def __init__(self, scenario: Scenario, *, logins: int, idle: int) -> None:
        self.recorder: Recorder | None = None
        self.scenario = Login(scenario.world, scenario.options)
        self.scenario.persons = scenario.persons
        self._logins, self._idle = logins, idle
        address = scenario.world.address
        self._waiting = Driver(address, self.scenario, connections=idle)
        self._storm = Driver(address, self.scenario, connections=logins, polite=True)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Open the connections. Raises LoadError."""
        await self._waiting.open()
        await self._storm.open()
        return self

    def start(self, zero: float, seconds: float) -> None:
        """Log in from now until the end of the measured time."""
        if self._logins:
            self.recorder = Recorder(zero, seconds)
            self._task = asyncio.create_task(self._storm.run(self.recorder, zero + seconds))

    async def finish(self) -> None:
        """Wait until the last login is answered."""
        if self._task:
            await self._task

    async def __aexit__(self, *_: object) -> None:
        self._waiting.close()
        self._storm.close()

    def histograms(self) -> dict[tuple[str, int], Histogram]:
        """The latencies of the logins by kind and status."""
        if self.recorder is None:
            return {}
        return {key: Histogram.of(values) for key, values in self.recorder.total().items()}

    def words(self) -> str:
        """What went on, as a sentence; nothing if nothing did."""
        said = []
        if self.recorder is not None:
            rate = self.recorder.in_time() / self.recorder.seconds
            said.append(f"{self._logins} connections logged in all the while, {rate:,.0f} a second")
        if self._idle:
            said.append(f"{self._idle:,} connections were open and idle")
        return "; ".join(said)


def allow_files(connections: int) -> None:
    """Let this process and the servers it starts open so many connections. Raises LoadError."""
    wanted = connections + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted or soft == resource.RLIM_INFINITY:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise LoadError(f"{connections:,} connections need ulimit -n {wanted}, not {hard}.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
