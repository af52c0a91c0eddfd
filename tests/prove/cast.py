"""Who and what there is when a run begins: accounts, calendars, and far fewer slots than wishes."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import bcrypt
import psycopg2

from tests.prove.around import cast as around
from tests.prove.feed.reader import CUSTOMER, KEEPER
from tests.prove.people import PASSWORD
from tests.prove.times.cast import facts_of, make_providers
from tests.prove.times.furnish import FURNISHER

CUSTOMERS, STAFF, LIMITED = 240, 6, 3
CROWDED, ELASTIC, EARLY = 36, 24, 8
NOTICE = 24 * 60  # minutes; the slots of SOON begin earlier than that
BEGUN, SOON = timedelta(days=-1), timedelta(hours=6)
ZONES = ("Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "America/New_York")
MINUTES = 15
A_CALENDAR = 2000  # slots: three weeks around the clock

# With the words they are found by, or a server adds them at its start: that is no new password.
ACCOUNTS = """
INSERT INTO account (username, email, password_hash, role, words)
SELECT name, name || '@example.org', %s, %s, array_to_tsvector(ARRAY[name])
  FROM unnest(%s::text[]) AS name
"""
KEEPERS = """
INSERT INTO account (username, email, password_hash, role, provider_id, words)
SELECT keeper.name, keeper.name || '@example.org', %s, 'provider', keeper.provider_id,
       array_to_tsvector(ARRAY[keeper.name])
  FROM unnest(%s::text[], %s::bigint[]) AS keeper (name, provider_id)
"""
PROVIDER = "INSERT INTO provider (name, time_zone) VALUES (%s, 'UTC') RETURNING id"
CALENDAR = """
WITH owner AS (INSERT INTO provider (name, time_zone) VALUES (%s, %s) RETURNING id)
INSERT INTO slot (provider_id, starts_at, ends_at, capacity)
SELECT owner.id, %s + n * %s, %s + (n + 1) * %s, %s + n %% %s
  FROM owner, generate_series(0, %s - 1) AS n
RETURNING provider_id, id
"""


def set_up(database_url: str, operations: int) -> dict[str, Any]:
    """Put everything in place; what the people and the judge have to know of it."""
    wide = 2000 + operations // 20
    people = [f"user{n}" for n in range(CUSTOMERS)]
    staff = [f"staff{n}" for n in range(STAFF)]
    admins, keepers = staff[: STAFF // 2], staff[STAFF // 2 :]
    limited = [f"guarded{n}" for n in range(LIMITED)]
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start += timedelta(days=3)
    connection = psycopg2.connect(database_url, options="-c timezone=UTC")
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        for names, role in (
            ([*people, *limited, CUSTOMER], "customer"),
            ([*admins, FURNISHER], "admin"),
        ):
            cursor.execute(ACCOUNTS, (hashed, role, names))
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        crowded = calendar(cursor, "Crowded", start, CROWDED, places=1)
        elastic = calendar(cursor, "Elastic", start, ELASTIC, places=3)
        begun = calendar(cursor, "Begun", now + BEGUN, EARLY, least=50)
        soon = calendar(cursor, "Soon", now + SOON, EARLY, least=5)
        calendars, slots = [crowded, elastic], []
        for first in range(0, wide, A_CALENDAR):
            count = min(A_CALENDAR, wide - first)
            calendars.append(calendar(cursor, f"Wide {first}", start, count, places=1))
            slots += calendars[-1][1]
        # Half of the staff are of one provider: of the crowded one, or of one with room.
        theirs = (crowded[0], calendars[2][0])
        keeps = {name: theirs[n % 2] for n, name in enumerate(keepers)}
        cursor.execute(KEEPERS, (hashed, [*keepers, KEEPER], [*keeps.values(), crowded[0]]))
        offers = facts_of(make_providers(cursor))
        line = around.cast_of(start)
        cursor.execute(ACCOUNTS, (hashed, "customer", line["people"]))
        cursor.execute(ACCOUNTS, (hashed, "admin", line["desks"]))
        places = calendar(cursor, around.NAMES[0], start, around.SLOTS, places=around.PLACES)
        line |= {"slots": places[1], "providers": [places[0]]}
        for name, title in zip(("held", "asked"), around.NAMES[1:], strict=True):
            cursor.execute(PROVIDER, (title,))
            [(line[name],)] = cursor.fetchall()
            line["providers"].append(line[name])
        cursor.execute("ANALYZE")
        sheet = sheet_of(cursor)
        cursor.execute("SELECT username, id FROM account")
        ids = dict(cursor.fetchall())
        line["accounts"] = [ids[name] for name in line["people"]]
    days = [f"{start + timedelta(days=n):%Y-%m-%d}" for n in range(A_CALENDAR * MINUTES // 1440)]
    return {
        "people": people,
        "staff": staff,
        "keeps": keeps,
        "limited": limited,
        "followers": [FURNISHER, KEEPER, CUSTOMER],
        "followed": crowded[0],
        "crowded": crowded[1],
        "elastic": elastic[1],
        "wide": slots,
        "begun": begun[1],
        "soon": soon[1],
        **sheet,
        **offers,
        "around": line,
        "ids": ids,
        "calendars": [(crowded[0], days[0]), (elastic[0], days[0])]
        + [(provider, day) for provider, _ in calendars[2:] for day in days[::2]],
    }


def calendar(
    cursor: Any, name: str, start: datetime, count: int, *, places: int = 1, least: int = 1
) -> tuple[int, list[int]]:
    """A provider and its slots, one after the other, with `least` places and up to `places` - 1
    more in turn."""
    long, zone = timedelta(minutes=MINUTES), ZONES[len(name) % len(ZONES)]
    cursor.execute(CALENDAR, (name, zone, start, long, start, long, least, places, count))
    rows = cursor.fetchall()
    return rows[0][0], [row[1] for row in rows]


def sheet_of(cursor: Any) -> dict[str, Any]:
    """What never changes: providers with names and zones, slots with providers and times."""
    cursor.execute("SELECT id, name, time_zone FROM provider")
    providers = [list(row) for row in cursor.fetchall()]
    cursor.execute(
        "SELECT id, provider_id, extract(epoch FROM starts_at)::bigint,"
        " extract(epoch FROM ends_at)::bigint FROM slot ORDER BY provider_id, starts_at"
    )
    return {"providers": providers, "times": [list(row) for row in cursor.fetchall()]}
