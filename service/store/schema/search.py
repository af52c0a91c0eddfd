"""Gives accounts the words they are found by, which SQL alone could not make."""

from typing import Any

from service.store.plain import Plain
from service.values.search import words

KNOWN = "SELECT to_regclass('account_without_words') IS NOT NULL"
PAGE = 1000  # accounts fetched at once


def fill(connection: Any) -> None:
    """Give every account that has none its words. Raises psycopg2.Error."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN)
        if cursor.fetchone() == (False,):
            return
    db, after = Plain(connection), 0
    while page := db.run("account_without_words", after_id=after, limit=PAGE):
        for one in page:
            found = words(one.username, one.name, one.email, phone=one.phone)
            db.run("account_set_words", account_id=one.id, words=found)
        after = page[-1].id
