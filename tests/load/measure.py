"""One measured run: warm up, send, sample the processes meanwhile, and sum it all up."""

import asyncio
import contextlib
import gc
import math
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.load import processes
from tests.load.beside import Beside
from tests.load.driver import Driver
from tests.load.progress import Progress
from tests.load.recorder import Recorder
from tests.load.scenarios.base import Scenario
from tests.load.summary import Sample, outcomes, summary
from tests.load.target import Target


@dataclass(frozen=True)
class Load:
    """How to send: a rate makes it an open loop, none a closed one."""

    connections: int
    seconds: float
    warm_up: float = 1.0
    rate: float | None = None
    requests: int | None = None

    @property
    def most(self) -> int:
        """How many requests there will be at most, or probably; scenarios prepare for it."""
        guess = math.ceil((self.rate or PLENTY) * (self.seconds + self.warm_up)) + 100
        return min(guess, self.requests + 100) if self.requests else guess


PLENTY = 12_000  # answers a second that neither a server nor the SQL alone has reached here


class Sampler:
    """Looks at the processes at the beginning and end of the measured time, and in between."""

    def __init__(self, target: Target) -> None:
        self._groups = target.processes
        self.samples: list[Sample] = []

    async def run(self, recorder: Recorder) -> None:
        """Sample once per interval of at least half a second."""
        count = max(1, int(recorder.seconds / max(recorder.width, 0.5)))
        loop = asyncio.get_running_loop()
        for number in range(count + 1):
            wanted = recorder.zero + number * recorder.seconds / count
            await asyncio.sleep(max(0.0, wanted - loop.time()))
            # In a thread, so that the sending doesn't wait for it.
            reading = await asyncio.to_thread(processes.read, self._groups)
            self.samples.append(Sample(loop.time() - recorder.zero, reading))


async def measured(
    target: Target,
    scenario: Scenario,
    load: Load,
    title: str,
    *,
    address: tuple[str, int] | None = None,
    logins: int = 0,
    idle: int = 0,
) -> dict[str, Any]:
    """Run a scenario once and return everything there is to say about it."""
    driver = Driver(
        address or target.address,
        scenario,
        connections=load.connections,
        rate=load.rate,
        requests=load.requests,
    )
    await driver.open()
    async with Beside(scenario, logins=logins, idle=idle) as beside:
        eager = scenario.eager or logins
        with old_left_alone(), contextlib.nullcontext() if eager else preempting_nobody():
            zero = asyncio.get_running_loop().time() + load.warm_up
            recorder = Recorder(zero, load.seconds)
            beside.start(zero, load.seconds)
            with Progress(title, recorder):
                samples = await sampled(target, driver, recorder)
            await beside.finish()
    driver.close()
    found = summary(scenario, recorder, samples)
    found["outcomes"] += outcomes(beside.scenario, beside.histograms())
    return found | {
        "title": title,
        "loop": "open" if load.rate else "closed",
        "rate": load.rate,
        "connections": load.connections,
        "ran_out": driver.ran_out,
        "beside": beside.words(),
    }


@contextlib.contextmanager
def old_left_alone() -> Iterator[None]:
    """Within it the collector looks only at what is new.

    With all journals so far it pauses for 40 to 160 ms, and they would count as the server's.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def preempting_nobody() -> Iterator[None]:
    """Within it we wait for a core that is in use, where waking up would take it (sched(7)).

    A client elsewhere could not interrupt the server either. What it delays counts as latency.
    Beside bcrypt that would be 100 ms: its processes step back only for those who take the core.
    """
    if sys.platform != "linux":
        yield
        return
    usual = os.sched_getscheduler(0)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        yield
    finally:
        os.sched_setscheduler(0, usual, os.sched_param(0))


async def sampled(target: Target, driver: Driver, recorder: Recorder) -> list[Sample]:
    """Run a driver and return what the processes used meanwhile."""
    sampler = Sampler(target)
    sampling = asyncio.create_task(sampler.run(recorder))
    end = recorder.zero + recorder.seconds
    await driver.run(recorder, end)
    early = time.monotonic() < end  # by then the measured time was shorter than planned
    if early:
        sampling.cancel()
        recorder.seconds = max(time.monotonic() - recorder.zero, 0.001)
        reading = processes.read(target.processes)
        return [*sampler.samples, Sample(recorder.seconds, reading)]
    await sampling
    return sampler.samples
