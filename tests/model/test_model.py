"""Whatever is asked, in whatever order, the API answers as a small model of it does.

MODEL_STEPS sets how many requests there are at least, MODEL_SEED the dice of a long campaign.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as runs
from hypothesis.stateful import run_state_machine_as_test
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.deps import Deps
from service.settings import Settings
from tests.cast import Api, Given, Person, Reply
from tests.model.calendar import MAX_OPEN
from tests.model.call import ROUTES
from tests.model.desk import NOTICE
from tests.model.holding import WithHolds

STEPS = int(os.environ.get("MODEL_STEPS", "1000"))
SEED = int(os.environ.get("MODEL_SEED", "1"))
EACH = 50  # requests of one run
RUNS = runs(
    max_examples=STEPS // EACH,
    stateful_step_count=EACH,
    derandomize="MODEL_STEPS" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


class Served:
    """The server under test, reached over HTTP."""

    def __init__(self, loop: AsyncIOLoop, deps: Deps, api: Api) -> None:
        self._loop, self._api = loop, api
        self._given = Given(loop, deps)

    def send(self, method: str, target: str, headers: dict[str, str], body: Any) -> Reply:
        return self._loop.run_sync(lambda: self._api.call(method, target, body, headers=headers))

    def person(self, name: str, role: str, provider_id: int) -> Person:
        return self._given.person(name, role=role, provider_id=provider_id)

    def run_out(self, appointment_id: int) -> None:
        self._loop.run_sync(lambda: self._given.make_run_out(appointment_id))

    def begin(self, slot_id: int) -> None:
        self._loop.run_sync(lambda: self._given.make_begun(slot_id))


@pytest.fixture
def world(io_loop: AsyncIOLoop, settings: Settings, unbroken: None) -> Iterator[Served]:
    told = replace(
        settings,
        max_open_appointments=MAX_OPEN,
        notice_minutes=int(NOTICE.total_seconds() // 60),
    )
    opened = service_app.opened(told)
    deps = io_loop.run_sync(opened.__aenter__)

    async def listen() -> Any:
        return service_app.listen(deps)

    server, port = io_loop.run_sync(listen)
    api = Api(f"http://127.0.0.1:{port}")
    yield Served(io_loop, deps, api)
    server.stop()
    api.close()
    io_loop.run_sync(server.close_all_connections)
    io_loop.run_sync(lambda: opened.__aexit__(None, None, None))


@pytest.mark.timeout(120 + STEPS / 4)
def test_the_api_answers_as_its_model_does(world: Served) -> None:
    class Here(WithHolds):
        pass

    Here.world, Here.steps = world, Counter()
    began = time.monotonic()
    run_state_machine_as_test(seed(SEED)(lambda: Here()), settings=RUNS)
    seen = Here.steps
    if "MODEL_STEPS" in os.environ:
        print(f"\n{seen.total()} requests in {time.monotonic() - began:.0f} s")
        print(*(f"{told}: {count}" for told, count in sorted(seen.items())), sep=", ")
        return  # with these dice something may never have come to pass
    assert set(ROUTES) - {one.split()[0] for one in seen if one.split()[1] < "4"} == set()
