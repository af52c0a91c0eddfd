"""Every scenario against the application of the tests: it asks only what it may, and adds up."""

import asyncio
from urllib.parse import urlsplit

import pytest

from service.deps import Deps
from service.settings import Settings
from tests.cast import Api
from tests.load.check import check_database
from tests.load.driver import Driver
from tests.load.recorder import Recorder
from tests.load.scenarios import SCENARIOS
from tests.load.scenarios.base import Options, World
from tests.load.scenarios.mixed import SHARES, Mixed
from tests.load.scenarios.move import Move
from tests.load.scenarios.read import Read
from tests.load.stage import DatabaseStage
from tests.load.target import witness

REQUESTS = 80
SMALL = {"hot": 3, "mixed": 200}  # slots; what the others need is small enough


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenarios that are set up in no time."""
    monkeypatch.setattr(Move, "appointments", 30)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_scenario_runs_and_everything_is_kept(
    name: str, deps: Deps, api: Api, settings: Settings
) -> None:
    parts = urlsplit(api.url)
    with witness(settings) as connection:
        stage = DatabaseStage(deps, connection, 4)
        world = World((parts.hostname or "", parts.port or 0), stage)
        scenario = SCENARIOS[name](world, Options(people=5, slots=SMALL.get(name)))
        await scenario.prepare(REQUESTS)
        driver = Driver(world.address, scenario, connections=8, requests=REQUESTS)
        await driver.open()
        now = asyncio.get_running_loop().time()
        recorder = Recorder(now, 30)
        await driver.run(recorder, now + 30)
        driver.close()
        answered = {key: len(values) for key, values in recorder.total().items()}
        assert sum(answered.values()) == REQUESTS
        assert [key for key in answered if not scenario.allowed(*key)] == []
        checks = check_database(connection, world.journal, stage.blocks) + scenario.checks()
    assert [check for check in checks if not check.ok] == []


@pytest.mark.parametrize("name", [name for name, one in SCENARIOS.items() if one.direct])
async def test_the_work_of_a_request_can_be_done_without_http(
    name: str, deps: Deps, api: Api, settings: Settings
) -> None:
    parts = urlsplit(api.url)
    with witness(settings) as connection:
        stage = DatabaseStage(deps, connection, 4)
        world = World((parts.hostname or "", parts.port or 0), stage)
        scenario = SCENARIOS[name](world, Options(people=5))
        await scenario.prepare(20)
        for _ in range(4):
            await scenario.once(deps)
        checks = check_database(connection, world.journal, stage.blocks)
    assert [check for check in checks if not check.ok] == []


def test_the_day_is_a_whole_one() -> None:
    assert sum(SHARES.values()) == 100
    assert set(SHARES) == set(Mixed.expected)
    assert {kind.partition("-")[0] for kind in Read.expected} == {"list", "free"}
