"""How the generator behaves towards those it measures."""

import asyncio
import os
import sys

import pytest

from tests.load.measure import Load, measured, preempting_nobody
from tests.load.scenarios.base import Options, Scenario, World
from tests.load.stage import Person, Stage
from tests.load.target import Target
from tests.load.test_driver import OK, serving
from tests.load.wire import Request, message

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sched(7) is Linux's")


class Empty(Stage):
    """A stage that has nothing and makes nothing."""

    def __init__(self) -> None:
        self.blocks, self.people = [], []

    async def add_people(self, count: int) -> list[Person]:
        return []

    async def add_slots(self, count: int, capacity: int = 1) -> list[int]:
        return []


class Noting(Scenario):
    """Notes by which policy the generator is scheduled while it sends."""

    def __init__(self, eager: bool) -> None:
        super().__init__(World(("127.0.0.1", 0), Empty()), Options())
        self.eager = eager
        self.policies: set[int] = set()

    def next(self) -> Request:
        self.policies.add(os.sched_getscheduler(0))
        return Request(message("GET", "/"), "get")


async def answer(_: int, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


@pytest.mark.parametrize("eager", [False, True])
async def test_only_beside_bcrypt_waking_up_takes_a_core_in_use(eager: bool) -> None:
    scenario = Noting(eager)
    async with serving(answer) as address:
        await measured(Target(address), scenario, Load(2, 0.5, 0.0, rate=50), "noting")
    assert scenario.policies == {os.SCHED_OTHER if eager else os.SCHED_BATCH}
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_a_run_that_fails_leaves_no_trace() -> None:
    usual = os.sched_getscheduler(0)
    with pytest.raises(ZeroDivisionError), preempting_nobody():
        raise ZeroDivisionError
    assert os.sched_getscheduler(0) == usual
