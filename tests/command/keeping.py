"""Databases to back up, and what can be told of one."""

from collections.abc import Mapping
from typing import Any

import psycopg2
from psycopg2 import sql
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.settings import Settings
from service.store.schema.migrate import migrate
from tests.cast import Given, Person
from tests.contract.test_schema import CATALOGUES
from tests.live import connected

HARD_TO_WRITE = ["\\.", "\\N", "tab\there", "two\nlines\r\n", "Grüße \U0001f389", "''\"\\", ""]


def filled(io_loop: AsyncIOLoop, settings: Settings) -> Person:
    """Bring a database's schema up to date and book, move and cancel in it; one of its people."""
    migrate(settings.database_url)

    async def fill() -> Person:
        async with service_app.opened(settings) as deps:
            given = Given(io_loop, deps)
            who = await given.make_person("hanna")
            for notes, slot_id in zip(HARD_TO_WRITE, await given.make_slots(7), strict=True):
                await given.make_appointment(who, slot_id, notes)
            await given.make_slots(40, capacity=3)
            return who

    return io_loop.run_sync(fill, timeout=60)


def contents(url: str) -> dict[str, Any]:
    """Every row, every sequence and every object of a database, to compare it with another."""
    with connected(url) as connection, connection.cursor() as cursor:
        found: dict[str, Any] = {}
        cursor.execute(
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'S') AND relname <> 'schema_migration'"
        )
        for name, kind in cursor.fetchall():
            text = "SELECT * FROM {}" if kind == "r" else "SELECT last_value, is_called FROM {}"
            cursor.execute(sql.SQL(text).format(sql.Identifier(name)))
            found[name] = sorted(cursor.fetchall(), key=repr)
        for name, text in CATALOGUES.items():
            cursor.execute(text)
            found[f"the {name}"] = sorted(cursor.fetchall(), key=repr)
        return found


def run(url: str, text: str, given: Mapping[str, Any] | None = None) -> list[Any]:
    """The rows of a statement."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(text, given)
        return list(cursor.fetchall()) if cursor.description else []


def is_empty(url: str) -> bool:
    """Whether nothing was ever made in a database."""
    try:
        run(url, "SELECT FROM schema_migration")
    except psycopg2.errors.UndefinedTable:
        return True
    return False
