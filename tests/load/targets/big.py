"""Cost per booking in a large database beside that in a small one."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
from psycopg2.extras import NamedTupleCursor

from service.settings import Settings
from service.store.postgres import dsn
from service.store.queries import load_queries
from tests.lists import Ground, cost, lists
from tests.load.errors import LoadError
from tests.load.limits import Arm
from tests.load.report.words import rate
from tests.load.scenarios.book import Book
from tests.load.target import witness
from tests.load.targets.stand import Row, Stand, in_turn, stand

SMALL = 10_000  # slots, half of them booked
PER_PROVIDER = 10_000
MARGIN = 1.15

# In one go and in the order of the indexes, which are made afterwards: row by row it takes hours.
GROW = """
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
ALTER TABLE appointment_history DISABLE TRIGGER appointment_history_told;
INSERT INTO provider (name, time_zone)
SELECT 'Large ' || n, 'Europe/Berlin' FROM generate_series(1, %(rows)s / %(each)s) AS n;
INSERT INTO account (id, username, email, password_hash)
SELECT n, 'large' || n, 'large' || n || '@example.org', '' FROM generate_series(1, 10000) AS n;
INSERT INTO slot (provider_id, starts_at, ends_at, booked, version)
SELECT provider.id, day + n * interval '15 minutes', day + (n + 1) * interval '15 minutes',
       n %% 2, 1 + n %% 2
  FROM provider,
       (SELECT date_trunc('day', now()) + interval '2 days' AS day) AS start,
       generate_series(0, %(each)s - 1) AS n
 WHERE provider.name LIKE 'Large %%'
 ORDER BY provider.id, n;
INSERT INTO appointment (slot_id, place, account_id, notes)  -- ten customers of each provider
SELECT slot.id, 1, 1 + (10 * slot.provider_id + slot.id / 2 %% 10) %% 10000, 'Initial consultation'
  FROM slot WHERE slot.booked = 1;
INSERT INTO appointment_history (appointment_id, actor_id, action, to_slot_id, to_status)
SELECT id, account_id, 'book', slot_id, status FROM appointment;
INSERT INTO service (name, duration_minutes, step_minutes, horizon_days)
VALUES ('One', 30, 1, 365), ('Twenty', 30, 1, 365);
INSERT INTO service_provider (service_id, provider_id)
SELECT service.id, provider.id
  FROM service
 CROSS JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n
               FROM provider WHERE name LIKE 'Large %%') AS provider
 WHERE service.name = 'Twenty' AND provider.n <= 20 OR provider.n = %(middle)s;
INSERT INTO opening (provider_id, day, starts_at, stops_at, ends_at, anchor_at)
SELECT provider.id, day.at::date, day.at + interval '9 h', day.at + interval '17 h',
       day.at + interval '17 h', day.at + interval '9 h'
  FROM provider
 CROSS JOIN generate_series(0, 365) AS n
 CROSS JOIN LATERAL (SELECT date_trunc('day', now()) + n * interval '1 day' AS at) AS day
 WHERE provider.name LIKE 'Large %%';
ALTER TABLE appointment_history ENABLE TRIGGER appointment_history_told;
"""
AFTER = ("VACUUM ANALYZE",)
# A provider in the midst, another, the first day and the last but one, and a customer of the first.
GROUND = """
SELECT clinic.id AS provider_id, (SELECT max(id) FROM provider) AS other_id,
       min(slot.starts_at) AS first, max(slot.starts_at) - interval '2 days' AS late,
       (SELECT slot.id FROM slot WHERE slot.provider_id = clinic.id
         ORDER BY slot.starts_at DESC OFFSET 192 LIMIT 1) AS late_id,
       mine.account_id, mine.id AS appointment_id, (SELECT max(id) FROM appointment) AS last_id,
       (SELECT id FROM service WHERE name = 'One') AS service_id, shared.id AS shared_id,
       shared.providers
  FROM (SELECT id FROM provider WHERE name LIKE 'Large %'
         ORDER BY id OFFSET (SELECT count(*) / 2 FROM provider WHERE name LIKE 'Large %')
         LIMIT 1) AS clinic
  JOIN slot ON slot.provider_id = clinic.id
 CROSS JOIN LATERAL (SELECT appointment.account_id, appointment.id
                       FROM slot AS taken
                       JOIN appointment ON appointment.slot_id = taken.id
                      WHERE taken.provider_id = clinic.id
                      ORDER BY appointment.id LIMIT 1) AS mine
 CROSS JOIN (SELECT service.id, count(*) AS providers
               FROM service JOIN service_provider ON service_provider.service_id = service.id
              WHERE service.name = 'Twenty' GROUP BY service.id) AS shared
 GROUP BY clinic.id, mine.account_id, mine.id, shared.id, shared.providers
"""


# How to drop and how to make again what costs most row by row. In place of the exclusion constraint
# comes its index alone: checking ten million rows for overlaps takes half an hour, there are none,
# and a booking changes nothing that is in it.
INDEXES = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %s', conrelid::regclass, conname),
       CASE contype
           WHEN 'x' THEN pg_get_indexdef(conindid)
           ELSE format('ALTER TABLE %s ADD CONSTRAINT %s %s', conrelid::regclass, conname,
                       pg_get_constraintdef(oid))
       END
  FROM pg_constraint
 WHERE contype IN ('f', 'x')
   AND conrelid::regclass::text IN ('slot', 'appointment', 'appointment_history')
UNION ALL
SELECT format('DROP INDEX %s', indexname), indexdef
  FROM pg_indexes
 WHERE tablename IN ('slot', 'appointment', 'appointment_history')
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)
"""


class Everywhere(Book):
    """Books free slots that lie all over the table."""

    async def prepare(self, requests: int) -> None:
        """Take free slots at random, each but once."""
        if not self.persons:
            self.persons += await self.world.stage.add_people(self.people)
        if len(self._free) < requests:
            raise LoadError(
                f"{len(self._free):,} free slots are too few for {requests:,} requests."
            )


async def size(settings: Settings, repeat: int, seconds: float, rows: int) -> list[Row]:
    """the cost of a booking among ten million slots"""
    async with stand(settings) as small, stand(settings) as large:
        began = time.monotonic()
        grow(large, rows)
        took = time.monotonic() - began
        grow(small, SMALL)
        arms: dict[str, Arm] = {
            "small": small.arm(small.scenario("book")),
            "large": large.arm(everywhere(large)),
        }
        found = await in_turn(arms, repeat, seconds)
        read = asked(large)
    costs = {name: sum(one.cpu.values()) for name, one in found.items()}
    times = costs["large"] / costs["small"]
    return [
        Row(f"{rows:,} slots, half of them booked, made in", "", f"{took:.0f} s"),
        Row(f"CPU of all for a booking at {SMALL:,} slots", "", f"{costs['small']:.0f} µs"),
        Row(f"the same at {rows:,}, by that", f"≤ {MARGIN}", f"{times:.2f}", times <= MARGIN),
        Row("bookings a second there", "", rate(found["large"].throughput)),
        *read,
    ]


def asked(here: Stand) -> list[Row]:
    """What each list reads there, asked for as the service prepares it."""
    assert here.target.settings
    queries, rows = load_queries(), []
    connection = psycopg2.connect(dsn(here.target.settings), cursor_factory=NamedTupleCursor)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(GROUND)
        here_are = Ground(slots_of_day=96, **cursor.fetchone()._asdict())
        for name, one in lists(here_are).items():
            found = cost(cursor, queries[one.query], one.parameters)
            pages = max(found.pages, found.rows)
            told = f"{pages:,}, {found.milliseconds:.1f} ms"
            rows.append(Row(f"pages for {name}", f"≤ {one.most:,}", told, pages <= one.most))
    return rows


def grow(here: Stand, rows: int) -> None:
    """Fill a database that is still empty with so many slots and half as many appointments."""
    assert here.target.settings
    with witness(here.target.settings) as connection, connection.cursor() as cursor:
        with rebuilt(cursor):
            each = min(PER_PROVIDER, rows)
            middle = rows // each // 2 + 1
            cursor.execute(GROW, {"rows": rows, "each": each, "middle": middle})
        for statement in AFTER:
            cursor.execute(statement)


@contextlib.contextmanager
def rebuilt(cursor: Any) -> Iterator[None]:
    """Without what costs most row by row; it is made again afterwards."""
    cursor.execute(INDEXES)
    found = cursor.fetchall()
    for drop, _ in found:
        cursor.execute(drop)
    yield
    for _, make in found:
        cursor.execute(make)


def everywhere(here: Stand) -> Everywhere:
    """The scenario with free slots from all over the table."""
    scenario = here.scenario("book")
    found = Everywhere(scenario.world, scenario.options)
    assert here.target.settings
    with witness(here.target.settings) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM slot TABLESAMPLE BERNOULLI (20) WHERE booked = 0")
        ids = [row[0] for row in cursor.fetchall()]
    here.world.random.shuffle(ids)
    found.take(ids)
    return found
