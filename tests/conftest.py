"""Fixtures: real servers, one application, the fixed cast.

servers   embedded PostgreSQL and Redis, started once (not durable: tests don't pull the plug)
settings  how the application under test is set
deps      its opened adapters; after each test nothing may be left in use
api       calls the API over HTTP and returns (status, headers, json)
given     makes what a test needs: given.slot(), given.customer(), given.appointment()
ada, ben  customers      okafor  keeps a provider's calendar      admin  keeps them all
database  a psycopg2 connection to look behind the API
"""

import asyncio
import inspect
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from tornado.platform.asyncio import AsyncIOLoop
from tornado.web import Application

from service import app as service_app
from service.deps import Deps
from service.settings import WIRES, Settings
from service.store.embedded import Embedded
from service.store.embedded.place import home
from service.store.queries import load_queries
from service.store.schema import migrate
from tests.cast import Api, Given, Person
from tests.live import PATIENT

pytest_plugins = ["tests.side_by_side", "tests.progress"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every coroutine test runs on the shared loop."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.add_marker(pytest.mark.gen_test(timeout=120))


@pytest.fixture(scope="session")
def io_loop() -> Iterator[AsyncIOLoop]:
    """One loop for all tests, so that pools can be shared."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    io = AsyncIOLoop(asyncio_loop=loop, make_current=False)
    yield io
    io.close(all_fds=False)
    asyncio.set_event_loop(None)


@pytest.fixture(autouse=True)
def current(io_loop: AsyncIOLoop) -> None:
    """The shared loop is the current one, also after a test that ran one of its own."""
    asyncio.set_event_loop(io_loop.asyncio_loop)


@pytest.fixture(scope="session", autouse=True)
def nothing_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Data of a test that root had to keep elsewhere, for nobody else enters its folder, goes."""
    yield
    for pointer in tmp_path_factory.getbasetemp().rglob("elsewhere"):
        there = Path(pointer.read_text().strip())
        if there.parent == home.SHARED:
            shutil.rmtree(there, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    embedded = Embedded.start(tmp_path_factory.mktemp("servers"), durable=False)
    yield embedded
    embedded.stop()


@pytest.fixture(scope="session")
def settings(servers: Embedded) -> Settings:
    settings = Settings(
        port=0,
        wire=os.environ.get("WIRE", WIRES[0]),
        database_url=servers.database_url or "",
        redis_url=servers.redis_url or "",
        bcrypt_rounds=4,
        rate_limit=False,
        webhook_key="of the tests",
        webhook_private_addresses=True,
        **PATIENT,
    )
    migrate.migrate(settings.database_url)
    return settings


@pytest.fixture(scope="session")
def all_deps(io_loop: AsyncIOLoop, settings: Settings) -> Iterator[Deps]:
    opened = service_app.opened(settings)
    yield io_loop.run_sync(opened.__aenter__)
    io_loop.run_sync(lambda: opened.__aexit__(None, None, None))


@pytest.fixture
def deps(io_loop: AsyncIOLoop, all_deps: Deps) -> Iterator[Deps]:
    yield all_deps
    assert all_deps.postgres.pool.in_use == 0, "a connection was not given back"
    io_loop.run_sync(all_deps.locks.released)  # after the answer, which did not wait for it
    keys = io_loop.run_sync(lambda: all_deps.redis.keys("lock:*"))
    assert not keys, f"locks were left behind: {keys}"


@pytest.fixture(scope="session")
def app(all_deps: Deps) -> Application:
    return service_app.application(all_deps)


@pytest.fixture(scope="session")
def all_api(io_loop: AsyncIOLoop, all_deps: Deps) -> Iterator[Api]:
    async def listen() -> Any:
        return service_app.listen(all_deps)

    server, port = io_loop.run_sync(listen)
    api = Api(f"http://127.0.0.1:{port}")
    yield api
    server.stop()
    api.close()
    io_loop.run_sync(server.close_all_connections)


@pytest.fixture
def api(deps: Deps, all_api: Api) -> Api:
    return all_api


@pytest.fixture
def database(settings: Settings) -> Iterator[Any]:
    connection = psycopg2.connect(settings.database_url, options="-c timezone=UTC")
    connection.autocommit = True
    yield connection
    connection.close()


@pytest.fixture
def given(io_loop: AsyncIOLoop, deps: Deps) -> Given:
    return Given(io_loop, deps)


@pytest.fixture(scope="session")
def cast(io_loop: AsyncIOLoop, all_deps: Deps) -> dict[str, Person]:
    """The fixed people, made once."""
    given = Given(io_loop, all_deps)
    provider_id = given.provider(name="Dr Okafor", time_zone="Europe/Berlin")
    return {
        "ada": given.person("ada"),
        "ben": given.person("ben"),
        "okafor": given.person("okafor", role="provider", provider_id=provider_id),
        "admin": given.person("admin", role="admin"),
    }


@pytest.fixture
def ada(cast: dict[str, Person]) -> Person:
    return cast["ada"]


@pytest.fixture
def ben(cast: dict[str, Person]) -> Person:
    return cast["ben"]


@pytest.fixture
def okafor(cast: dict[str, Person]) -> Person:
    return cast["okafor"]


@pytest.fixture
def admin(cast: dict[str, Person]) -> Person:
    return cast["admin"]


@pytest.fixture
def unbroken(database: Any) -> Iterator[None]:
    """After the test, every promise of sql/queries/invariants.sql still holds."""
    yield
    with database.cursor() as cursor:
        cursor.execute(load_queries()["invariants_broken"].text)
        assert cursor.fetchall() == []
