"""Who and what there is when a run begins: accounts, calendars, and far fewer slots than wishes."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import bcrypt
import psycopg2

from tests.prove.people import PASSWORD

CUSTOMERS, STAFF, LIMITED = 240, 5, 3
CROWDED, ELASTIC = 36, 24
MINUTES = 15
A_CALENDAR = 2000  # slots: three weeks around the clock

ACCOUNTS = """
INSERT INTO account (username, email, password_hash, role)
SELECT name, name || '@example.org', %s, %s FROM unnest(%s::text[]) AS name
"""
CALENDAR = """
WITH owner AS (INSERT INTO provider (name, time_zone) VALUES (%s, 'Europe/Berlin') RETURNING id)
INSERT INTO slot (provider_id, starts_at, ends_at, capacity)
SELECT owner.id, %s + n * %s, %s + (n + 1) * %s, 1 + n %% %s
  FROM owner, generate_series(0, %s - 1) AS n
RETURNING provider_id, id
"""


def set_up(database_url: str, operations: int) -> dict[str, Any]:
    """Put everything in place; what the people and the judge have to know of it."""
    wide = 2000 + operations // 20
    people = [f"user{n}" for n in range(CUSTOMERS)]
    staff = [f"staff{n}" for n in range(STAFF)]
    limited = [f"guarded{n}" for n in range(LIMITED)]
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start += timedelta(days=3)
    connection = psycopg2.connect(database_url, options="-c timezone=UTC")
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        for names, role in ((people + limited, "customer"), (staff, "admin")):
            cursor.execute(ACCOUNTS, (hashed, role, names))
        crowded = calendar(cursor, "Crowded", start, CROWDED, places=1)
        elastic = calendar(cursor, "Elastic", start, ELASTIC, places=3)
        calendars, slots = [crowded, elastic], []
        for first in range(0, wide, A_CALENDAR):
            count = min(A_CALENDAR, wide - first)
            calendars.append(calendar(cursor, f"Wide {first}", start, count, places=1))
            slots += calendars[-1][1]
        cursor.execute("ANALYZE")
    days = [f"{start + timedelta(days=n):%Y-%m-%d}" for n in range(A_CALENDAR * MINUTES // 1440)]
    return {
        "people": people,
        "staff": staff,
        "limited": limited,
        "crowded": crowded[1],
        "elastic": elastic[1],
        "wide": slots,
        "calendars": [(crowded[0], days[0]), (elastic[0], days[0])]
        + [(provider, day) for provider, _ in calendars[2:] for day in days[::2]],
    }


def calendar(
    cursor: Any, name: str, start: datetime, count: int, *, places: int
) -> tuple[int, list[int]]:
    """A provider and its slots, one after the other, with one to `places` places in turn."""
    long = timedelta(minutes=MINUTES)
    cursor.execute(CALENDAR, (name, start, long, start, long, places, count))
    rows = cursor.fetchall()
    return rows[0][0], [row[1] for row in rows]
