"""aiopg 1.4 and psycopg2."""

import asyncio
import contextlib
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import psycopg2
import pytest

from service.deps import Deps
from service.errors import OutcomeUnknown, Unavailable, UsernameTaken
from service.settings import Settings
from service.store.pool import SILENCE, Pool
from service.store.postgres import Postgres, dsn
from service.store.queries import load_queries, parse
from tests.cast import Given
from tests.traps.proxy import Proxy

Before = AbstractAsyncContextManager[Proxy]


def _pool(settings: Settings, size: int = 2, **more: float) -> Pool:
    told = {"connect_timeout": 2.0, "patience": 5.0} | more
    return Pool(dsn(settings), size=size, **told)


def _through(settings: Settings, proxy: Proxy) -> Settings:
    return replace(settings, database_url=f"postgresql://booking@127.0.0.1:{proxy.port}/booking")


async def test_a_cancelled_statement_is_an_error_and_no_cancelled_task(settings: Settings) -> None:
    """T-A1: 57014 came out as CancelledError, which no handler catches."""
    pool = _pool(settings)
    async with pool.link() as link:
        await link.execute("SET statement_timeout = '50ms'")
        with pytest.raises(psycopg2.errors.QueryCanceled):
            await link.execute("SELECT pg_sleep(5)")
    pool.close()


async def test_reads_leave_links_to_writes_however_many_there_are(settings: Settings) -> None:
    pool = _pool(settings, size=4, patience=0.2)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(pool.reading())
        with pytest.raises(Unavailable):
            await stack.enter_async_context(pool.reading())
        for _ in range(2):
            await stack.enter_async_context(pool.link())
    async with pool.reading():
        assert pool.in_use == 1
    pool.close()


async def test_a_statement_that_nobody_waits_for_lets_go_of_its_locks(
    settings: Settings, given: Given, database: Any
) -> None:
    """T-A2: aiopg only closes the socket, and the server went on for as long as it liked."""
    (slot_id,) = await given.make_slots(1)
    pool = _pool(settings)
    slow = f"UPDATE slot SET version = version WHERE id = {slot_id}; SELECT pg_sleep(6)"
    with pytest.raises(TimeoutError):
        async with pool.link() as link:
            await link.execute(slow, timeout=0.1)
    began = time.monotonic()
    with database.cursor() as cursor:
        cursor.execute("SET lock_timeout = '8s'")
        await asyncio.to_thread(cursor.execute, f"SELECT FROM slot WHERE id={slot_id} FOR UPDATE")
    assert time.monotonic() - began < 5, "it would have been 6 seconds"
    pool.close()


async def test_whoever_waits_gets_the_place_of_a_broken_connection(settings: Settings) -> None:
    """T-A3: the release of a closed connection woke nobody."""
    pool = _pool(settings, size=1)

    async def waiter() -> list[Any]:
        async with pool.link() as link:
            return await link.execute("SELECT 1")

    async with pool.link() as link:
        waiting = asyncio.ensure_future(waiter())
        await asyncio.sleep(0.01)
        link.close()
    assert await asyncio.wait_for(waiting, 5.0) == [(1,)]
    pool.close()


async def test_a_connection_that_never_opens_keeps_nobody_from_giving_back(
    settings: Settings, before_postgres: Before
) -> None:
    """T-A4, T-A5: one stalled connect held the pool's lock; it has a limit of its own."""
    async with before_postgres as proxy:
        pool = _pool(_through(settings, proxy), size=2, connect_timeout=0.6)
        async with pool.link() as link:
            await link.execute("SELECT 1")
            proxy.mute = True
            stalled = asyncio.ensure_future(pool.link().__aenter__())
            while proxy.accepted < 2:
                await asyncio.sleep(0.01)
            began = time.monotonic()
        assert not stalled.done(), "given back at once"
        with pytest.raises(Unavailable):
            await stalled
        assert time.monotonic() - began < 4.0, "it would have been patient for 5 seconds"
        pool.close()


async def test_who_gets_no_answer_warns_of_links_that_answered_after_it_had_asked(
    settings: Settings, before_postgres: Before
) -> None:
    """A server that freezes answers some of those who asked at one time, and not the others."""
    async with before_postgres as proxy:
        pool = _pool(_through(settings, proxy), size=2)

        async def frozen() -> None:
            async with pool.link() as waiting:
                await waiting.execute("SELECT 1")
                asked = waiting.execute("SELECT pg_sleep(5)", timeout=SILENCE)
                asking = asyncio.ensure_future(asked)
                await asyncio.sleep(0.05)
                async with pool.link() as other:
                    await other.execute("SELECT 1")
                proxy.mute = True
                await asking

        with pytest.raises(TimeoutError):
            await frozen()
        proxy.mute = False
        async with pool.link() as link:
            await link.execute("SELECT 1", timeout=SILENCE)
        assert pool.connects == 3, "on one of the two it would have waited in vain as well"
        pool.close()


@pytest.mark.parametrize("prepare", [True, False])
async def test_what_a_query_locks_first_it_holds_until_its_last_statement(
    settings: Settings, given: Given, prepare: bool
) -> None:
    """T-A6: a FOR UPDATE that is a transaction by itself holds nothing."""
    (slot_id,) = await given.make_slots(1)
    (query,) = parse("probe.sql", _PROBE)
    own = Postgres(replace(settings, prepare=prepare), {"probe": query})
    assert await own.run("probe", id=slot_id), "the lock gave the transaction its number"
    own.close()


_PROBE = """
-- name: probe :value
SELECT id FROM slot WHERE id = %(id)s::bigint FOR UPDATE;
SELECT pg_current_xact_id_if_assigned()::text;
"""


async def test_a_commit_that_was_a_rollback_is_no_success(deps: Deps) -> None:
    """T-A7 and the COMMIT that lies: swallow an error inside, and it says ROLLBACK without one."""

    async def swallow() -> None:
        async with deps.postgres.transaction() as transaction:
            await transaction.run("account_create", **_ACCOUNT)
            with contextlib.suppress(UsernameTaken):
                await transaction.run("account_create", **_ACCOUNT)

    with pytest.raises(Unavailable):
        await swallow()
    named = {"username": "twice", "username_key": "twice"}
    assert await deps.db.run("account_by_username", **named) is None
    assert await deps.db.run("schema_version"), "and the connection is not left in it"


_ACCOUNT = {
    "username": "twice", "username_key": "twice",
    "email": "x", "password_hash": "x", "role": "customer", "provider_id": 0, "words": [],
}  # fmt: skip


async def test_no_two_tasks_ever_hold_the_same_connection(settings: Settings) -> None:
    """T-A8: two tasks on one connection are a RuntimeError, or each other's rows."""
    pool, held = _pool(settings, size=3), set()

    async def task(number: int) -> None:
        async with pool.link() as link:
            ((pid,),) = await link.execute("SELECT pg_backend_pid()")
            assert pid not in held
            held.add(pid)
            assert await link.execute(f"SELECT {number}, pg_sleep(0.001)") == [(number, "")]
            held.remove(pid)

    await asyncio.gather(*(task(number) for number in range(100)))
    assert pool.connects == 3
    pool.close()


async def test_connections_that_the_server_ended_are_replaced(
    settings: Settings, database: Any
) -> None:
    """T-A9: every lost server is an OperationalError without a code."""
    own = Postgres(settings, load_queries())
    for _ in range(3):
        assert await own.run("schema_version")
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'booking' AND query LIKE '%%schema_version%%'"
            )
        while not own.pool._idle[0].connection.closed:
            await asyncio.sleep(0.01)
        # A write would not be sent again, as a read is: it gets another connection.
        assert await own.run("account_set_password", account_id=0, password_hash="x") is None
    own.close()


async def test_a_read_is_asked_again_and_a_write_is_unknown_when_the_answer_is_lost(
    settings: Settings, before_postgres: Before, database: Any
) -> None:
    """T-A9: before the statement it is 503, from then on 504."""
    async with before_postgres as proxy:
        told = replace(_through(settings, proxy), prepare=False)  # the statement itself is first
        own = Postgres(told, load_queries())
        assert await own.run("schema_version")
        proxy.delay = 5.0
        asking = asyncio.ensure_future(own.run("schema_version"))
        await proxy.held()
        proxy.delay = 0.0
        proxy.cut()
        assert await asking
        proxy.delay = 5.0
        writing = asyncio.ensure_future(own.run("account_create", **(_ACCOUNT | {"email": "y"})))
        await proxy.held()
        proxy.cut()
        with pytest.raises(OutcomeUnknown):
            await writing
        own.close()
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM account WHERE username = %s", [_ACCOUNT["username"]])
        assert cursor.rowcount == 1, "it was done, and nobody heard of it"


async def test_a_commit_is_unknown_when_its_answer_is_lost_and_not_when_it_is_refused(
    settings: Settings, before_postgres: Before
) -> None:
    async with before_postgres as proxy:
        own = Postgres(_through(settings, proxy), load_queries())
        cutting = []

        async def lost() -> None:
            async with own.transaction():
                proxy.delay = 5.0
                cutting.append(asyncio.ensure_future(cut()))

        async def cut() -> None:
            await proxy.held()
            proxy.cut()

        async def refused() -> None:
            async with own.transaction() as transaction:
                await transaction._link.execute(_REFUSED_AT_COMMIT)

        with pytest.raises(Unavailable):
            await refused()
        with pytest.raises(OutcomeUnknown):
            await lost()
        own.close()


_REFUSED_AT_COMMIT = """
CREATE TEMP TABLE late (id integer);
CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'too late' USING ERRCODE = 'serialization_failure'; END $$;
CREATE CONSTRAINT TRIGGER refused AFTER INSERT ON late
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse();
INSERT INTO late VALUES (1);
"""


async def test_a_new_connection_asks_nothing_by_itself(settings: Settings, database: Any) -> None:
    """T-A11: hstore was looked up on each connect."""
    pool = _pool(settings)
    async with pool.link() as link:
        with database.cursor() as cursor:
            pid = link.connection.raw.get_backend_pid()
            cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
            assert cursor.fetchone() == ("",)
    pool.close()


async def test_an_answer_never_goes_to_somebody_else(
    settings: Settings, before_postgres: Before
) -> None:
    """A cancelled statement leaves its rows on the way: the next on that connection read them."""
    async with before_postgres as proxy:
        pool = _pool(_through(settings, proxy), size=4)
        proxy.delay = 0.002

        async def ask(number: int) -> bool:
            try:
                async with asyncio.timeout(0.001 * (number % 8) or None):
                    async with pool.link() as link:
                        assert await link.execute(f"SELECT {number}") == [(number,)]
            except TimeoutError:
                return False
            return True

        answered = [await ask(number) for number in range(300)]
        assert 30 < sum(answered) < 290
        pool.close()
