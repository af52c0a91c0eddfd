"""In the transaction of each test, nobody else is told of anything."""

import pytest

from tests.sql.delivery.told import alone
from tests.sql.desk import Desk


@pytest.fixture(autouse=True)
def nobody_else(desk: Desk) -> None:
    alone(desk)
