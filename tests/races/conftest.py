"""Fixtures of the races.

crowd     200 customers
wire      a quick client of the server under test
running   another application with other settings: `async with running(lane_width=1) as wire`
unbroken  besides the invariants: PostgreSQL met no deadlock and no constraint had to step in
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.deps import Deps
from service.settings import Settings
from service.store.embedded import Embedded
from tests.cast import Api, Given, Person
from tests.races.wire import Wire

CROWD = 200
# The constraints that decide by themselves, and those that tests run into on purpose. Elsewhere
# locks come first and constraints are a net.
DECIDING = ("slot_no_overlap", "account_username_unique", "idempotency_pkey")
PROVOKED = (
    "appointment_notes_length",
    "appointment_account_fkey",
    "lock timeout",
    "locked by somebody else",
)

Running = Callable[..., AbstractAsyncContextManager[Wire]]


@pytest.fixture(scope="session")
def crowd(io_loop: AsyncIOLoop, all_deps: Deps) -> list[Person]:
    given = Given(io_loop, all_deps)

    async def settle() -> list[Person]:
        names = [f"racer{number}" for number in range(CROWD)]
        return await asyncio.gather(*map(given.make_person, names))

    return io_loop.run_sync(settle)


@pytest.fixture
def wire(io_loop: AsyncIOLoop, api: Api) -> Iterator[Wire]:
    wire = Wire(api.url)
    yield wire
    io_loop.run_sync(lambda: wire.__aexit__())


@pytest.fixture
def running(settings: Settings) -> Running:
    """Opens its own pool, lanes and locks on the same servers, as another process would."""

    @contextlib.asynccontextmanager
    async def run(**changes: Any) -> AsyncIterator[Wire]:
        async with service_app.opened(replace(settings, **changes)) as deps:
            server, port = service_app.listen(deps)
            try:
                async with Wire(f"http://127.0.0.1:{port}") as wire:
                    yield wire
            finally:
                server.stop()
                await server.close_all_connections()
            assert deps.postgres.pool.in_use == 0

    return run


@pytest.fixture
def unbroken(unbroken: None, postgres_log: Path) -> Iterator[None]:
    with calm(postgres_log):
        yield


@contextlib.contextmanager
def calm(postgres_log: Path) -> Iterator[None]:
    """Nothing inside may make PostgreSQL report an error."""
    before = postgres_log.stat().st_size
    yield
    with postgres_log.open() as log:
        log.seek(before)
        errors = [line for line in log if "ERROR:" in line]
    assert [line for line in errors if not any(name in line for name in DECIDING + PROVOKED)] == []


@pytest.fixture(scope="session")
def postgres_log(servers: Embedded) -> Path:
    return next(server.log for server in servers.servers if server.name == "postgres")
