"""Gives accounts their keys where SQL alone could not, and tells which have to be renamed."""

from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any, NamedTuple

import psycopg2

from service.store.plain import Plain
from service.values.names import username_key

KEYED = "SELECT to_regclass('account_without_key') IS NOT NULL"
PAGE = 1000  # accounts fetched at once


class Shared(NamedTuple):
    """An account whose username is an older one's in another spelling, and that one."""

    id: int
    username: str
    older_id: int
    older: str

    @property
    def said(self) -> str:
        """What is wrong, for the operator."""
        return (
            f"{self.username} (account {self.id}) is {self.older} (account {self.older_id}) in "
            "another spelling: it can be logged in with by exactly that spelling alone"
        )

    @property
    def mend(self) -> str:
        """What to do about it."""
        return f"give it another name: run.py user rename {self.username} NEW"


def shared(database_url: str) -> list[Shared]:
    """The accounts that have to be renamed; changes nothing. Raises psycopg2.Error."""
    with closing(psycopg2.connect(database_url)) as connection:
        db = Plain(connection)
        return [
            Shared(account.id, account.username, *older)
            for account in _without_key(connection)
            for older in db.run("account_of_key", username_key=username_key(account.username))
            if older.id < account.id
        ]


def fill(connection: Any) -> None:
    """Give every account its key, the older one where two have the same. Raises psycopg2.Error."""
    db = Plain(connection)
    for account in _without_key(connection):
        key = username_key(account.username)
        holders = db.run("account_of_key", username_key=key)
        if any(holder.id < account.id for holder in holders):
            continue
        for holder in holders:
            db.run("account_set_key", account_id=holder.id, username_key="")
        with suppress(psycopg2.errors.UniqueViolation):  # by who registers now: told as shared
            db.run("account_set_key", account_id=account.id, username_key=key)


def _without_key(connection: Any) -> Iterator[Any]:
    """In pages by username; none in a schema that has no keys yet."""
    with connection.cursor() as cursor:
        cursor.execute(KEYED)
        if cursor.fetchone() == (False,):
            return
    db, after = Plain(connection), ""
    while page := db.run("account_without_key", after=after, limit=PAGE):
        yield from page
        after = page[-1].username
