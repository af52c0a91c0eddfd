"""Free times in calendars of a year, with as many appointments as a large practice has and more."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import psycopg2

from service.settings import Settings
from service.store.postgres import dsn
from service.store.queries import load_queries
from tests.lists import cost, times_of
from tests.load.stage import tomorrow
from tests.load.target import witness
from tests.load.targets.big import rebuilt
from tests.load.targets.lists import Asking
from tests.load.targets.stand import Row, Stand, in_turn, stand
from tests.load.targets.times import bare_row

EACH = 1000  # booked times of a provider in a year
OPEN = 1000  # providers with hours
TRIES = 20
WEEK = timedelta(days=7)
AHEAD = 10 * WEEK  # of the week that is asked for
WEEK_MOST, ANY_MOST = 0.5, 6.0  # milliseconds

HOURS = """
INSERT INTO service (name, duration_minutes, step_minutes, horizon_days)
VALUES ('Year', 30, 30, 365), ('Year of 20', 30, 30, 365);
INSERT INTO provider (name, time_zone, opened_until)
SELECT 'Year ' || n, 'Europe/Berlin', current_date + 372 FROM generate_series(1, %(open)s) AS n;
INSERT INTO service_provider (service_id, provider_id)
SELECT service.id, provider.id
  FROM service
  JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM provider) AS provider
    ON service.name = 'Year' OR provider.n <= 20;
INSERT INTO opening (provider_id, day, starts_at, stops_at, ends_at, anchor_at)
SELECT provider.id, day.at::date, hours.opens, hours.closes, hours.closes, hours.opens
  FROM provider
 CROSS JOIN generate_series(0, 371) AS n
 CROSS JOIN LATERAL (SELECT %(monday)s::date + n AS at) AS day
 CROSS JOIN (VALUES (time '09:00', time '12:30'), (time '13:30', time '17:30'))
            AS shift (opens, closes)
 CROSS JOIN LATERAL (SELECT (day.at + shift.opens) AT TIME ZONE provider.time_zone AS opens,
                            (day.at + shift.closes) AT TIME ZONE provider.time_zone AS closes)
            AS hours
 WHERE extract(isodow FROM day.at) < 6;
"""
# Four appointments of half an hour on each of 250 working days.
BOOKED = """
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
INSERT INTO provider (name, time_zone)
SELECT 'Beside ' || n, 'Europe/Berlin'
  FROM generate_series(1, %(providers)s - (SELECT count(*) FROM provider)) AS n;
INSERT INTO slot (provider_id, starts_at, ends_at, booked, service_id, service_version,
                  blocks_from, blocks_until, wall_at)
SELECT provider.id, start.at, start.at + interval '30 minutes', 1, service.id, 1,
       start.at, start.at + interval '30 minutes', start.at AT TIME ZONE provider.time_zone
  FROM provider
  JOIN service ON service.name = 'Year'
 CROSS JOIN generate_series(0, %(each)s - 1) AS n
 CROSS JOIN LATERAL (
       SELECT (%(monday)s::date + n / 20 * 7 + n / 4 %% 5 + time '09:00'
               + (n %% 4 * 3 + provider.id %% 3) * interval '30 minutes')
              AT TIME ZONE provider.time_zone AS at) AS start
 WHERE NOT EXISTS (SELECT FROM slot WHERE slot.provider_id = provider.id)
 ORDER BY n, provider.id;
"""


async def calendars(settings: Settings, repeat: int, seconds: float, rows: int) -> list[Row]:
    """free times among up to ten million booked ones"""
    found = []
    async with stand(settings) as here:
        ids = opened(here)
        for booked in (rows // 10, rows):
            began = time.monotonic()
            grow(here, booked)
            took = time.monotonic() - began
            found.append(Row(f"{booked:,} booked times made in", "", f"{took:.0f} s"))
            week, anybody = timed(here, ids)
            arms = {}
            asked = Asking(here, path(ids))
            arms = {"bare": await here.bare(asked, f"bare-{booked}"), "week": here.arm(asked)}
            turns = await in_turn(arms, repeat, seconds)
            found += [
                _bounded("a free week", week, WEEK_MOST),
                _bounded("a free week of any of 20", anybody, ANY_MOST),
                bare_row("a free week there", turns["week"], turns["bare"], 1.6),
            ]
    return found


def _bounded(name: str, took: float, most: float) -> Row:
    return Row(f"{name} there in PostgreSQL", f"≤ {most} ms", f"{took:.2f} ms", took <= most)


def opened(here: Stand) -> Mapping[str, int]:
    """Providers with hours of a year and two services: the ids that are asked for."""
    with _cursor(here) as cursor:
        cursor.execute(HOURS, {"open": OPEN, "monday": monday()})
        cursor.execute(
            "SELECT (SELECT id FROM service WHERE name = 'Year') AS service,"
            "       (SELECT id FROM service WHERE name = 'Year of 20') AS twenty,"
            "       (SELECT min(id) + %s / 2 FROM provider) AS provider",
            [OPEN],
        )
        return dict(zip(("service", "twenty", "provider"), cursor.fetchone(), strict=True))


def grow(here: Stand, booked: int) -> None:
    """Book times until there are so many."""
    with _cursor(here) as cursor:
        given = {"providers": max(booked // EACH, OPEN), "each": EACH, "monday": monday()}
        with rebuilt(cursor):
            cursor.execute(BOOKED, given)
        cursor.execute("VACUUM ANALYZE")


def timed(here: Stand, ids: Mapping[str, int]) -> tuple[float, float]:
    """Milliseconds of a week of one provider and of any of 20, the best of some tries."""
    assert here.target.settings
    query, first = load_queries()["time_list"], monday() + AHEAD
    asked = [
        times_of(ids["service"], ids["provider"], first, first + WEEK),
        times_of(ids["twenty"], 0, first, first + WEEK),
    ]
    connection = psycopg2.connect(dsn(here.target.settings))
    with contextlib.closing(connection), connection.cursor() as cursor:
        one, anybody = (
            min(cost(cursor, query, given).milliseconds for _ in range(TRIES)) for given in asked
        )
    return one, anybody


def path(ids: Mapping[str, int]) -> str:
    """Where a week of one provider is listed."""
    first = monday() + AHEAD
    span = f"from={first:%Y-%m-%d}&to={first + WEEK:%Y-%m-%d}"
    return f"/api/services/{ids['service']}/times/?provider={ids['provider']}&{span}"


def monday() -> datetime:
    """The first Monday that is not today."""
    day = tomorrow()
    return day + timedelta(days=-day.weekday() % 7)


@contextlib.contextmanager
def _cursor(here: Stand) -> Iterator[Any]:
    assert here.target.settings
    with witness(here.target.settings) as connection, connection.cursor() as cursor:
        yield cursor
