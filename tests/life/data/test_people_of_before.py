"""Accounts that were made before people could be found by words."""

from dataclasses import replace
from itertools import takewhile
from typing import Any

from service.app import opened
from service.booking.people import customer
from service.booking.people.operator import OPERATOR
from service.settings import Settings
from service.store.embedded import Embedded
from service.store.schema import search
from service.store.schema.migrate import migrate, migrations
from tests.live import connected, scratch_database

BEFORE = list(takewhile(lambda one: one.name != "keep_customers", migrations()))
OLD = "INSERT INTO account (username, email, password_hash) VALUES (%s, %s, '-')"
LACKING = "SELECT count(*) FROM account WHERE words IS NULL"


def _made(cursor: Any, count: int) -> None:
    for n in range(count):
        cursor.execute(OLD, [f"Zo\xeb{n}", f"zoe{n}@example.org"])


async def test_they_are_found_once_the_schema_is_new(
    servers: Embedded, settings: Settings, monkeypatch: Any
) -> None:
    monkeypatch.setattr(search, "PAGE", 2)
    with (
        scratch_database(servers.admin_url or "", settings.database_url) as url,
        connected(url) as connection,
        connection.cursor() as cursor,
    ):
        migrate(url, BEFORE)
        _made(cursor, 5)
        migrate(url)
        cursor.execute(LACKING)
        assert cursor.fetchone() == (0,)
        async with opened(replace(settings, database_url=url)) as deps:
            asked = {"after_id": 0, "limit": 100}
            for typed, count in (("ZOE", 5), ("zoe3@ex", 1), ("mia", 0)):
                page = await customer.list_page(deps, OPERATOR, typed=typed, **asked)
                assert page.body.count('"username"') == count, typed


def test_who_is_made_by_code_from_before_is_found_from_the_next_start_on(
    servers: Embedded, settings: Settings
) -> None:
    with (
        scratch_database(servers.admin_url or "", settings.database_url) as url,
        connected(url) as connection,
        connection.cursor() as cursor,
    ):
        migrate(url)
        _made(cursor, 1)
        cursor.execute(LACKING)
        assert cursor.fetchone() == (1,)
        assert migrate(url) == []
        cursor.execute(LACKING)
        assert cursor.fetchone() == (0,)
