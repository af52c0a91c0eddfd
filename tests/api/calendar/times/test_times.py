"""GET /api/services/{id}/times/"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.calendar.times.scene import HOUR, NINE, Clinic
from tests.api.checks import (
    NEVER,
    check_invalid,
    check_problem,
    check_same_as_missing,
    next_link,
    walk,
)
from tests.cast import Api, Given, Person

HOURS = [f"{hour:02}:00" for hour in range(9, 17)]


async def test_it_lists_what_is_open(clinic: Clinic) -> None:
    reply = await clinic.times(await clinic.open())
    assert reply.status == 200
    assert reply.json[0] == {
        "starts_at": NINE.isoformat(),
        "ends_at": (NINE + HOUR).isoformat(),
        "date": NINE.date().isoformat(),
        "start_time": "09:00",
        "end_time": "10:00",
        "time_zone": "UTC",
        "provider": "Clinic",
        "provider_id": clinic.provider_id,
        "remaining": 1,
    }
    assert [one["start_time"] for one in reply.json] == HOURS


async def test_what_is_taken_is_not_in_it_until_it_is_free_again(
    clinic: Clinic, api: Api, ada: Person
) -> None:
    visit = await clinic.open()
    booked = await clinic.book(ada, visit, NINE + HOUR)
    assert await clinic.starts(visit) == [HOURS[0], *HOURS[2:]]
    await api.cancel(ada, booked.json["id"])
    assert await clinic.starts(visit) == HOURS


async def test_it_flows_around_published_slots_and_closures(
    clinic: Clinic, api: Api, given: Given
) -> None:
    visit = await clinic.open()
    await given.make_slots(1, provider_id=clinic.provider_id, starts_at=NINE + HOUR, minutes=90)
    shut = {
        "provider": clinic.provider_id,
        "starts_at": (NINE + 6 * HOUR).isoformat(),
        "ends_at": (NINE + 7 * HOUR).isoformat(),
    }
    made = await api.post("/api/closures/", shut, who=clinic.keeper)
    assert made.status == 201, made.json
    assert await clinic.starts(visit) == ["09:00", "12:00", "13:00", "14:00", "16:00"]


async def test_without_provider_each_start_comes_once(
    clinic: Clinic, given: Given, ada: Person
) -> None:
    other = await given.make_provider()
    visit = await clinic.open(other)
    await clinic.book(ada, visit)
    span = f"from={NINE.date()}&to={(NINE + 24 * HOUR).date()}"
    reply = await clinic.times(visit, span)
    assert [one["start_time"] for one in reply.json] == HOURS
    assert [one["providers"] for one in reply.json[:2]] == [1, 2]
    assert "provider" not in reply.json[0]


async def test_a_party_finds_the_starts_that_have_room_for_it(clinic: Clinic, ada: Person) -> None:
    group = await clinic.open(capacity=4, party_max=3)
    first = await clinic.book(ada, group, size=2)
    mine = f"provider={clinic.provider_id}&from={NINE.date()}&to={(NINE + 24 * HOUR).date()}"
    assert (await clinic.times(group)).json[0] | {"slot": first.json["slot"]["id"]} == (
        await clinic.times(group)
    ).json[0]
    assert (await clinic.times(group)).json[0]["remaining"] == 2
    assert (await clinic.starts(group, f"{mine}&size=3"))[0] == "10:00"
    assert await clinic.starts(group, f"{mine}&size=4") == []


async def test_pages_have_every_time_once(clinic: Clinic, api: Api) -> None:
    visit = await clinic.open()
    span = f"provider={clinic.provider_id}&from={NINE.date()}&to={(NINE + 72 * HOUR).date()}"
    path = f"/api/services/{visit}/times/?{span}"
    whole = (await api.get(path)).json
    pages = await walk(api, f"{path}&limit=5")
    assert [one for page in pages for one in page] == whole
    assert next_link(await api.get(f"{path}&limit=24")) is None


async def test_a_page_that_is_known_is_not_sent_again(clinic: Clinic, ada: Person) -> None:
    visit = await clinic.open()
    first = await clinic.times(visit)
    known = {"If-None-Match": first.headers["ETag"]}
    assert (await clinic.times(visit, headers=known)).status == 304
    await clinic.book(ada, visit)
    assert (await clinic.times(visit, headers=known)).status == 200


async def test_a_page_is_another_one_when_its_provider_has_another_name(
    clinic: Clinic, api: Api, given: Given
) -> None:
    visit = await clinic.open()
    boss = await given.make_person(f"namer{clinic.provider_id}", role="admin")
    known = {"If-None-Match": (await clinic.times(visit)).headers["ETag"]}
    renamed = await api.patch(
        f"/api/providers/{clinic.provider_id}/", {"name": "Surgery"}, who=boss
    )
    assert renamed.status == 200
    reply = await clinic.times(visit, headers=known)
    assert (reply.status, reply.json[0]["provider"]) == (200, "Surgery")


async def test_ones_own_appointment_is_not_in_its_own_way(
    clinic: Clinic, ada: Person, ben: Person
) -> None:
    visit = await clinic.open()
    mine = (await clinic.book(ada, visit)).json["id"]
    span = f"provider={clinic.provider_id}&from={NINE.date()}&to={(NINE + 24 * HOUR).date()}"
    moving = f"{span}&moving={mine}"
    reply = await clinic.times(visit, moving, who=ada)
    assert reply.json[0]["start_time"] == "09:00"
    check_problem(await clinic.times(visit, moving), 401, "not_authenticated")
    missing = await clinic.times(visit, f"{span}&moving=1", who=ben)
    check_same_as_missing(await clinic.times(visit, moving, who=ben), missing)


async def test_a_span_has_an_end(clinic: Clinic) -> None:
    visit = await clinic.open()
    month = f"from={NINE.date()}&to={(NINE + 32 * 24 * HOUR).date()}"
    reply = await clinic.times(visit, f"provider={clinic.provider_id}&{month}")
    check_invalid(reply, {"to": ["At most 31 days at once."]})
    week = f"from={NINE.date()}&to={(NINE + 8 * 24 * HOUR).date()}"
    wrong = {"to": ["At most 7 days at once without provider."]}
    check_invalid(await clinic.times(visit, week), wrong)


async def test_what_has_gone_by_counts_for_nothing(clinic: Clinic, api: Api) -> None:
    path = f"/api/services/{await clinic.open()}/times/"
    for begun in ("0001-01-01", "2001-01-01", (NINE - 8 * 24 * HOUR).date()):
        listed = await api.get(f"{path}?from={begun}&limit=5")
        assert (listed.status, listed.json) == (200, (await api.get(f"{path}?limit=5")).json)
        following = await api.get(f"{path}next/?from={begun}")
        assert (following.status, following.json) == (200, (await api.get(f"{path}next/")).json)
    assert following.json["start_time"] in HOURS


async def test_beyond_all_calendars_there_is_nothing(clinic: Clinic, api: Api) -> None:
    path = f"/api/services/{await clinic.open()}/times/"
    for at in ("9998-12-31", "9999-12-31T23:59:59Z"):
        listed = await api.get(f"{path}?from={at}")
        assert (listed.status, listed.json) == (200, [])
        following = await api.get(f"{path}next/?from={at}")
        assert (following.status, following.json) == (200, None)


async def test_of_no_service_there_are_no_times(clinic: Clinic, api: Api) -> None:
    check_problem(await api.get(f"/api/services/{NEVER}/times/"), 404, "not_found")


async def test_of_a_zone_that_python_does_not_know_there_are_times_too(
    clinic: Clinic, database: Any
) -> None:
    visit = await clinic.open()
    with database.cursor() as cursor:
        zone = "UPDATE provider SET time_zone = 'XYZ+3', clock = NULL WHERE id = %s"
        cursor.execute(zone, [clinic.provider_id])
    reply = await clinic.times(visit)
    assert (reply.status, reply.json[0]["start_time"]) == (200, "06:00")


async def test_a_provider_of_0_is_nobody_rather_than_anybody(clinic: Clinic, ada: Person) -> None:
    visit = await clinic.open()
    too_small = {"provider": ["Ensure this value is greater than or equal to 1."]}
    check_invalid(await clinic.times(visit, "provider=0"), too_small)
    check_invalid(await clinic.book(ada, visit, provider=0), too_small)


async def test_what_is_retired_has_no_times(clinic: Clinic, api: Api, given: Given) -> None:
    visit = await clinic.open()
    boss = await given.make_person("retirer", role="admin")
    await api.delete(f"/api/services/{visit}/", who=boss)
    check_problem(await clinic.times(visit), 404, "not_found")


async def test_the_next_time_is_found_however_far_ahead(
    clinic: Clinic, api: Api, given: Given
) -> None:
    visit = await clinic.open(lead_minutes=60 * 24 * 40)
    reply = await api.get(f"/api/services/{visit}/times/next/")
    assert reply.status == 200
    assert reply.json["date"] >= (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
    soon = await clinic.visit(horizon_days=1, lead_minutes=60 * 24 * 40)
    assert (await api.get(f"/api/services/{soon}/times/next/")).json is None


async def test_explain_says_all_that_speaks_against_a_time(
    clinic: Clinic, api: Api, ada: Person, ben: Person
) -> None:
    visit = await clinic.open(lead_minutes=60 * 24 * 30)
    at = (NINE - HOUR).isoformat().replace("+", "%2B")
    path = f"/api/services/{visit}/explain/?provider={clinic.provider_id}&starts_at={at}"
    reply = await api.get(path, who=ada)
    assert reply.status == 200
    assert reply.json["bookable"] is False
    assert [one["code"] for one in reply.json["reasons"]] == ["too_soon", "closed"]
    assert len(reply.json["next"]) == 3
    check_problem(await api.get(path), 401, "not_authenticated")


async def test_explain_says_first_what_booking_would_say(
    clinic: Clinic, api: Api, ada: Person, ben: Person
) -> None:
    visit = await clinic.open(per_customer_open=1)
    await clinic.book(ada, visit)
    await clinic.book(ben, visit, NINE + HOUR)
    at = (NINE + HOUR).isoformat().replace("+", "%2B")
    reply = await api.get(f"/api/services/{visit}/explain/?starts_at={at}", who=ada)
    codes = [one["code"] for one in reply.json["reasons"]]
    assert codes == ["limit_reached", "slot_taken"]
    check_problem(await clinic.book(ada, visit, NINE + HOUR), 422, codes[0], "limit")


async def test_explain_has_nothing_to_say_of_what_can_be_booked(
    clinic: Clinic, api: Api, ada: Person
) -> None:
    visit = await clinic.open(per_customer_open=1)
    at = NINE.isoformat().replace("+", "%2B")
    path = f"/api/services/{visit}/explain/?starts_at={at}"
    reply = await api.get(path, who=ada)
    assert (reply.json["bookable"], reply.json["reasons"]) == (True, [])
    await clinic.book(ada, visit, NINE + HOUR)
    reply = await api.get(path, who=ada)
    assert [one["code"] for one in reply.json["reasons"]] == ["limit_reached"]
