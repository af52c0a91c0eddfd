"""Whether this process can do its work now."""

from redis.asyncio import Redis

from service.errors import Unavailable
from service.passwords import Passwords
from service.store.migrate import latest_version
from service.store.postgres import Postgres
from service.store.redis import guarded


class Readiness:
    """Asks PostgreSQL and Redis, each within its own timeout, and has a password hashed."""

    def __init__(self, db: Postgres, redis: Redis, passwords: Passwords) -> None:
        self._db, self._redis, self._passwords = db, redis, passwords
        self._wanted = latest_version()

    async def check(self) -> None:
        """Raise Unavailable unless both servers answer, the schema serves this code, and passwords
        can be hashed."""
        with guarded():
            await self._redis.ping()
        version, serves = await self._db.run("schema_version")
        if not serves <= self._wanted <= version:
            raise Unavailable("The database schema is not the one this version needs.")
        await self._passwords.prove()
