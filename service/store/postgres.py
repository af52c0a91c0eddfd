"""PostgreSQL: named queries in, rows out, and errors in our own words."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import psycopg2
from psycopg2 import errorcodes
from psycopg2.extensions import make_dsn, parse_dsn

from service import errors
from service.settings import Settings
from service.store.pool import Link, Pool
from service.store.queries import Query

log = logging.getLogger(__name__)

# A constraint that a request can run into, and what it means. Any other violation is a bug.
REFUSALS: Mapping[str, type[errors.DomainError]] = {
    "account_username_unique": errors.UsernameTaken,
    "account_provider_fkey": errors.NotFound,
    # The token outlived its account, as after going back to an older backup of the database.
    "appointment_account_fkey": errors.InvalidToken,
    "appointment_one_per_place": errors.SlotTaken,
    "slot_booked_within_capacity": errors.SlotTaken,
    "slot_no_overlap": errors.SlotOverlap,
    "slot_provider_fkey": errors.NotFound,
}
EXPECTED = frozenset(REFUSALS.values())

RETRIED = {errorcodes.DEADLOCK_DETECTED, errorcodes.SERIALIZATION_FAILURE}
RETRIES = 3
# Reported by the server, so the transaction is rolled back for certain: connection, resource,
# operator, system and lock errors, and a table that no migration has made yet.
NOT_DONE = ("08", "53", "55", "57014", "58", "25006", "40", "42P01")


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
        self.on_statement: Callable[[str, float], None] | None = None  # query, seconds

    async def run(self, name: str, /, **parameters: Any) -> Any:
        """The named query's rows in its shape. A write is durable when this returns.

        Raises Unavailable when surely nothing was done, OutcomeUnknown when that can't be known,
        NotFound for a missing `:one`, or what REFUSALS says of a violated constraint.
        """
        query = self._queries[name]
        for attempt in range(RETRIES + 1):
            try:
                async with self.pool.link() as link:
                    return _shaped(query, link, await self._timed(link, query, parameters))
            except (psycopg2.Error, TimeoutError) as error:
                refused = _translated(query, error)
                if type(refused) not in EXPECTED:
                    self._note(query, error)
                if attempt == RETRIES or not _repeatable(query, error, attempt):
                    raise refused from error
                self.retries += 1
                await asyncio.sleep(random.uniform(0, 0.02) * attempt)
        raise AssertionError("unreachable")

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

    def _note(self, query: Query, error: Exception) -> None:
        kind = _kind(error)
        self.failed[kind] += 1
        log.warning("query failed", extra={"fields": {"query": query.name, "kind": kind}})

    async def _send(self, link: Link, query: Query, parameters: Mapping[str, Any]) -> list[Any]:
        if not self._prepare:
            return await link.execute(query.text, parameters, self._timeout)
        if query.name not in link.prepared:
            try:
                await link.execute(query.prepare, timeout=self._timeout)
            except (psycopg2.OperationalError, TimeoutError) as error:
                link.close()
                self._note(query, error)
                raise errors.Unavailable from error
            link.prepared.add(query.name)
        return await link.execute(query.execute, parameters, self._timeout)

    def close(self) -> None:
        self.pool.close()


def dsn(settings: Settings) -> str:
    """The settings' database with our session settings added to its own options."""
    given = parse_dsn(settings.database_url)
    session = {
        "timezone": "UTC",
        "synchronous_commit": "on",
        # A query of several statements decides on what it sees after it has got its locks.
        "default_transaction_isolation": "read\\ committed",
        "lock_timeout": f"{settings.lock_timeout}s",
        "statement_timeout": f"{settings.statement_timeout}s",
        "idle_in_transaction_session_timeout": f"{settings.request_deadline}s",
        # A statement whose client has gone is given up, with its locks.
        "client_connection_check_interval": "1s",
        # One plan per query and connection. Made while a table was still empty, it must not go on
        # to read that table from end to end when it has grown.
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "jit": "off",
    }
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    ours = {"options": f"{given.get('options', '')} {options}".strip()}
    return str(make_dsn(settings.database_url, **{"application_name": "booking"} | ours))


def _shaped(query: Query, link: Link, rows: list[Any]) -> Any:
    match query.shape:
        case "many":
            return rows
        case "exec":
            return link.cursor.rowcount
        case "maybe":
            return rows[0] if rows else None
    if not rows:
        raise errors.NotFound
    return rows[0] if query.shape == "one" else rows[0][0]


def _repeatable(query: Query, error: Exception, attempt: int) -> bool:
    code = getattr(error, "pgcode", None)
    if code in RETRIED:
        return True
    # A lost connection: a read may be sent once more, a write may have been done.
    lost = isinstance(error, psycopg2.OperationalError) and code is None
    return lost and not query.writes and attempt == 0


def _kind(error: Exception) -> str:
    """The error's name in PostgreSQL, or what became of the connection."""
    code = getattr(error, "pgcode", None)
    if code is not None:
        try:
            return errorcodes.lookup(code).lower()
        except KeyError:
            return "other"
    if isinstance(error, TimeoutError):
        return "no_answer"
    lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return "connection_lost" if lost else "other"


def _translated(query: Query, error: Exception) -> Exception:
    code = getattr(error, "pgcode", None)
    if isinstance(error, psycopg2.IntegrityError):
        refusal = REFUSALS.get(error.diag.constraint_name or "")
        return refusal() if refusal else error
    if code is not None and code.startswith(NOT_DONE):
        return errors.Unavailable()
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError | TimeoutError):
        return errors.OutcomeUnknown() if query.writes else errors.Unavailable()
    return error
