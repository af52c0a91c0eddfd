"""The stage of a proof: databases of its own, proxies on the way to them, several servers.

Whatever dies is started again within a second, as systemd would do it.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2

from service.store.embedded import Embedded
from service.store.embedded.server import Server
from service.store.schema import migrate
from tests.prove.disk import small_disk, unmount
from tests.prove.relay import Way, relayed
from tests.prove.servers import HOST, AppServer

log = logging.getLogger(__name__)

WATCH_EVERY = 0.05  # seconds between two looks at who has died
UP = 30.0  # seconds until all servers must listen
# The witness reads the WAL.
POSTGRES = {
    "wal_level": "logical",
    "max_replication_slots": "8",
    "max_wal_senders": "8",
    "synchronous_commit": "on",
    "restart_after_crash": "on",
}
# What our servers are told. A lock ends soon, so that a pause can outlast it.
OURS = {
    "RATE_LIMIT": "off",
    "BCRYPT_ROUNDS": "4",
    "DEMO": "off",
    "LOCK_TTL": "3.1",
    "WEBHOOK_KEY": "of the proof",
    "WEBHOOK_PRIVATE_ADDRESSES": "on",
}


@dataclass
class Stage:
    """Everything that can be hurt. The URLs lead past the proxies: they are for witnesses."""

    folder: Path
    embedded: Embedded
    servers: list[AppServer]
    to_postgres: Way
    to_redis: Way
    disk: Path | None = None  # a small one that holds the appointments, where one could be made
    down: set[str] = field(default_factory=set)  # embedded servers to leave dead for now

    @property
    def database_url(self) -> str:
        """The database, as the role that the servers are."""
        return self.embedded.database_url or ""

    @property
    def admin_url(self) -> str:
        """The same PostgreSQL as its superuser, in the database postgres."""
        return self.embedded.admin_url or ""

    @property
    def redis_url(self) -> str:
        """Redis itself."""
        return self.embedded.redis_url or ""

    @property
    def postgres(self) -> Server:
        """The postmaster."""
        return next(one for one in self.embedded.servers if one.name == "postgres")

    @property
    def redis(self) -> Server:
        """The Redis process."""
        return next(one for one in self.embedded.servers if one.name == "valkey")

    def revive(self) -> list[str]:
        """Start again whatever has died; the names of what was started."""
        databases = [one for one in self.embedded.servers if one.name not in self.down]
        return [one.name for one in databases if one.revive()] + [
            f"server-{one.number}" for one in self.servers if one.revive()
        ]


@contextlib.asynccontextmanager
async def staged(
    folder: Path,
    *,
    servers: int = 3,
    entry: list[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Stage]:
    """A whole stage that runs, in an empty folder. Call it in the main thread.

    `entry` is the command that starts a server, `python run.py` without it; what follows are the
    words `serve --host ... --port ...`. The folder keeps the logs; the data are thrown away.
    """
    embedded = start_databases(folder / "data")
    paths = path_of(embedded.database_url, ".s.PGSQL.5432"), path_of(embedded.redis_url)
    disk = small_disk(embedded)
    try:
        async with relayed(*paths) as (to_postgres, to_redis):
            told = OURS | urls(to_postgres, to_redis) | dict(environment or {})
            ours = [AppServer(number, folder, entry, told) for number in range(servers)]
            ours[-1].bend_clock(folder)
            stage = Stage(folder, embedded, ours, to_postgres, to_redis, disk)
            async with running(stage):
                yield stage
    finally:
        home = embedded.place.home if embedded.place else folder / "data"
        embedded.stop()
        if disk:
            unmount(disk)
        for path in (home, folder / "data"):
            shutil.rmtree(path, ignore_errors=True)


@contextlib.asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[None]:
    """Within it all servers run and come back when they die."""
    try:
        for server in stage.servers:
            server.start()
        await listening(stage.servers)
        watcher = asyncio.create_task(watch(stage))
        try:
            yield
        finally:
            watcher.cancel()
    finally:
        await asyncio.gather(*(asyncio.to_thread(one.stop) for one in stage.servers))


async def listening(servers: list[AppServer]) -> None:
    """Return when all accept connections. Raises TimeoutError."""
    async with asyncio.timeout(UP):
        while not all(one.listening for one in servers):
            await asyncio.sleep(0.05)


async def watch(stage: Stage) -> None:
    """Bring back what dies, for ever."""
    while True:
        await asyncio.sleep(WATCH_EVERY)
        for name in stage.revive():
            log.info("%s was started again", name)


def start_databases(folder: Path) -> Embedded:
    """Embedded PostgreSQL and Redis, durable as in production, with our settings and schema."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    embedded = Embedded.start(folder)
    try:
        connection = psycopg2.connect(embedded.admin_url or "")
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            for name, value in POSTGRES.items():
                cursor.execute(f"ALTER SYSTEM SET {name} = %s", (value,))
        postgres = next(one for one in embedded.servers if one.name == "postgres")
        postgres.ask_to_stop()
        postgres.await_stop()
        postgres.spawn()
        postgres.await_ready()
        migrate.migrate(embedded.database_url or "")
    except BaseException:
        embedded.stop()
        raise
    return embedded


def path_of(url: str | None, file: str = "") -> str:
    """The unix socket that a URL of an embedded server names."""
    found = urlsplit(url or "")
    if not file:
        return found.path
    host = next(part for part in found.query.split("&") if part.startswith("host="))
    return f"{unquote(host.removeprefix('host='))}/{file}"


def urls(to_postgres: Way, to_redis: Way) -> dict[str, str]:
    """What the servers are told: the addresses of the proxies."""
    database = f"postgresql://booking@{HOST}:{to_postgres.port}/booking"
    return {
        "DATABASE_URL": f"{database}?sslmode=disable&gssencmode=disable",
        "REDIS_URL": f"redis://{HOST}:{to_redis.port}/0",
    }
