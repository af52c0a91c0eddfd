"""The calendar that an empty embedded database is filled with."""

from datetime import date

from service import app as service_app
from service.booking.calendar import demo
from service.settings import Settings
from tests.live import connected

COUNTED = """
SELECT provider.name, min(there.at)::date, max(there.at)::date, count(DISTINCT there.at::date)
  FROM slot
  JOIN provider ON provider.id = slot.provider_id
 CROSS JOIN LATERAL (SELECT slot.starts_at AT TIME ZONE provider.time_zone AS at) AS there
 GROUP BY provider.name
 ORDER BY provider.name
"""

OFFERED = """
SELECT provider.name, service.name, service.duration_minutes
  FROM service
  JOIN service_provider AS offer ON offer.service_id = service.id
  JOIN provider ON provider.id = offer.provider_id
 ORDER BY service.id
"""


async def test_it_fills_two_weeks_from_tomorrow_and_only_once(scratch: Settings) -> None:
    async with service_app.opened(scratch) as deps:
        for _ in range(2):
            await demo.fill(deps, date(2035, 6, 3))  # a Sunday
    with connected(scratch.database_url) as connection, connection.cursor() as cursor:
        cursor.execute(COUNTED)
        found = cursor.fetchall()
    monday, friday, sunday = date(2035, 6, 4), date(2035, 6, 15), date(2035, 6, 17)
    assert found == [("Dr Okafor", monday, friday, 10), ("Town Office", monday, sunday, 14)]


async def test_each_provider_offers_a_service(scratch: Settings) -> None:
    async with service_app.opened(scratch) as deps:
        for _ in range(2):
            await demo.fill(deps, date(2035, 6, 3))
    with connected(scratch.database_url) as connection, connection.cursor() as cursor:
        cursor.execute(OFFERED)
        found = cursor.fetchall()
    assert found == [
        ("Dr Okafor", "Consultation", 30),
        ("Town Office", "Passport application", 15),
    ]
