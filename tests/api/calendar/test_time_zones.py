"""Every wall clock that is shown is the one that Python counts with, in whatever zone."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.booking.calendar import wall, zones
from service.deps import Deps
from service.errors import InvalidFields
from service.process import heartbeat
from service.process.systemd import Manager
from tests.api.checks import check_invalid, check_problem
from tests.cast import Api, Given, Person

HOUR = timedelta(hours=1)
# Abbreviations of an offset all year, zones whose law is new, odd ones.
ZONES = ["CET", "EET", "MET", "WET", "EST5EDT", "HST", "MST", "America/Vancouver",
         "America/Winnipeg", "Africa/Casablanca", "Asia/Kathmandu", "Australia/Lord_Howe",
         "Pacific/Chatham", "Pacific/Apia"]  # fmt: skip
NOWHERE = "Mars/Olympus"


@pytest.mark.parametrize("zone", ZONES)
async def test_slots_are_shown_on_the_clock_of_the_zone_or_it_is_refused(
    api: Api, admin: Person, given: Given, zone: str
) -> None:
    made = await api.post("/api/providers/", {"name": "Clock", "time_zone": zone}, who=admin)
    assert made.status == 201, made.json
    year = datetime.now(UTC).year + 1
    starts = [f"{year}-{month:02}-{day:02}T{8 + day % 7:02}:15:00+00:00"
              for month in (1, 3, 4, 7, 10, 11) for day in (1, 29)]  # fmt: skip
    body = [
        {
            "provider": made.json["id"],
            "starts_at": at,
            "ends_at": str(datetime.fromisoformat(at) + HOUR),
        }
        for at in starts
    ]
    created = await api.post("/api/slots/", body, who=admin)
    listed = await api.get(f"/api/slots/?provider={made.json['id']}&limit=100")
    assert created.json == listed.json
    for at, slot in zip(starts, listed.json, strict=True):
        begins = datetime.fromisoformat(at).astimezone(ZoneInfo(zone))
        ends = (datetime.fromisoformat(at) + HOUR).astimezone(ZoneInfo(zone))
        shown = [slot[name] for name in ("date", "start_time", "end_time", "time_zone")]
        assert shown == [f"{begins:%Y-%m-%d}", f"{begins:%H:%M}", f"{ends:%H:%M}", zone]
    booked = await api.post("/api/appointments/", {"slot": listed.json[0]["id"]}, who=admin)
    assert booked.json["slot"]["start_time"] == listed.json[0]["start_time"]
    own = await api.get("/api/appointments/?limit=500", who=admin)
    assert booked.json["slot"]["start_time"] in {one["slot"]["start_time"] for one in own.json}


async def test_nearly_every_zone_can_be_chosen(deps: Deps) -> None:
    """A sample, since each is compared over years."""
    sample = sorted(zones.names())[::25]
    refused = []
    for zone in sample:
        try:
            await wall.check_zone(deps, zone)
        except InvalidFields:
            refused.append(zone)
    assert refused == []


async def test_a_zone_that_only_python_knows_is_refused(
    api: Api, keeper: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zones, "names", lambda: frozenset({NOWHERE, "UTC"}))
    path = f"/api/providers/{keeper.session.provider_id}/"
    expected = {"time_zone": [wall.UNSHOWN.format(NOWHERE)]}
    monkeypatch.setattr(zones, "instants", lambda name, since: [datetime(2030, 1, 1, tzinfo=UTC)])
    for more in ({}, {"Idempotency-Key": "zone"}):
        reply = await api.patch(path, {"time_zone": NOWHERE}, who=keeper, headers=more)
        check_invalid(reply, expected)
    assert (await api.get(path)).json["time_zone"] == "UTC"


@pytest.fixture
def lost(given: Given, database: Any) -> Iterator[tuple[int, int]]:
    """A provider whose zone PostgreSQL does not know, and its slot at 10:00 in UTC."""
    provider_id = given.provider()
    (slot_id,) = given.slots(1, provider_id=provider_id)
    move = "UPDATE provider SET time_zone = %s, clock = NULL WHERE id = %s"
    with database.cursor() as cursor:
        cursor.execute(move, [NOWHERE, provider_id])
        yield provider_id, slot_id
        cursor.execute(move, ["UTC", provider_id])


async def test_a_stored_zone_that_postgresql_does_not_know_breaks_nothing_once_it_is_settled(
    api: Api, deps: Deps, lost: tuple[int, int], ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    provider_id, slot_id = lost
    book = {"slot": slot_id}
    for path in (f"/api/slots/{slot_id}/", f"/api/slots/?provider={provider_id}"):
        check_problem(await api.get(path), 503, "unavailable")
    check_problem(await api.post("/api/appointments/", book, who=ada), 503, "unavailable")
    await wall.settle(deps)
    told = [one for one in caplog.records if one.levelname == "ERROR"]
    assert NOWHERE in [one.fields["time_zone"] for one in told]  # type: ignore[attr-defined]
    shown = (await api.get(f"/api/slots/{slot_id}/")).json
    assert (shown["time_zone"], shown["start_time"]) == (NOWHERE, "10:00")
    assert (await api.get("/api/slots/")).status == 200
    assert (await api.post("/api/appointments/", book, who=ada)).status == 201


async def test_a_serving_process_settles_it_by_itself(
    api: Api, deps: Deps, lost: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "LOOK", 0.05)
    async with heartbeat.beating(deps, Manager(deps.settings)), asyncio.timeout(20):
        while (await api.get(f"/api/slots/{lost[1]}/")).status != 200:
            await asyncio.sleep(0.05)
