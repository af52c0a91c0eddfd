"""workers/openings.py: openings go on with time, follow the zones, and move nobody."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.booking.calendar import zones
from service.booking.calendar.hours import opened
from service.deps import Deps
from service.workers.openings import look
from tests.api.calendar.hours.scene import day_after, every_day, path, put, take, value
from tests.cast import Api, Person

OPENINGS = (
    "SELECT string_agg(opening::text, ' ' ORDER BY starts_at) FROM opening WHERE provider_id = %s"
)
UNTIL = "SELECT max(day) FROM opening WHERE provider_id = %s"


def change(database: Any, text: str, *parameters: Any) -> None:
    with database.cursor() as cursor:
        cursor.execute(text, parameters)


def let_days_pass(database: Any, provider_id: int, days: int) -> None:
    """Let it be so many days ago that openings were made."""
    change(
        database,
        "DELETE FROM opening WHERE provider_id = %s AND day > current_date + %s",
        provider_id, opened.SPARE_DAYS - days,
    )  # fmt: skip
    change(
        database,
        "UPDATE provider SET opened_until = opened_until - %s WHERE id = %s",
        days, provider_id,
    )  # fmt: skip


async def test_openings_go_on_as_days_pass(
    api: Api, keeper: Person, deps: Deps, database: Any
) -> None:
    provider_id = keeper.session.provider_id
    written = (await put(api, keeper, every_day())).json
    before = value(database, OPENINGS, provider_id)
    let_days_pass(database, provider_id, 3)
    assert value(database, OPENINGS, provider_id) != before
    await look(deps, promises=False)
    assert value(database, OPENINGS, provider_id) == before
    shown = (await api.get(path(provider_id))).json
    assert (shown["opened_until"], shown["version"]) == (written["opened_until"], 2)


async def test_several_processes_do_no_harm_to_each_other(
    api: Api, keeper: Person, deps: Deps, database: Any
) -> None:
    provider_id = keeper.session.provider_id
    await put(api, keeper, every_day())
    before = value(database, OPENINGS, provider_id)
    let_days_pass(database, provider_id, 3)
    await asyncio.gather(*(look(deps, promises=False) for _ in range(4)))
    assert value(database, OPENINGS, provider_id) == before


async def test_a_service_that_can_be_booked_further_ahead_opens_more_days(
    api: Api, keeper: Person, deps: Deps, database: Any
) -> None:
    provider_id = keeper.session.provider_id
    await put(api, keeper, every_day())
    change(
        database,
        "INSERT INTO service (name, duration_minutes, step_minutes, horizon_days)"
        " VALUES ('Far', 60, 60, 365)",
    )
    try:
        await look(deps, promises=False)
        today = datetime.now(UTC).date()
        assert value(database, UNTIL, provider_id) == today + timedelta(days=365 + 7)
    finally:
        change(database, "DELETE FROM service WHERE name = 'Far'")
    # What may have been booked that far is still looked at.
    written = (await put(api, keeper, every_day(closes="12:00"))).json
    assert written["opened_until"] == (today + timedelta(days=365 + 7)).isoformat()


async def test_metrics_show_how_far_all_are_open(
    api: Api, keeper: Person, deps: Deps, database: Any
) -> None:
    await put(api, keeper, every_day())
    await look(deps, promises=False)
    # Other tests have services, of which the one that reaches furthest counts.
    furthest = value(database, "SELECT furthest_horizon()") + opened.SPARE_DAYS
    assert deps.outlook.days_ahead == furthest
    shown = f"booking_openings_days_ahead {float(furthest)}"
    assert shown in deps.metrics.exposition().splitlines()


async def test_new_zones_make_openings_anew_and_report_what_was_promised_otherwise(
    api: Api,
    keeper: Person,
    stranger: Person,
    deps: Deps,
    database: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider_id = keeper.session.provider_id
    await put(api, keeper, every_day())
    before = value(database, OPENINGS, provider_id)
    at = [day_after(days, 10) for days in (1, 2)]
    take(database, provider_id, stranger, *at)
    # What one slot promised by zone data that is no longer true, and what was open then.
    change(
        database,
        "UPDATE slot SET wall_at = wall_at + interval '1 hour' WHERE provider_id = %s"
        " AND starts_at = %s",
        provider_id, at[0],
    )  # fmt: skip
    change(
        database,
        "UPDATE opening SET anchor_at = anchor_at + interval '1 hour' WHERE provider_id = %s",
        provider_id,
    )
    change(database, "UPDATE provider SET zone_data = '2001a' WHERE id = %s", provider_id)
    with caplog.at_level(logging.WARNING):
        await look(deps, promises=False)
    assert value(database, OPENINGS, provider_id) == before
    assert (await api.get(path(provider_id))).json["version"] == 3
    noted = value(database, "SELECT zone_data FROM provider WHERE id = %s", provider_id)
    assert noted == zones.version()
    [told] = [record for record in caplog.records if "than promised" in record.message]
    assert told.__dict__["fields"] == {"provider_id": provider_id, "slots": 1}
    assert deps.outlook.off_wall == 1
    assert "booking_slots_off_wall 1.0" in deps.metrics.exposition().splitlines()
    listed = (await api.get("/api/appointments/?expand=slot", who=stranger)).json
    starts = [datetime.fromisoformat(one["slot"]["starts_at"]) for one in listed]
    assert (starts, {one["status"] for one in listed}) == (at, {"booked"})
    change(
        database,
        "UPDATE slot SET wall_at = starts_at AT TIME ZONE 'UTC' WHERE provider_id = %s",
        provider_id,
    )
    await look(deps, promises=True)
    assert deps.outlook.off_wall == 0
