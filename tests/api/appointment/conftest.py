"""A clinic, and a clock that can be put forward: with a worker who tidies up, and without."""

from typing import Any

import pytest

from service.deps import Deps
from tests.api.appointment.holds.scene import Clock
from tests.api.calendar.times.scene import Clinic
from tests.cast import Api, Given, Person


@pytest.fixture
def clinic(api: Api, given: Given, keeper: Person) -> Clinic:
    return Clinic(api, given, keeper)


@pytest.fixture(params=[False, True], ids=["worker stopped", "worker running"])
def clock(request: pytest.FixtureRequest, database: Any, deps: Deps) -> Clock:
    return Clock(database, deps, worker=request.param)
