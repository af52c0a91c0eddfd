"""Fixtures of this folder: `folder` is empty, `kept` is a data directory with a table `fact`."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store.embedded import Embedded
from tests.life.servers import new_folder, sql


@pytest.fixture(scope="session")
def kept() -> Iterator[Path]:
    """A data directory for all tests that only need one with data in it: its table is `fact`."""
    folder = new_folder()
    running = Embedded.start(folder / "data")
    sql(running, "CREATE TABLE fact (name text PRIMARY KEY)")
    running.stop()
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder."""
    folder = new_folder()
    yield folder
    shutil.rmtree(folder)
