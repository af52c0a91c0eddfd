"""A day in `from` and `to` is that of the one provider asked for, and in UTC for all."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.api.checks import check_invalid, walk
from tests.cast import Api, Given, Person

ZONES = {
    "America/Los_Angeles": "2031-03-05",
    "Pacific/Auckland": "2031-03-05",
    "Asia/Kolkata": "2031-03-05",
    "Atlantic/Azores": "2031-10-26",  # midnight comes twice
    "Africa/Cairo": "2031-04-25",  # midnight does not come
    "Australia/Lord_Howe": "2031-04-06",
}


async def hourly(given: Given, zone: str, day: str) -> int:
    """A provider there with a slot each hour of that day and of those beside it."""
    provider_id = await given.make_provider(time_zone=zone)
    noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    starts_at = noon - timedelta(hours=36)
    await given.make_slots(72, provider_id=provider_id, starts_at=starts_at, minutes=60)
    return provider_id


@pytest.mark.parametrize(("zone", "day"), ZONES.items())
async def test_the_day_that_slots_show_is_the_one_they_are_found_by(
    api: Api, given: Given, zone: str, day: str
) -> None:
    provider_id = await hourly(given, zone, day)
    path = f"/api/slots/?provider={provider_id}"
    after = f"{datetime.fromisoformat(day) + timedelta(days=1):%Y-%m-%d}"
    everything = (await api.get(f"{path}&limit=100")).json
    wanted = [one["id"] for one in everything if one["date"] == day]
    assert len(wanted) >= 23
    pages = await walk(api, f"{path}&from={day}&to={after}&limit=7")
    assert [one["id"] for page in pages for one in page] == wanted


async def test_of_all_providers_it_is_the_day_in_utc(api: Api, given: Given) -> None:
    provider_id = await hourly(given, "Asia/Tokyo", "2033-03-05")
    found = (await api.get("/api/slots/?from=2033-03-05&to=2033-03-06&limit=100")).json
    own = [one for one in found if one["provider_id"] == provider_id]
    assert {one["starts_at"][:10] for one in own} == {"2033-03-05"}
    assert len(own) == 24


async def test_appointments_are_found_by_the_day_of_the_provider(
    api: Api, given: Given, keeper: Person, stranger: Person, admin: Person
) -> None:
    provider_id = await given.make_provider(time_zone="America/Los_Angeles")
    evening = datetime(2031, 3, 6, 3, 0, tzinfo=UTC)  # still the 5th there
    (slot_id,) = await given.make_slots(1, provider_id=provider_id, starts_at=evening)
    appointment_id = await given.make_appointment(stranger, slot_id)
    for who in (stranger, admin):
        for days, found in (("from=2031-03-05&to=2031-03-06", [appointment_id]),
                            ("from=2031-03-06", [])):  # fmt: skip
            reply = await api.get(f"/api/appointments/?provider={provider_id}&{days}", who=who)
            assert [one["id"] for one in reply.json] == found
    reply = await api.get("/api/appointments/?from=2031-03-06", who=stranger)
    assert [one["id"] for one in reply.json] == [appointment_id], "in UTC, without a provider"


async def test_days_of_several_providers_are_those_of_the_zone_that_they_share(
    api: Api, given: Given, admin: Person, stranger: Person
) -> None:
    zones = ("America/Los_Angeles", "America/Los_Angeles", "Europe/Berlin")
    one, two, other = [await given.make_provider(time_zone=zone) for zone in zones]
    evening = datetime(2031, 3, 6, 3, 0, tzinfo=UTC)  # still the 5th in California
    (slot_id,) = await given.make_slots(1, provider_id=one, starts_at=evening)
    booked = await given.make_appointment(stranger, slot_id)
    for second, found in ((two, True), (4_000_000_000_000, True), (other, False)):
        days = f"provider={one}&provider={second}&from=2031-03-05&to=2031-03-06"
        listed = await api.get(f"/api/appointments/?{days}", who=admin)
        assert [one["id"] for one in listed.json] == [booked] * found
        slots = await api.get(f"/api/slots/?{days}")
        assert [one["id"] for one in slots.json] == [slot_id] * found


async def test_a_day_that_no_calendar_has_is_refused_or_finds_nothing(
    api: Api, given: Given
) -> None:
    east = await given.make_provider(time_zone="Pacific/Auckland")
    west = await given.make_provider(time_zone="America/Los_Angeles")
    refusal = ["There is no such day here."]
    reply = await api.get(f"/api/slots/?provider={east}&from=0001-01-01")
    check_invalid(reply, {"from": refusal})
    assert (await api.get(f"/api/slots/?provider={west}&to=9999-12-31")).status == 200
    assert (await api.get("/api/slots/?provider=4000000000000&from=0001-01-01")).json == []
