"""A process of its own that has to put up with everything, and what must be true of it after.

world     the live server, its database, its people and things, and the tally of answers
count     how many random requests a share is; BAD_REQUESTS sets the whole, BAD_SEED the dice,
          BAD_WIRE the parser (see the setting WIRE)
chance    the dice of one test
Of the fixed lists each place gets a part, unless BAD_REQUESTS is set.
After each test nothing has changed but what was answered with success, and a slot can be booked.
"""

import contextlib
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.settings import WIRES, Settings
from service.store.embedded import Embedded
from service.store.queries import load_queries
from tests.bad_input.world import World
from tests.live import PATIENTLY, connected, scratch_database, served

TOTAL = int(os.environ.get("BAD_REQUESTS", "2000"))
SEED = int(os.environ.get("BAD_SEED", "1"))
GROWTH = 64 * 1024 * 1024  # bytes of memory; one request may be 1 MiB and four may be under way


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long campaign gets the time it needs."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(120 + TOTAL / 50))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What HTTP itself may look like is tried on both parsers, the rest on the usual one."""
    both = metafunc.module.__name__.split("_")[-1] in ("framing", "headers", "paths")
    wires = WIRES if both else WIRES[:1]
    if "BAD_WIRE" in os.environ:
        wires = (os.environ["BAD_WIRE"],)
    metafunc.parametrize("world", wires, indirect=True, scope="session")


@pytest.fixture(scope="session")
def world(
    request: pytest.FixtureRequest,
    servers: Embedded,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        urls = servers.admin_url or "", settings.database_url
        url = stack.enter_context(scratch_database(*urls, migrated=True))
        database = stack.enter_context(connected(url))
        environment = PATIENTLY | {
            "DATABASE_URL": url,
            "REDIS_URL": f"{settings.redis_url}?db=5",
            "RATE_LIMIT": "off",
            "BCRYPT_ROUNDS": "4",
            "WIRE": request.param,
        }
        live = stack.enter_context(served(tmp_path_factory.mktemp("live"), environment))
        world = World(live, database, environment["REDIS_URL"])
        stack.callback(world.wire.close)
        world.settle()
        began, before = time.monotonic(), live.memory
        yield world
        after, asked = live.memory, sum(world.tally.values())
        if "BAD_REQUESTS" in os.environ:
            print(
                f"\n{request.param}: {asked} bad requests in {time.monotonic() - began:.0f} s: "
                f"{dict(sorted(world.tally.items()))}; memory {before >> 20} -> {after >> 20} MiB"
            )
        assert after - before < GROWTH


@pytest.fixture(scope="session")
def count() -> Callable[[float], int]:
    return lambda share: round(TOTAL * share)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(autouse=True)
def unharmed(world: World) -> Iterator[None]:
    """Nothing is left behind, no promise is broken, nothing was logged as a bug, and it books."""
    before, world.accepted = world.rows(), dict.fromkeys(World.TABLES, 0)
    said = len(world.live.log)
    yield
    world.wire.close()
    assert world.rows() == {name: before[name] + world.accepted[name] for name in before}
    with world.database.cursor() as cursor:
        cursor.execute(load_queries()["invariants_broken"].text)
        assert cursor.fetchall() == []
    log = world.live.log[said:]
    bugs = [line for line in log.splitlines() if '"exception"' in line or "Traceback" in line]
    assert not bugs, bugs[:3]
    assert world.live.process.poll() is None
    world.books_a_slot()
