"""A provider with hours, and appointments at times within them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.cast import Api, Person

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TAKEN = """
WITH taken AS (
    INSERT INTO slot (provider_id, starts_at, ends_at, blocks_from, blocks_until, wall_at, booked)
    SELECT provider.id, wanted.at, wanted.at + interval '1 hour', wanted.at,
           wanted.at + interval '1 hour', wanted.at AT TIME ZONE provider.time_zone, 1
      FROM provider, unnest(%s::timestamptz[]) AS wanted (at)
     WHERE provider.id = %s
    RETURNING id
), booked AS (
    INSERT INTO appointment (slot_id, place, account_id)
    SELECT taken.id, 1, %s FROM taken
    RETURNING id, account_id, slot_id, status
), recorded AS (
    INSERT INTO appointment_history (appointment_id, actor_id, action, to_slot_id, to_status)
    SELECT id, account_id, 'book', slot_id, status FROM booked
)
SELECT id FROM booked ORDER BY id
"""


def every_day(opens: str = "09:00", closes: str = "17:00", **more: Any) -> dict[str, Any]:
    """A schedule that is the same on all days."""
    return {"weekly": [{"days": WEEKDAYS, "opens": opens, "closes": closes, **more}], "days": []}


def path(provider_id: int) -> str:
    return f"/api/providers/{provider_id}/schedule/"


async def put(api: Api, who: Person, body: Any, query: str = "", **options: Any) -> Any:
    """Write the hours of whose calendar it is."""
    target = path(who.session.provider_id) + query
    return await api.call("PUT", target, body, who=who, **options)


def day_after(days: int, hour: int, zone: str = "UTC") -> datetime:
    """An hour on the wall, so many days from today."""
    there = ZoneInfo(zone)
    day = datetime.now(there).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=there).astimezone(UTC)


def take(database: Any, provider_id: int, who: Person, *at: datetime) -> list[int]:
    """Appointments of an hour at these times, as somebody books them; their ids."""
    with database.cursor() as cursor:
        cursor.execute(TAKEN, [list(at), provider_id, who.id])
        return [appointment_id for (appointment_id,) in cursor.fetchall()]


def value(database: Any, text: str, *parameters: Any) -> Any:
    """The only value of a statement."""
    with database.cursor() as cursor:
        cursor.execute(text, parameters)
        [(found,)] = cursor.fetchall()
        return found
