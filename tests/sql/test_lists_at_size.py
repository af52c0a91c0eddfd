"""No list reads more than a page needs, however large the calendar is and whoever is in it.

One provider has most of the slots and one customer a third of the appointments, before anything
has been counted and afterwards.
"""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest

from service.booking.appointment.read import LOOKS
from service.booking.status import APPOINTMENT_STATUSES
from service.settings import Settings
from service.store.embedded import Embedded
from tests.lists import DAY, Ground, cost, lists
from tests.live import connected, scratch_database
from tests.load.stage import tomorrow
from tests.load.targets.big import rebuilt
from tests.sql.conftest import opened
from tests.sql.desk import QUERIES, Desk
from tests.sql.test_every_query import UNCOUNTED

FIRST = tomorrow()
MANY, FEW = 60_000, 500  # slots of a quarter of an hour, of the one provider and of 20 others
LATE = FIRST + timedelta(minutes=15 * MANY) - 2 * DAY
CROWD = """
INSERT INTO account (username, email, password_hash)
SELECT 'crowd' || n, '', '-' FROM generate_series(1, 300) AS n;
INSERT INTO provider (name, time_zone) SELECT 'Crowd', 'UTC' FROM generate_series(1, 21);
INSERT INTO slot (provider_id, starts_at, ends_at, booked)
SELECT provider.id, at, at + interval '15 minutes', n %% 2
  FROM provider
 CROSS JOIN LATERAL generate_series(
           1, CASE WHEN provider.id > (SELECT min(id) FROM provider) THEN %(few)s ELSE %(many)s END
       ) AS n
 CROSS JOIN LATERAL (SELECT %(first)s + n * interval '15 minutes' AS at) AS start
 ORDER BY n, provider.id;
INSERT INTO appointment (slot_id, place, account_id, status)
SELECT slot.id, 1, person.id,
       CASE WHEN slot.booked = 1 THEN 'booked' ELSE 'cancelled' END
  FROM slot
  JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM account) AS person
    ON person.n = CASE WHEN slot.id %% 3 = 0 THEN 0 ELSE slot.id %% 299 + 1 END
 WHERE slot.booked = 1 OR slot.id %% 10 = 0
 ORDER BY hashint8(slot.id);
INSERT INTO appointment_history (appointment_id, actor_id, action, to_slot_id, to_status)
SELECT id, account_id, 'book', slot_id, 'booked' FROM appointment;
"""
# Services with a time each minute, of which all give one, and hours; closures, most of them over.
CALENDAR = """
INSERT INTO service (name, duration_minutes, step_minutes, horizon_days)
SELECT 'Crowd', 30, 1, 730 FROM generate_series(1, 300);
INSERT INTO service_provider (service_id, provider_id)
SELECT service.id, provider.id
  FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM service) AS service
  JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM provider) AS provider
    ON service.n IN (0, 1 + provider.n, 101 + provider.n);
INSERT INTO opening (provider_id, day, starts_at, stops_at, ends_at, anchor_at)
SELECT provider.id, day.at::date, day.at + interval '9 h', day.at + interval '17 h',
       day.at + interval '17 h', day.at + interval '9 h'
  FROM provider
 CROSS JOIN LATERAL generate_series(
           %(first)s, %(first)s + %(many)s * interval '15 minutes', interval '1 day') AS day (at);
INSERT INTO closure (provider_id, starts_at, ends_at, actor_id)
SELECT provider.id, begins.at, begins.at + interval '1 hour', 1
  FROM provider
 CROSS JOIN generate_series(-200, 20) AS n
 CROSS JOIN LATERAL (SELECT now() + (n + 0.5) * interval '1 day' AS at) AS begins
 ORDER BY n, provider.id;
"""
GROUND = """
SELECT provider.id AS provider_id, provider.other_id, account.id AS account_id,
       mine.id AS appointment_id, (SELECT max(id) FROM appointment) AS last_id,
       (SELECT slot.id FROM slot WHERE slot.provider_id = provider.id AND slot.starts_at >= %s
         ORDER BY slot.starts_at LIMIT 1) AS late_id,
       (SELECT max(service_id) FROM service_provider
         WHERE service_provider.provider_id = provider.id) AS service_id,
       shared.service_id AS shared_id, shared.providers
  FROM (SELECT min(id) AS id, max(id) AS other_id FROM provider WHERE name = 'Crowd') AS provider,
       (SELECT min(id) AS id FROM account) AS account
 CROSS JOIN LATERAL (SELECT id FROM appointment WHERE account_id = account.id
                      ORDER BY id OFFSET 9000 LIMIT 1) AS mine
 CROSS JOIN (SELECT service_id, count(*) AS providers FROM service_provider
              GROUP BY service_id ORDER BY count(*) DESC LIMIT 1) AS shared
"""
# Slots with a thousand places, all taken, the first of which was cancelled again and again.
FULL = """
INSERT INTO provider (name, time_zone) VALUES ('Full', 'UTC');
INSERT INTO slot (provider_id, starts_at, ends_at, capacity, booked)
SELECT provider.id, at, at + interval '15 minutes', 1000, 1000
  FROM provider, generate_series(%(first)s, %(first)s + interval '2 hours', '15 minutes') AS at
 WHERE name = 'Full';
INSERT INTO appointment (slot_id, place, account_id)
SELECT slot.id, place, (SELECT min(id) FROM account)
  FROM slot, generate_series(1, 1000) AS place
 WHERE capacity = 1000;
INSERT INTO appointment (slot_id, place, account_id, status)
SELECT min(slot.id), 1, (SELECT min(id) FROM account), 'cancelled'
  FROM slot, generate_series(1, 8000) AS n
 WHERE capacity = 1000
 GROUP BY n;
"""
FULL_GROUND = """
SELECT slot.provider_id, min(slot.id) AS id FROM slot WHERE capacity = 1000 GROUP BY provider_id
"""
NUMBERS = {
    "many": MANY,
    "few": FEW,
    "first": FIRST,
}


@pytest.fixture(scope="module", params=["uncounted", "counted"])
def crowded(
    request: pytest.FixtureRequest, servers: Embedded, settings: Settings
) -> Iterator[Settings]:
    urls = servers.admin_url or "", settings.database_url
    with scratch_database(*urls, migrated=True) as url:
        with connected(url) as connection, connection.cursor() as cursor:
            cursor.execute(UNCOUNTED)
            with rebuilt(cursor):
                cursor.execute(CROWD + CALENDAR + FULL, NUMBERS)
            if request.param == "counted":
                cursor.execute("ANALYZE")
        yield dataclasses.replace(settings, database_url=url)


@pytest.fixture
def crowd(crowded: Settings) -> Iterator[Desk]:
    yield from opened(crowded)


def ground(desk: Desk) -> Ground:
    """Whom to ask for in the crowd."""
    desk.cursor.execute(GROUND, [LATE])
    found = desk.cursor.fetchone()._asdict()
    return Ground(first=FIRST, late=LATE, slots_of_day=96, **found)


@pytest.mark.parametrize("name", lists(Ground(0, 0, FIRST, FIRST, 0, 0, 0, 0, 0)))
def test_no_list_reads_more_than_its_page_needs(name: str, crowd: Desk) -> None:
    asked = lists(ground(crowd))[name]
    found = cost(crowd.cursor, QUERIES[asked.query], asked.parameters)
    assert 0 < found.pages <= asked.most
    assert found.rows <= asked.most


@pytest.mark.parametrize("statuses", [["cancelled"], ["noshow"], list(APPOINTMENT_STATUSES)])
def test_a_full_slot_costs_no_page_more_than_what_is_looked_at(
    statuses: list[str], crowd: Desk
) -> None:
    crowd.cursor.execute(FULL_GROUND)
    [slot] = crowd.cursor.fetchall()
    asked = lists(ground(crowd))["staff's appointments of all times"].parameters
    asked |= {"provider_ids": [slot.provider_id], "statuses": statuses}
    for page in (asked, asked | {"after_slot_id": slot.id, "after_id": 1}):
        found = cost(crowd.cursor, QUERIES["appointment_list_provider"], page)
        assert 0 < max(found.pages, found.rows) <= 2 * LOOKS


def test_a_day_costs_the_same_whatever_was_before_it(crowd: Desk) -> None:
    all_lists = lists(ground(crowd))
    first, late = (
        cost(crowd.cursor, QUERIES[one.query], one.parameters).pages
        for one in (all_lists["free slots of a first day"], all_lists["free slots of a late day"])
    )
    assert late <= 1.1 * first
