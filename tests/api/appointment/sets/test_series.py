"""POST /api/series/, GET /api/series/{id}/ and POST .../cancel/"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.api.calendar.times.scene import HOUR, NINE, Clinic
from tests.api.checks import NEVER, check_invalid, check_problem, check_same_as_missing
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply

pytestmark = pytest.mark.usefixtures("unbroken")

WEEK = timedelta(weeks=1)


async def series(
    clinic: Clinic, who: Person, visit: int, query: str = "", headers: Any = None, **more: Any
) -> Reply:
    body = {"service": visit, "provider": clinic.provider_id, "starts_at": NINE.isoformat()}
    wanted = body | ({"count": 4} if "until" not in more else {}) | more
    return await clinic.api.post(f"/api/series/{query}", wanted, who=who, headers=headers)


async def own(api: Api, who: Person) -> list[Any]:
    listed: list[Any] = (await api.get("/api/appointments/?status=booked", who=who)).json
    return listed


async def stranger(clinic: Clinic) -> Person:
    return await clinic.given.make_person(f"weekly{clinic.provider_id}")


async def test_each_date_is_an_appointment(clinic: Clinic, api: Api) -> None:
    visit, zoe = await clinic.open(), await stranger(clinic)
    reply = await series(clinic, zoe, visit, notes="Back")
    assert reply.status == 201, reply.json
    booked = await own(api, zoe)
    assert reply.json == {
        "id": reply.json["id"],
        "dates": [
            {
                "date": (NINE + n * WEEK).date().isoformat(),
                "starts_at": (NINE + n * WEEK).isoformat(),
                "result": "booked",
                "appointment_id": booked[n]["id"],
            }
            for n in range(4)
        ],
    }
    assert [one["notes"] for one in booked] == ["Back"] * 4
    found = await api.get(f"/api/series/{reply.json['id']}/", who=zoe)
    assert found.status == 200
    assert (found.json["service"], found.json["provider"]) == (visit, clinic.provider_id)
    assert [one["status"] for one in found.json["dates"]] == ["booked"] * 4


async def test_a_date_that_is_taken_refuses_all_or_is_skipped(
    clinic: Clinic, api: Api, ada: Person
) -> None:
    visit, zoe = await clinic.open(), await stranger(clinic)
    assert (await clinic.book(ada, visit, NINE + 2 * WEEK)).status == 201
    for query in ("?dry_run=true", ""):
        reply = await series(clinic, zoe, visit, query)
        check_problem(reply, 409, "series_conflict", "dates")
        results = [one["result"] for one in reply.json["dates"]]
        assert results == ["bookable", "bookable", "refused", "bookable"]
        refused = reply.json["dates"][2]
        assert (refused["code"], refused["times"][0]["start_time"]) == ("slot_taken", "10:00")
        assert await own(api, zoe) == []
    tried = await series(clinic, zoe, visit, "?dry_run=true", conflicts="skip")
    assert (tried.status, tried.json.keys()) == (200, {"dates"})
    assert [one["result"] for one in tried.json["dates"]] == [
        "bookable", "bookable", "skipped", "bookable",
    ]  # fmt: skip
    assert await own(api, zoe) == [], "a dry run leaves nothing behind"
    reply = await series(clinic, zoe, visit, conflicts="skip")
    assert reply.status == 201
    assert [one.get("code") for one in reply.json["dates"]] == [None, None, "slot_taken", None]
    assert len(await own(api, zoe)) == 3
    kept = await api.get(f"/api/series/{reply.json['id']}/", who=zoe)
    assert kept.json["dates"][2] | {"starts_at": ""} == {
        "date": (NINE + 2 * WEEK).date().isoformat(),
        "starts_at": "",
        "result": "skipped",
        "code": "slot_taken",
    }


async def test_a_series_of_which_nothing_is_left_is_refused(
    clinic: Clinic, api: Api, ada: Person
) -> None:
    visit, zoe = await clinic.open(), await stranger(clinic)
    early = (NINE - HOUR).isoformat()
    reply = await series(clinic, zoe, visit, conflicts="skip", starts_at=early)
    check_problem(reply, 409, "series_conflict", "dates")
    assert {one["code"] for one in reply.json["dates"]} == {"closed"}


async def test_the_same_key_makes_one_series(clinic: Clinic, api: Api) -> None:
    visit, zoe = await clinic.open(), await stranger(clinic)
    key = {"Idempotency-Key": "weekly"}
    both = await asyncio.gather(*(series(clinic, zoe, visit, headers=key) for _ in range(3)))
    again = await series(clinic, zoe, visit, headers=key)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert all(one.json == again.json for one in both if one.status == 201)
    assert len(await own(api, zoe)) == 4


async def test_limits_count_date_by_date(clinic: Clinic, api: Api) -> None:
    visit, zoe = await clinic.open(per_customer_open=2), await stranger(clinic)
    reply = await series(clinic, zoe, visit, conflicts="skip")
    assert [one.get("limit") for one in reply.json["dates"]] == [
        None, None, "per_customer_open", "per_customer_open",
    ]  # fmt: skip


async def test_staff_book_a_series_for_others(clinic: Clinic, api: Api, keeper: Person) -> None:
    visit = await clinic.open()
    grace = await clinic.given.make_customer(keeper, "Grace")
    reply = await series(clinic, keeper, visit, customer=grace)
    assert reply.status == 201, reply.json
    assert (await api.get(f"/api/series/{reply.json['id']}/", who=keeper)).status == 200
    zoe = await stranger(clinic)
    check_problem(await series(clinic, zoe, visit, customer=grace), 403, "permission_denied")


async def test_what_is_to_come_is_cancelled_from_a_day_on(clinic: Clinic, api: Api) -> None:
    visit, zoe = await clinic.open(), await stranger(clinic)
    made = (await series(clinic, zoe, visit)).json
    path = f"/api/series/{made['id']}/"
    second = made["dates"][1]["appointment_id"]
    assert (await api.cancel(zoe, second)).status == 200, "each ends alone"
    from_day = (NINE + 2 * WEEK).date().isoformat()
    for _ in range(2):
        reply = await api.post(f"{path}cancel/", {"from": from_day, "reason": "ill"}, who=zoe)
        assert reply.status == 200
        assert [one["status"] for one in reply.json["dates"]] == [
            "booked", "cancelled", "cancelled", "cancelled",
        ]  # fmt: skip
    reply = await api.post(f"{path}cancel/", who=zoe)
    assert {one["status"] for one in reply.json["dates"]} == {"cancelled"}
    assert await own(api, zoe) == []


async def test_a_series_is_cancelled_whole_or_not_at_all(
    clinic: Clinic, api: Api, served: Served
) -> None:
    visit, zoe = await clinic.open(), await stranger(clinic)
    made = (await series(clinic, zoe, visit)).json
    async with served(notice_minutes=60 * 24 * 10) as strict:
        reply = await strict.post(f"/api/series/{made['id']}/cancel/", who=zoe)
        check_problem(reply, 422, "too_late", "index")
        assert reply.json["index"] == 0
        assert len(await own(api, zoe)) == 4


async def test_others_hear_that_there_is_none(clinic: Clinic, api: Api, ben: Person) -> None:
    visit, zoe = await clinic.open(), await stranger(clinic)
    path = f"/api/series/{(await series(clinic, zoe, visit)).json['id']}/"
    missing = f"/api/series/{NEVER}/"
    for who in (ben, await clinic.given.make_person(f"other{clinic.provider_id}")):
        check_same_as_missing(await api.get(path, who=who), await api.get(missing, who=who))
        check_same_as_missing(
            await api.post(f"{path}cancel/", who=who),
            await api.post(f"{missing}cancel/", who=who),
        )


async def test_a_series_is_checked_before_anything_is_done(clinic: Clinic, given: Given) -> None:
    visit, zoe = await clinic.open(), await stranger(clinic)
    last = (NINE + timedelta(days=400)).date().isoformat()
    other = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][(NINE.weekday() + 1) % 7]
    wrong = {
        "count": ({"count": None}, "Either count or until is required."),
        "until": ({"until": last}, "A series has at most 52 dates."),
        "days": ({"days": [other]}, "Must have the day of starts_at."),
    }
    for field, (more, message) in wrong.items():
        check_invalid(await series(clinic, zoe, visit, **more), {field: [message]})
    before = (NINE - timedelta(days=1)).date().isoformat()
    message = {"until": ["Must not be before starts_at."]}
    check_invalid(await series(clinic, zoe, visit, until=before), message)
    monthly = await series(clinic, zoe, visit, days=[other], unit="month")
    check_invalid(monthly, {"days": ["They go with unit week."]})
    check_problem(await series(clinic, zoe, NEVER), 404, "not_found")
    room = await given.make_provider()
    check_problem(await series(clinic, zoe, visit, provider=room), 422, "not_offered")
