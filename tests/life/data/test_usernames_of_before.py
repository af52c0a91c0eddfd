"""Accounts that were made before usernames had keys, in databases of any locale."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from service.app import opened
from service.booking.people import account, operator
from service.deps import Deps
from service.errors import InvalidFields, NotFound, UsernameTaken
from service.settings import Settings
from service.store.backup import Archive, dump, load
from service.store.embedded import Embedded
from service.store.schema import usernames
from service.store.schema.migrate import migrate, migrations
from tests.live import connected, scratch_database

LOCALES = {
    "C": "LOCALE 'C' LOCALE_PROVIDER libc",
    "C.UTF-8": "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'",
}
BEFORE = list(takewhile(lambda one: one.name != "key_usernames", migrations()))
KEYS = "SELECT username, username_key FROM account ORDER BY id"
MANY = ["Ada", "Ädam", "zoe\u0301", "\uff21\uff24\uff21", "x²", "ädam2"]


@contextmanager
def database(servers: Embedded, settings: Settings, options: str = LOCALES["C"]) -> Iterator[str]:
    """The URL of a database with options of its own; dropped afterwards."""
    with scratch_database(servers.admin_url or "", settings.database_url) as url:
        name = urlsplit(url).path[1:]
        with connected(servers.admin_url or "") as admin, admin.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")
            cursor.execute(f"CREATE DATABASE {name} OWNER booking TEMPLATE template0 {options}")
        yield url


def ask(url: str, text: str, *parameters: Any) -> list[Any]:
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return list(cursor.fetchall()) if cursor.description else []


def old_account(url: str, username: str) -> None:
    """Made by code that knows of no key."""
    ask(
        url,
        "INSERT INTO account (username, email, password_hash) VALUES (%s, 'e', '-')",
        username,
    )


def within(settings: Settings, url: str, work: Callable[[Deps], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with opened(replace(settings, database_url=url)) as deps:
            return await work(deps)

    return asyncio.run(run())


@pytest.mark.parametrize("options", LOCALES.values(), ids=LOCALES)
def test_each_name_is_one_account_whatever_the_locale(
    servers: Embedded, settings: Settings, options: str
) -> None:
    pairs = [
        ("Ädam", "äDAM"),
        ("Ǆo", "ǆo"),
        ("ЖАННА", "ж\u0430нн\u0430"),
        ("INES", "ines"),
        ("\uff21\uff24\uff21", "ada"),
    ]

    async def work(deps: Deps) -> None:
        for first, second in pairs:
            await account.create(deps, first, account.Details("e"), "-")
            with pytest.raises(UsernameTaken):
                await account.create(deps, second, account.Details("e"), "-")
            assert (await account.by_username(deps, second))[1] == first

    with database(servers, settings, options) as url:
        migrate(url)
        within(settings, url, work)


def test_the_migration_gives_every_account_a_key(servers: Embedded, settings: Settings) -> None:
    async def work(deps: Deps) -> None:
        for name in (*MANY, "ADA", "ädam", "ZO\xc9", "X²"):
            assert await account.by_username(deps, name), name

    with database(servers, settings) as url:
        migrate(url, BEFORE)
        for name in MANY[:3] + MANY[4:]:
            old_account(url, name)
        migrate(url)
        keys = dict(ask(url, KEYS))
        assert keys == {"Ada": "ada", "Ädam": "ädam", "zoe\u0301": "zo\xe9", "x²": "x²",
                        "ädam2": "ädam2"}  # fmt: skip
        assert usernames.shared(url) == []
        within(settings, url, work)


def test_of_two_accounts_of_one_name_the_younger_is_told_and_still_logs_in(
    servers: Embedded, settings: Settings
) -> None:
    async def work(deps: Deps) -> None:
        found = [(await account.by_username(deps, name))[1] for name in ("ädam", "Ädam", "äDAM")]
        assert found == ["ädam", "Ädam", "Ädam"]
        assert (await account.by_username(deps, "ada"))[1] == "ada"
        with pytest.raises(UsernameTaken):
            await operator.rename(deps, "ädam", "Ada")
        with pytest.raises(InvalidFields):
            await operator.rename(deps, "ädam", "a b")
        with pytest.raises(NotFound):
            await operator.rename(deps, "nobody", "somebody")
        await operator.rename(deps, "ädam", "Ädam2")

    with database(servers, settings) as url:
        migrate(url, BEFORE)
        for name in ("Ädam", "\uff21\uff24\uff21", "ädam", "ada"):
            old_account(url, name)
        migrate(url)
        assert ask(url, KEYS) == [
            ("Ädam", "ädam"),
            ("\uff21\uff24\uff21", "ada"),
            ("ädam", None),
            ("ada", None),
        ]
        told = {one.username: one for one in usernames.shared(url)}
        assert told["ädam"].said.startswith("ädam (account 3) is Ädam (account 1) in another")
        assert told["ada"].mend == "give it another name: run.py user rename ada NEW"
        migrate(url)
        within(settings, url, work)
        assert ask(url, KEYS)[2] == ("Ädam2", "ädam2")
        assert [one.username for one in usernames.shared(url)] == ["ada"]


def test_code_from_before_registers_beside_new_code(servers: Embedded, settings: Settings) -> None:
    with database(servers, settings, LOCALES["C.UTF-8"]) as url:
        migrate(url)
        old_account(url, "Ada")
        old_account(url, "Ädam")
        for taken in ("ADA", "ÄDAM"):
            with pytest.raises(psycopg2.errors.UniqueViolation) as refused:
                old_account(url, taken)
            assert refused.value.diag.constraint_name == "account_username_unique"
        assert ask(url, KEYS) == [("Ada", "ada"), ("Ädam", None)]
        migrate(url)
        assert ask(url, KEYS) == [("Ada", "ada"), ("Ädam", "ädam")]


@pytest.mark.parametrize("wanted", [BEFORE, None], ids=["an older schema", "this schema"])
def test_a_backup_brings_the_keys_back(
    servers: Embedded, settings: Settings, tmp_path: Path, wanted: Any
) -> None:
    with database(servers, settings) as url, database(servers, settings) as other:
        migrate(url, BEFORE)
        for name in ("Ädam", "ädam", "ines"):
            old_account(url, name)
        migrate(url, wanted)
        with (tmp_path / "backup").open("w+b") as file:
            dump(url, file)
            file.seek(0)
            load(other, Archive(file))
        assert ask(other, KEYS) == [("Ädam", "ädam"), ("ädam", None), ("ines", "ines")]
