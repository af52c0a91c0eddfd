"""Whether this process can do its work now."""

import asyncio
import logging
import time
from typing import Protocol

from redis.asyncio import Redis

from service.errors import Unavailable
from service.settings import Settings
from service.store.checks import fitness
from service.store.postgres import Postgres
from service.store.redis import guarded
from service.store.schema.migrate import latest_version

log = logging.getLogger(__name__)

TRIED_EVERY = 5.0  # seconds: a try costs PostgreSQL a tenth of one
UNFIT = "PostgreSQL does not run what this version asks of it: the log says why."


class Provable(Protocol):
    """What says whether it can do its work."""

    async def prove(self) -> None:
        """Raise Unavailable unless it can."""
        ...


class Readiness:
    """Asks PostgreSQL and Redis, each within its own timeout, and has a password hashed."""

    def __init__(self, db: Postgres, redis: Redis, passwords: Provable, settings: Settings) -> None:
        self._db, self._redis, self._passwords = db, redis, passwords
        self._settings = settings
        self._wanted = latest_version()
        self._try_after = 0.0

    async def check(self) -> None:
        """Raise Unavailable unless both servers answer, PostgreSQL takes writes, the schema serves
        this code, queries that failed for lack of something can be run again, and passwords can be
        hashed."""
        with guarded():
            await self._redis.ping()
        version, serves, standby = await self._db.run("schema_version")
        if standby:
            self._db.pool.suspect()  # another address may be the primary by now
            raise Unavailable(fitness.STANDBY)
        if not serves <= self._wanted <= version:
            raise Unavailable("The database schema is not the one this version needs.")
        if self._db.doubted:
            await self._try()
        await self._passwords.prove()

    async def _try(self) -> None:
        """Try all queries once more, but not all the time."""
        if time.monotonic() >= self._try_after:
            self._try_after = time.monotonic() + TRIED_EVERY
            trouble = await asyncio.to_thread(fitness.trouble, self._settings)
            self._db.doubted = bool(trouble)
            if trouble:
                log.error("not fit to serve", extra={"fields": {"error": trouble}})
        if self._db.doubted:
            raise Unavailable(UNFIT)
