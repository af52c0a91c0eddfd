"""PostgreSQL with a synchronous standby: the primary dies under load, the standby is promoted."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.settings import Settings
from tests.ha.callers import calling, line, lost
from tests.ha.engines import Engine, Postgres, folder, needs, wait

pytestmark = needs("postgres", "pg_basebackup", package="postgresql")
SYNCHRONOUS = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
NOTICED_AFTER = 1.0  # seconds until the manager, such as Patroni, would promote


@pytest.fixture
def pair() -> Iterator[tuple[Postgres, Postgres]]:
    """A primary that acknowledges nothing before its standby has it."""
    with folder() as home:
        primary, standby = Postgres(home, "primary"), Postgres(home, "standby")
        try:
            primary.create()
            standby.follow(primary)
            primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            primary.sql("SELECT pg_reload_conf()")
            wait(lambda: bool(primary.sql(SYNCHRONOUS)), 10)
            yield primary, standby
        finally:
            primary.engine.kill()
            standby.engine.kill()


def killed(primary: Engine) -> None:
    primary.send(signal.SIGKILL)


def frozen(primary: Engine) -> None:
    primary.send(signal.SIGSTOP)


def deaf(primary: Engine) -> None:
    """Who is connected reads on, and writes wait for the standby that is one no longer."""
    primary.deafen()


@pytest.mark.parametrize("fault", [killed, frozen, deaf])
async def test_no_acknowledged_booking_is_lost_when_the_primary_dies(
    pair: tuple[Postgres, Postgres],
    io_loop: AsyncIOLoop,
    settings: Settings,
    tmp_path: Path,
    fault: Callable[[Engine], None],
) -> None:
    primary, standby = pair
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
    url = f"postgresql://booking@{hosts}/booking?target_session_attrs=read-write"
    settings = replace(settings, database_url=url)
    async with calling(io_loop, tmp_path, settings, {"REDIS_TIMEOUT": "1"}) as (callers, _):
        since = time.monotonic()
        fault(primary.engine)
        await asyncio.sleep(NOTICED_AFTER)
        standby.sql("SELECT pg_promote()")
        await callers.successes(25)
    link = psycopg2.connect(url if fault is killed else url.replace(str(primary.port), "1"))
    with link.cursor() as cursor:
        cursor.execute("SELECT id FROM appointment")
        missing = lost(callers, cursor.fetchall())
    link.close()
    print("\n" + line(f"PostgreSQL primary {fault.__name__}", callers, since, len(missing)))
    assert missing == []
    assert set(callers.refusals) <= {"503 unavailable", "504 outcome_unknown"}
    assert callers.gap(since) < NOTICED_AFTER + 6
