"""GET and PUT /api/providers/{id}/schedule/"""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.api.calendar.hours.scene import day_after, every_day, path, put, take, value
from tests.cast import Api, Given, Person

CLINIC = {
    "weekly": [
        {"days": ["mon", "tue"], "opens": "09:00", "closes": "13:00", "from": "2027-01-01"},
        {"days": ["fri"], "opens": "22:00", "closes": "06:00", "until": "2027-06-30"},
        {"days": ["wed"], "opens": "18:00", "closes": "24:00"},
    ],
    "days": [
        {"date": "2027-12-24", "hours": [], "reason": "Christmas Eve"},
        {"date": "2027-12-31", "hours": [{"opens": "09:00", "closes": "12:00"}]},
    ],
}


async def test_hours_are_shown_as_they_were_written(api: Api, keeper: Person) -> None:
    reply = await put(api, keeper, CLINIC)
    assert reply.status == 200
    assert reply.headers["ETag"] == '"2"'
    ours = {"provider": keeper.session.provider_id, "time_zone": "UTC", "version": 2, **CLINIC}
    until = (datetime.now(UTC).date() + timedelta(days=7)).isoformat()
    assert date.fromisoformat(reply.json["opened_until"]) >= date.fromisoformat(until)
    conflicts = {"conflicts": [], "conflicts_total": 0}
    assert reply.json == ours | conflicts | {"opened_until": reply.json["opened_until"]}
    shown = await api.get(path(keeper.session.provider_id))
    assert shown.json == {name: reply.json[name] for name in shown.json}
    assert shown.json.keys() == reply.json.keys() - conflicts.keys()


async def test_a_provider_without_hours_has_none(api: Api, given: Given) -> None:
    provider_id = await given.make_provider()
    reply = await api.get(path(provider_id))
    assert reply.json == {
        "provider": provider_id,
        "time_zone": "UTC",
        "weekly": [],
        "days": [],
        "opened_until": None,
        "version": 1,
    }


async def test_what_is_known_is_not_sent_again(api: Api, keeper: Person) -> None:
    await put(api, keeper, CLINIC)
    target = path(keeper.session.provider_id)
    tag = (await api.get(target)).headers["ETag"]
    assert (await api.get(target, headers={"If-None-Match": tag})).status == 304
    await put(api, keeper, every_day())
    assert (await api.get(target, headers={"If-None-Match": tag})).status == 200


async def test_only_the_version_that_was_seen_is_replaced(api: Api, keeper: Person) -> None:
    await put(api, keeper, CLINIC)
    tag = (await api.get(path(keeper.session.provider_id))).headers["ETag"]
    assert (await put(api, keeper, every_day(), headers={"If-Match": '"1"'})).status == 412
    assert (await put(api, keeper, every_day(), headers={"If-Match": tag})).status == 200
    assert (await put(api, keeper, every_day(), headers={"If-Match": tag})).status == 412


async def test_only_staff_of_the_provider_write_its_hours(
    api: Api, keeper: Person, rival: Person, ada: Person, admin: Person
) -> None:
    target = path(keeper.session.provider_id)
    for who, status in ((None, 401), (ada, 403), (rival, 403), (admin, 200)):
        assert (await api.call("PUT", target, every_day(), who=who)).status == status


async def test_the_same_key_brings_the_same_answer(api: Api, keeper: Person) -> None:
    headers = {"Idempotency-Key": "hours"}
    first = await put(api, keeper, CLINIC, headers=headers)
    again = await put(api, keeper, CLINIC, headers=headers)
    assert (first.json, again.headers["Idempotency-Replayed"]) == (again.json, "true")
    assert (await api.get(path(keeper.session.provider_id))).json["version"] == 2


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"weekly": [{"days": ["mon"], "opens": "9:00", "closes": "13:00"}]}, "weekly.0.opens",
         "Enter a valid value: a time of day such as 09:00."),
        ({"weekly": [{"days": ["mon"], "opens": "24:00", "closes": "13:00"}]}, "weekly.0.opens",
         "Enter a valid value: a time of day such as 09:00."),
        ({"weekly": [{"days": ["mon"], "opens": "09:00"}]}, "weekly.0.closes",
         "This field is required."),
        ({"weekly": [{"days": ["mo"], "opens": "09:00", "closes": "13:00"}]}, "weekly.0.days",
         "Not a valid value."),
        ({"weekly": [{"days": ["mon"], "opens": "09:00", "closes": "13:00", "from": "soon"}]},
         "weekly.0.from", "Date has wrong format. Use YYYY-MM-DD."),
        ({"weekly": [{"days": ["mon"], "opens": "09:00", "closes": "13:00", "form": "x"}]},
         "weekly.0.form", 'There is no such name here. Did you mean "from"?'),
        ({"weekly": ["mon"]}, "weekly.0", "A JSON object was expected."),
        ({"weekly": None}, "weekly", "This field may not be null."),
        ({"days": [{"date": "0001-01-01", "hours": []}]}, "days.0.date",
         "Must be between 1970 and 9998."),
        ({"weekly": [{"days": ["mon"], "opens": "09:00", "closes": "13:00",
                      "until": "9999-12-31"}]},
         "weekly.0.until", "Must be between 1970 and 9998."),
        ({"days": [{"date": "2027-12-24", "hours": [{"opens": "09:00", "closes": "x"}]}]},
         "days.0.hours.0.closes", "Enter a valid value: a time of day such as 17:00; at or before "
         "`opens` it is on the next day."),
        ({"weekly": [{"days": ["mon"], "opens": "09:00", "closes": "13:00",
                      "services": [999999999]}]},
         "weekly.0.services", "There is no service 999999999."),
        ({"weekly": [{"days": ["mon"], "opens": "22:00", "closes": "06:00"},
                     {"days": ["tue"], "opens": "05:00", "closes": "09:00"}]}, "weekly.1",
         "05:00-09:00 on 2023-12-26 overlaps 22:00-06:00 on 2023-12-25 of weekly.0."),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    api: Api, keeper: Person, change: dict[str, Any], field: str, message: str
) -> None:
    reply = await put(api, keeper, {"weekly": [], "days": []} | change)
    assert (reply.status, reply.json["errors"]) == (400, {field: [message]})


async def test_of_several_who_saw_the_same_version_one_writes(api: Api, keeper: Person) -> None:
    wanted = [every_day(closes=f"{hour}:00") for hour in range(12, 18)]
    seen = {"If-Match": '"1"'}
    replies = await asyncio.gather(*(put(api, keeper, one, headers=seen) for one in wanted))
    assert sorted(one.status for one in replies) == [200, *[412] * 5]
    shown = (await api.get(path(keeper.session.provider_id))).json
    [written] = [one.json["weekly"] for one in replies if one.status == 200]
    assert (shown["weekly"], shown["version"]) == (written, 2)


async def test_who_is_outside_of_hours_is_told_to_staff_alone(
    api: Api, keeper: Person, rival: Person, ada: Person
) -> None:
    target = f"/api/appointments/?outside_hours=true&provider={keeper.session.provider_id}"
    for who in (ada, rival):
        assert (await api.get(target, who=who)).status == 403
    missing = await api.get("/api/appointments/?outside_hours=true", who=keeper)
    message = "This field is required with outside_hours."
    assert missing.json["errors"] == {"provider": [message]}


async def test_hours_that_shrink_leave_appointments_and_tell_of_them(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    await put(api, keeper, every_day())
    provider_id = keeper.session.provider_id
    late = [day_after(days, 15) for days in (1, 2, 3)]
    early = day_after(1, 10)
    ids = take(database, provider_id, stranger, *late, early)
    reply = await put(api, keeper, every_day(closes="12:00"))
    assert reply.json["conflicts_total"] == 3
    assert reply.json["conflicts"] == [
        {"appointment_id": one, "starts_at": at.isoformat(), "reason": "hours"}
        for one, at in zip(ids[:3], late, strict=True)
    ]
    listed = await api.get("/api/appointments/", who=stranger)
    assert [one["status"] for one in listed.json] == ["booked"] * 4
    await api.cancel(stranger, ids[0])
    target = f"/api/appointments/?provider={provider_id}&outside_hours=true"
    left = await api.get(target, who=keeper)
    assert [one["id"] for one in left.json] == ids[1:3]


async def test_a_dry_run_tells_the_same_and_leaves_nothing(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    await put(api, keeper, every_day())
    provider_id = keeper.session.provider_id
    [one] = take(database, provider_id, stranger, day_after(1, 15))
    openings = "SELECT string_agg(o::text, ' ' ORDER BY starts_at) FROM opening o" + (
        " WHERE provider_id = %s"
    )
    before = value(database, openings, provider_id), (await api.get(path(provider_id))).json
    headers = {"Idempotency-Key": "tried"}
    reply = await put(api, keeper, every_day(closes="12:00"), "?dry_run=true", headers=headers)
    assert (reply.status, reply.json["conflicts_total"]) == (200, 1)
    assert reply.json["conflicts"][0]["appointment_id"] == one
    after = value(database, openings, provider_id), (await api.get(path(provider_id))).json
    assert after == before
    real = await put(api, keeper, every_day(closes="12:00"), headers=headers)
    assert real.json == reply.json
    assert "Idempotency-Replayed" not in real.headers


async def test_hours_replace_those_that_have_begun_too(
    api: Api, keeper: Person, database: Any
) -> None:
    for closes in ("24:00", "23:59"):
        await put(api, keeper, every_day("00:00", closes))
    count = "SELECT count(*) FROM opening WHERE provider_id = %s AND to_char(ends_at, 'MI') = %s"
    provider_id = keeper.session.provider_id
    assert value(database, count, provider_id, "00") == 0
    assert value(database, count, provider_id, "59") > 7


async def test_what_was_meant_to_be_outside_of_hours_is_no_conflict(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    await put(api, keeper, every_day())
    [one] = take(database, keeper.session.provider_id, stranger, day_after(1, 20))
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE appointment_history SET overrides = '{closed}' WHERE appointment_id = %s", [one]
        )
    assert (await put(api, keeper, every_day())).json["conflicts_total"] == 0


async def test_published_slots_have_nothing_to_do_with_hours(
    api: Api, keeper: Person, given: Given, stranger: Person
) -> None:
    [slot_id] = await given.make_slots(1, provider_id=keeper.session.provider_id)
    await given.make_appointment(stranger, slot_id)
    reply = await put(api, keeper, {"weekly": [], "days": []})
    assert reply.json["conflicts_total"] == 0


async def test_a_provider_that_moves_to_another_zone_keeps_instants_and_opens_by_its_wall(
    api: Api, keeper: Person, stranger: Person, admin: Person, database: Any
) -> None:
    await put(api, keeper, every_day())
    provider_id = keeper.session.provider_id
    at = day_after(1, 10)
    take(database, provider_id, stranger, at)
    moved = {"time_zone": "Asia/Tokyo"}
    assert (await api.patch(f"/api/providers/{provider_id}/", moved, who=admin)).status == 200
    [listed] = (await api.get("/api/appointments/?expand=slot", who=stranger)).json
    assert datetime.fromisoformat(listed["slot"]["starts_at"]) == at
    assert listed["slot"]["start_time"] == "19:00"
    first = "SELECT min(starts_at) FROM opening WHERE provider_id = %s AND starts_at > now()"
    assert value(database, first, provider_id).hour == 0  # nine o'clock in Tokyo
    kept = "SELECT wall_at::time::text FROM slot WHERE provider_id = %s"
    assert value(database, kept, provider_id) == "19:00:00"
    assert (await api.get(path(provider_id))).json["version"] > 2
    target = f"/api/appointments/?provider={provider_id}&outside_hours=true"
    assert len((await api.get(target, who=keeper)).json) == 1
