"""A backup of one PostgreSQL, restored into another: older and newer, embedded and external."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.settings import Settings
from service.store.embedded import Embedded
from tests.command.keeping import contents, filled, run
from tests.ha.engines import Postgres, folder, needs
from tests.live import ROOT, scratch_database, unconfigured

pytestmark = needs("postgres", "initdb", package="postgresql")


@pytest.fixture
def external() -> Iterator[str]:
    """The URL of an empty database of Debian's PostgreSQL."""
    with folder() as home:
        server = Postgres(home, "external")
        try:
            server.create()
            yield f"postgresql://booking@127.0.0.1:{server.port}/booking"
        finally:
            server.engine.kill()


@pytest.fixture
def embedded(servers: Embedded, settings: Settings) -> Iterator[str]:
    with scratch_database(servers.admin_url or "", settings.database_url) as url:
        yield url


def command(line: str, url: str, redis_url: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *line.split()],
        env=unconfigured() | {"DATABASE_URL": url, "REDIS_URL": redis_url, "REDIS_TIMEOUT": "2"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 1), done
    assert done.stderr.startswith("database: ")


@pytest.mark.parametrize("backwards", [False, True], ids=["to the newer", "to the older"])
def test_what_one_version_backed_up_the_other_restores(
    external: str,
    embedded: str,
    io_loop: AsyncIOLoop,
    settings: Settings,
    tmp_path: Path,
    backwards: bool,
) -> None:
    versions = [run(url, "SHOW server_version_num") for url in (external, embedded)]
    assert versions[0] != versions[1]
    source, target = (embedded, external) if backwards else (external, embedded)
    redis_url = f"{settings.redis_url}?db=3"
    filled(io_loop, replace(settings, database_url=source, redis_url=redis_url))
    command(f"backup {tmp_path}/b.gz", source, redis_url)
    command(f"restore {tmp_path}/b.gz", target, redis_url)
    theirs, ours = contents(target), contents(source)
    of_rows = [name for name in ours if not name.startswith("the ")]
    assert {name: theirs[name] for name in of_rows} == {name: ours[name] for name in of_rows}
    assert len(ours["appointment"]) == 14
    assert [name for name in of_rows if not ours[name]] == ["idempotency"]
