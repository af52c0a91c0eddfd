"""Fixtures: `desk` runs named queries in a transaction that is rolled back."""

from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extras import NamedTupleCursor

from service.settings import Settings
from service.store.postgres import dsn
from tests.sql.desk import Desk


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    yield from opened(settings)


@pytest.fixture
def other(settings: Settings) -> Iterator[Desk]:
    """Another session."""
    yield from opened(settings)


def opened(settings: Settings) -> Iterator[Desk]:
    connection = psycopg2.connect(dsn(settings), cursor_factory=NamedTupleCursor)
    yield Desk(connection.cursor())
    connection.rollback()
    connection.close()


@pytest.fixture
def ada(desk: Desk) -> int:
    return desk.account()


@pytest.fixture
def ben(desk: Desk) -> int:
    return desk.account()
