"""Fixtures: `numbering`, while which events are numbered and sent as a serving process does it."""

import asyncio
from collections.abc import Iterator

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.deps import Deps
from service.workers import sequencer, tail
from tests import told


@pytest.fixture
def numbering(io_loop: AsyncIOLoop, deps: Deps) -> Iterator[None]:
    async def start() -> list[asyncio.Task[None]]:
        return [asyncio.create_task(work(deps)) for work in (sequencer.number, tail.follow)]

    async def stop(tasks: list[asyncio.Task[None]]) -> None:
        while deps.postgres.pool.in_use:  # none is cut in the middle of a statement
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    tasks = io_loop.run_sync(start)
    yield
    io_loop.run_sync(lambda: stop(tasks))


@pytest.fixture
def since(io_loop: AsyncIOLoop, numbering: None, deps: Deps, database: object) -> int:
    """The last event before the test."""

    async def settled() -> int:
        while deps.log.streams:  # of a test before
            await asyncio.sleep(0.01)
        while True:
            before = told.head(database)
            await asyncio.sleep(0.05)
            with database.cursor() as cursor:  # type: ignore[attr-defined]
                cursor.execute("SELECT count(*) FROM outbox")
                if cursor.fetchone() == (0,) and told.head(database) == before:
                    return before

    return io_loop.run_sync(settled)
