"""PostgreSQL: named queries in, rows out, and errors in our own words."""

import asyncio
import contextlib
import functools
import logging
import random
import time
from collections import Counter, namedtuple
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from service import errors
from service.deadline import left
from service.settings import Settings
from service.store.arrays import written
from service.store.pool import Link, Pool
from service.store.queries import WAITING, Query
from service.store.refusals import EXPECTED, kind, not_done, repeatable, sentence, translated, unfit

log = logging.getLogger(__name__)

APPLICATION_NAME = "booking"  # by which a session of a server of ours is told
RETRIES = 3
LOST = (errors.Unavailable, errors.OutcomeUnknown)  # who knows in which state a connection is then


class Queries(Protocol):
    """Whatever runs named queries."""

    async def run(self, name: str, /, **parameters: Any) -> Any: ...


class Waiting:
    """Runs the twins of queries, which wait for what is locked instead of skipping it."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def run(self, name: str, /, **parameters: Any) -> Any:
        """As Postgres.run."""
        return await self._queries.run(name + WAITING, **parameters)


class Postgres:
    """Runs named queries, each one message and one transaction, over a pool of connections."""

    def __init__(self, settings: Settings, queries: Mapping[str, Query]) -> None:
        self._queries = queries
        self._prepare = settings.prepare
        self._slow = settings.slow_query
        self._timeout = (settings.statement_timeout + settings.request_deadline) / 2
        self.pool = Pool(
            dsn(settings),
            size=settings.pool_size,
            connect_timeout=settings.connect_timeout,
            patience=settings.statement_timeout,
        )
        self.failed = Counter({"connection_lost": 0, "query_canceled": 0, "lock_not_available": 0})
        self.retries = 0
        self.waiting = Waiting(self)
        self.doubted = False  # a query met a schema or rights that are not what this code needs
        self.on_statement: Callable[[str, float], None] | None = None  # query, seconds
        self.on_commit: Callable[[str], None] | None = None  # query, or "" for several

    async def run(self, name: str, /, **parameters: Any) -> Any:
        """The named query's rows in its shape. A write is durable when this returns.

        Raises Unavailable when surely nothing was done, OutcomeUnknown when that can't be known,
        NotFound for a missing `:one`, or what REFUSALS says of a violated constraint.
        """
        query = self._queries[name]
        link_for = self.pool.link if query.writes else self.pool.reading
        for attempt in range(RETRIES + 1):
            try:
                async with link_for() as link:
                    rows = await self._timed(link, query, parameters)
                    if query.writes and self.on_commit:
                        self.on_commit(name)
                    return _shaped(query, link, rows)
            except (psycopg2.Error, TimeoutError) as error:
                refused = self.refused(query.name, error, writes=query.writes)
                if attempt == RETRIES or not repeatable(query, error, attempt):
                    raise refused from error
                self.retries += 1
                await asyncio.sleep(random.uniform(0, 0.02) * attempt)
        raise AssertionError("unreachable")

    @contextlib.asynccontextmanager
    async def transaction(self, *, keep: bool = True) -> AsyncIterator["Transaction"]:
        """Several queries, all or nothing: for what does not fit into one message. What shall not
        be kept is undone at its end.

        Raises Unavailable, or OutcomeUnknown when the answer to COMMIT is lost.
        """
        async with self.pool.link() as link:
            await self._control(link, "BEGIN", errors.Unavailable)
            try:
                transaction = Transaction(self, link, keep)
                yield transaction
                if transaction.keep:
                    await self._control(link, "COMMIT", errors.OutcomeUnknown)
                    if self.on_commit:
                        self.on_commit("")
                else:
                    await self._control(link, "ROLLBACK", errors.Unavailable)
            except BaseException as error:
                await self._undo(link, error)
                raise

    async def _undo(self, link: Link, error: BaseException) -> None:
        """A refusal is told when its locks are gone, so that the same key may be used at once.

        In any other trouble closing the link ends the transaction as surely, if later.
        """
        if isinstance(error, errors.DomainError) and not isinstance(error, LOST):
            with contextlib.suppress(errors.Unavailable):
                await self._control(link, "ROLLBACK", errors.Unavailable)
                return
        link.close()

    async def _control(
        self, link: Link, command: str, lost: type[errors.Unavailable | errors.OutcomeUnknown]
    ) -> None:
        try:
            await link.execute(command, timeout=left(self._timeout))
        except (psycopg2.Error, TimeoutError) as error:
            raise (translated(error, writes=False) if not_done(error) else lost()) from error
        if link.cursor.raw.statusmessage != command:  # COMMIT of a failed transaction says ROLLBACK
            raise errors.Unavailable

    async def send(self, link: Link, name: str, parameters: Mapping[str, Any]) -> Any:
        """One named query's rows in its shape, over a link that the caller holds."""
        query = self._queries[name]
        return _shaped(query, link, await self._timed(link, query, parameters))

    async def _timed(self, link: Link, query: Query, parameters: Mapping[str, Any]) -> list[Any]:
        began = time.perf_counter()
        try:
            return await self._send(link, query, parameters)
        finally:
            taken = time.perf_counter() - began
            if self.on_statement:
                self.on_statement(query.name, taken)
            if taken >= self._slow:
                told = {"query": query.name, "duration_ms": round(taken * 1000, 1)}
                log.warning("slow query", extra={"fields": told})

    def refused(self, name: str, error: Exception, *, writes: bool) -> Exception:
        """What to raise for an error that a query met, which is noted unless it is expected."""
        refused = translated(error, writes=writes)
        if type(refused) not in EXPECTED:
            self._note(name, error)
        return refused

    def _note(self, name: str, error: Exception) -> None:
        self.failed[kind(error)] += 1
        told = {"query": name, "kind": kind(error)}
        if isinstance(error, psycopg2.Error) and unfit(error):
            self.doubted = True
            told["error"] = sentence(error)
        log.warning("query failed", extra={"fields": told})

    async def _send(self, link: Link, query: Query, parameters: Mapping[str, Any]) -> list[Any]:
        values = written(parameters)
        if not self._prepare:
            return await link.execute(query.text, values, left(self._timeout))
        if query.name not in link.prepared:
            try:
                await link.execute(query.prepare, timeout=left(self._timeout))
            except (psycopg2.OperationalError, TimeoutError) as error:
                link.close()
                self._note(query.name, error)
                raise errors.Unavailable from error
            link.prepared.add(query.name)
        return await link.execute(query.execute, values, left(self._timeout))

    def close(self) -> None:
        self.pool.close()


class Transaction:
    """An open transaction; runs queries like Postgres, of which none stands until it ends, or none
    at all where `keep` is not set by then."""

    def __init__(self, postgres: Postgres, link: Link, keep: bool) -> None:
        self._postgres, self._link = postgres, link
        self.keep = keep

    async def run(self, name: str, /, **parameters: Any) -> Any:
        """The named query's rows in its shape. Raises Unavailable, NotFound, or a refusal."""
        try:
            return await self._postgres.send(self._link, name, parameters)
        except (psycopg2.Error, TimeoutError) as error:
            raise self._postgres.refused(name, error, writes=False) from error


def dsn(settings: Settings) -> str:
    """The settings' database with our session settings added to its own options."""
    given = parse_dsn(settings.database_url)
    options = " ".join(f"-c {name}={value}" for name, value in session(settings).items())
    ours = {"options": f"{given.get('options', '')} {options}".strip()}
    return str(make_dsn(settings.database_url, **{"application_name": APPLICATION_NAME} | ours))


def session(settings: Settings) -> dict[str, str]:
    """What a session of ours sets; behind PgBouncer the role has to have it (deploy/README.md)."""
    return {
        "timezone": "UTC",
        "synchronous_commit": "on",
        # A query of several statements decides on what it sees after it has got its locks.
        "default_transaction_isolation": "read\\ committed",
        "lock_timeout": f"{settings.lock_timeout}s",
        "statement_timeout": f"{settings.statement_timeout}s",
        "idle_in_transaction_session_timeout": f"{settings.request_deadline}s",
        # A statement whose client has gone is given up, with its locks.
        "client_connection_check_interval": "1s",
        # One plan per query and connection. Made while a table was still small, it must not go on
        # to read that table or an index from end to end when it has grown. Hash joins stay: sets
        # are joined to themselves by them. The queries keep them away from tables. And a page of a
        # list is read in the order of its index: a bitmap would be of all that the list has.
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "enable_mergejoin": "off",
        "enable_material": "off",
        "enable_bitmapscan": "off",
        "jit": "off",
    }


def _shaped(query: Query, link: Link, rows: list[Any]) -> Any:
    """A lone row has its columns' names; those of a set are told apart by who asked for them."""
    match query.shape:
        case "many":
            return rows
        case "exec":
            return link.cursor.rowcount
        case "maybe" if not rows:
            return None
    if not rows:
        raise errors.NotFound
    if query.shape == "value":
        return rows[0][0]
    return _row(*(column.name for column in link.cursor.raw.description))(*rows[0])


@functools.cache
def _row(*columns: str) -> Any:
    """The type of a row with these columns."""
    return namedtuple("Row", columns)
