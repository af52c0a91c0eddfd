"""Every planted bug still has its place in the service, and does not show to who comes alone."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from redis.asyncio import Redis
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.settings import Settings
from service.store.embedded import Embedded
from service.store.queries import load_queries
from service.store.schema import migrate
from tests.cast import PASSWORD, Api, Given
from tests.live import scratch_database
from tests.prove.planted import BUGS, Bug, planted

EACH_BUG = pytest.mark.parametrize("one", BUGS.values(), ids=list(BUGS))
REDIS_DATABASE = 6
LATE = "planted"  # what a bug does afterwards


@pytest.fixture(scope="module")
def url(servers: Embedded) -> Iterator[str]:
    """A database that no other test shares."""
    with scratch_database(servers.admin_url or "", servers.database_url or "") as url:
        migrate.migrate(url)
        yield url


@EACH_BUG
def test_its_queries_are_sql_and_its_statements_can_run(one: Bug, url: str) -> None:
    with planted(one) as ground, contextlib.closing(psycopg2.connect(url)) as connection:
        loaded = load_queries()
        cursor = connection.cursor()
        for text in ground.sql:
            cursor.execute(text)
        for name in ground.touched:
            cursor.execute(loaded[name].prepare)
        connection.rollback()


@EACH_BUG
async def test_who_comes_alone_is_served(
    one: Bug, url: str, settings: Settings, io_loop: AsyncIOLoop
) -> None:
    told = Settings.load(
        {
            "PORT": "0",
            "DATABASE_URL": url,
            "REDIS_URL": f"{settings.redis_url}?db={REDIS_DATABASE}",
            "RATE_LIMIT": "on",
            "BCRYPT_ROUNDS": "4",
            "REDIS_TIMEOUT": "1",
            "MAX_OPEN_APPOINTMENTS": "3",
        }
    )
    with planted(one):
        async with service_app.opened(told) as deps:
            slots = await Given(io_loop, deps).make_slots(2, capacity=2)
            server, port = service_app.listen(deps)
            api = Api(f"http://127.0.0.1:{port}")
            try:
                others = asyncio.all_tasks()
                assert await walk(api, one.name, slots) < 500
                while late := [task for task in asyncio.all_tasks() - others if LATE in repr(task)]:
                    await asyncio.wait(late)
            finally:
                server.stop()
                api.close()
                await server.close_all_connections()
                async with Redis.from_url(told.redis_url) as redis:
                    await redis.flushdb()


async def walk(api: Api, name: str, slots: list[int]) -> int:
    """One of each call, by one person; the highest status there was."""
    who = {"username": name, "password": PASSWORD}
    replies = [await api.post("/api/register/", who | {"email": "a@example.org"})]
    replies.append(await api.post("/api/login/", who))
    headers = {
        "Authorization": f"Token {replies[-1].json['token']}",
        "Idempotency-Key": f"{name}-one",
    }

    async def ask(method: str, path: str, body: Any = None) -> Any:
        replies.append(await api.call(method, path, body, headers=headers))
        return replies[-1].json

    made = await ask("POST", "/api/appointments/", {"slot": slots[0]})
    await ask("POST", "/api/appointments/", {"slot": slots[0]})
    headers["Idempotency-Key"] = f"{name}-two"
    path = f"/api/appointments/{made['id']}/"
    await ask("PATCH", f"{path}reschedule/", {"new_slot": slots[1]})
    await ask("GET", path)
    await ask("GET", "/api/appointments/")
    await ask("GET", "/api/slots/")
    headers["Idempotency-Key"] = f"{name}-three"
    await ask("POST", f"{path}cancel/")
    await ask("POST", "/api/password/", {"current_password": PASSWORD, "new_password": PASSWORD})
    await ask("POST", "/api/logout/")
    return max(reply.status for reply in replies)


def test_the_ground_is_clean_again() -> None:
    before = load_queries()
    with planted(BUGS["no_lock_no_index"]):
        assert load_queries() != before
    assert load_queries() == before
