"""Fixtures of this folder: `folder` is empty, `kept` is a data directory with a table `fact`,
`scratch` are settings of a database of its own."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.settings import Settings
from service.store.embedded import Embedded
from tests.life.servers import new_folder, sql
from tests.live import scratch_database


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


@pytest.fixture
def scratch(servers: Embedded, settings: Settings) -> Iterator[Settings]:
    """Settings of a database of its own with the schema in it."""
    urls = servers.admin_url or "", settings.database_url
    with scratch_database(*urls, migrated=True) as url:
        yield replace(settings, database_url=url)
