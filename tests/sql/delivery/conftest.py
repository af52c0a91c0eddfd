"""In the transaction of each test, nobody else is told of anything."""

import pytest

from tests.sql.desk import Desk


@pytest.fixture(autouse=True)
def nobody_else(desk: Desk) -> None:
    desk.cursor.execute("UPDATE webhook SET status = 'disabled'")
