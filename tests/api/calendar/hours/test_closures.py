"""GET, POST and DELETE /api/closures/"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.calendar.hours.scene import day_after, every_day, path, put, take, value
from tests.cast import Api, Given, Person

ROOT = "/api/closures/"
CHRISTMAS = {"from": "2037-12-24", "to": "2037-12-26", "reason": "Christmas"}


def days(first: int, last: int) -> dict[str, Any]:
    """From so many days after today until so many."""
    today = datetime.now(UTC).date()
    return {
        "from": (today + timedelta(days=first)).isoformat(),
        "to": (today + timedelta(days=last)).isoformat(),
    }


async def test_days_are_closed_by_the_staff_of_a_provider(api: Api, keeper: Person) -> None:
    provider_id = keeper.session.provider_id
    made = await api.post(ROOT, CHRISTMAS | {"provider": provider_id}, who=keeper)
    assert made.status == 201
    closure = {
        "id": made.json["id"],
        "provider": provider_id,
        "starts_at": None,
        "ends_at": None,
        **CHRISTMAS,
    }
    assert made.json == closure | {"conflicts": [], "conflicts_total": 0}
    assert made.headers["Location"] == f"{ROOT}{closure['id']}/"
    assert (await api.get(f"{ROOT}{closure['id']}/", who=keeper)).json == closure
    assert closure in (await api.get(f"{ROOT}?provider={provider_id}", who=keeper)).json
    assert (await api.get(path(provider_id))).json["version"] == 2


async def test_a_provider_given_twice_means_either(api: Api, admin: Person, given: Given) -> None:
    providers = [await given.make_provider() for _ in range(3)]
    made = [await given.make_closure(one) for one in providers]
    either = f"{ROOT}?limit=500&provider={providers[0]}&provider={providers[2]}"
    listed = [one["id"] for one in (await api.get(either, who=admin)).json if one["provider"]]
    assert listed == [made[0], made[2]]


async def test_instants_are_closed_as_they_are_given(api: Api, keeper: Person) -> None:
    wanted = {
        "provider": keeper.session.provider_id,
        "starts_at": "2037-12-24T12:00:00+01:00",
        "ends_at": "2037-12-24T18:00:00+01:00",
    }
    made = (await api.post(ROOT, wanted, who=keeper)).json
    assert (made["from"], made["to"]) == (None, None)
    assert made["starts_at"] == "2037-12-24T11:00:00+00:00"


async def test_appointments_in_the_way_stay_and_are_told_until_it_is_removed(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    provider_id = keeper.session.provider_id
    await put(api, keeper, every_day())
    ids = take(database, provider_id, stranger, *(day_after(n, 10) for n in (1, 2, 3, 4)))
    made = await api.post(ROOT, days(2, 3) | {"provider": provider_id}, who=keeper)
    told = [one["appointment_id"] for one in made.json["conflicts"]]
    assert (told, made.json["conflicts_total"]) == (ids[1:3], 2)
    assert {one["reason"] for one in made.json["conflicts"]} == {"closure"}
    listed = f"/api/appointments/?provider={provider_id}&outside_hours=true"
    assert [one["id"] for one in (await api.get(listed, who=keeper)).json] == ids[1:3]
    again = await put(api, keeper, every_day())
    assert again.json["conflicts"] == made.json["conflicts"]
    await api.cancel(stranger, ids[1])
    assert [one["id"] for one in (await api.get(listed, who=keeper)).json] == ids[2:3]
    gone = await api.delete(f"{ROOT}{made.json['id']}/", who=keeper)
    assert gone.status == 204
    assert (await api.get(listed, who=keeper)).json == []
    mine = (await api.get("/api/appointments/", who=stranger)).json
    assert [one["status"] for one in mine] == ["booked", "cancelled", "booked", "booked"]


async def test_published_slots_are_in_the_way_too(
    api: Api, keeper: Person, given: Given, stranger: Person
) -> None:
    provider_id = keeper.session.provider_id
    slots = await given.make_slots(2, provider_id=provider_id, minutes=60 * 60)
    long = await given.make_appointment(stranger, slots[0])
    await given.make_appointment(stranger, slots[1])
    made = await api.post(ROOT, days(2, 2) | {"provider": provider_id}, who=keeper)
    assert [one["appointment_id"] for one in made.json["conflicts"]] == [long]


async def test_days_are_those_of_the_providers_zone(
    api: Api, admin: Person, stranger: Person, given: Given, database: Any
) -> None:
    zone = "Pacific/Auckland"
    provider_id = await given.make_provider(time_zone=zone)
    first, last = day_after(2, 0, zone), day_after(3, 23, zone)
    before, after = first - timedelta(hours=1), last + timedelta(hours=1)
    ids = take(database, provider_id, stranger, before, first, last, after)
    local = [day_after(n, 12, zone) for n in (2, 3)]
    wanted = {
        "provider": provider_id,
        "from": value(database, "SELECT (%s AT TIME ZONE %s)::date::text", local[0], zone),
        "to": value(database, "SELECT (%s AT TIME ZONE %s)::date::text", local[1], zone),
    }
    made = await api.post(ROOT, wanted, who=admin)
    assert [one["appointment_id"] for one in made.json["conflicts"]] == ids[1:3]


async def test_an_admin_closes_everybody(
    api: Api, admin: Person, keeper: Person, rival: Person
) -> None:
    assert (await api.post(ROOT, CHRISTMAS, who=keeper)).status == 403
    versions = [
        (await api.get(path(one.session.provider_id))).json["version"] for one in (keeper, rival)
    ]
    made = (await api.post(ROOT, CHRISTMAS, who=admin)).json
    assert made["provider"] is None
    for one, version in zip((keeper, rival), versions, strict=True):
        assert (await api.get(path(one.session.provider_id))).json["version"] == version + 1
        listed = await api.get(f"{ROOT}?provider={one.session.provider_id}&limit=500", who=one)
        assert made["id"] in [each["id"] for each in listed.json]
    target = f"{ROOT}{made['id']}/"
    assert (await api.get(target, who=keeper)).status == 200
    assert (await api.delete(target, who=keeper)).status == 403
    assert (await api.delete(target, who=admin)).status == 204
    assert (await api.delete(target, who=admin)).status == 404


async def test_a_dry_run_tells_the_same_and_leaves_nothing(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    provider_id = keeper.session.provider_id
    await put(api, keeper, every_day())
    take(database, provider_id, stranger, day_after(2, 10))
    wanted = days(2, 2) | {"provider": provider_id}
    tried = await api.post(f"{ROOT}?dry_run=true", wanted, who=keeper)
    assert tried.status == 200
    mine = "SELECT count(*) FROM closure WHERE provider_id = %s"
    assert value(database, mine, provider_id) == 0
    assert (await api.get(path(provider_id))).json["version"] == 2
    made = await api.post(ROOT, wanted, who=keeper)
    assert tried.json == {name: made.json[name] for name in made.json if name != "id"}
    assert tried.json["conflicts_total"] == 1


async def test_nobody_sees_or_removes_what_another_provider_has_closed(
    api: Api, keeper: Person, rival: Person
) -> None:
    wanted = CHRISTMAS | {"provider": keeper.session.provider_id}
    assert (await api.post(ROOT, wanted, who=rival)).status == 403
    made = (await api.post(ROOT, wanted, who=keeper)).json
    target = f"{ROOT}{made['id']}/"
    assert (await api.get(target, who=rival)).status == 404
    assert (await api.delete(target, who=rival)).status == 404
    assert made["id"] not in [one["id"] for one in (await api.get(ROOT, who=rival)).json]


async def test_what_has_ended_is_not_listed(api: Api, keeper: Person, database: Any) -> None:
    provider_id = keeper.session.provider_id
    old = {"provider": provider_id, "from": "2024-12-24", "to": "2024-12-26"}
    made = (await api.post(ROOT, old, who=keeper)).json
    listed = (await api.get(f"{ROOT}?provider={provider_id}&limit=500", who=keeper)).json
    assert made["id"] not in [one["id"] for one in listed]
    assert (await api.get(f"{ROOT}{made['id']}/", who=keeper)).status == 200


async def test_a_list_goes_on_where_it_left_off(api: Api, keeper: Person) -> None:
    provider_id = keeper.session.provider_id
    wanted = CHRISTMAS | {"provider": provider_id}
    ids = [(await api.post(ROOT, wanted, who=keeper)).json["id"] for _ in range(3)]
    found, target = [], f"{ROOT}?provider={provider_id}&limit=2&cursor={ids[0] - 1}"
    page = await api.get(target, who=keeper)
    found += [one["id"] for one in page.json]
    assert 'rel="next"' in page.headers["Link"]
    rest = await api.get(page.headers["Link"].partition(">")[0][1:], who=keeper)
    assert found + [one["id"] for one in rest.json] == ids


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "from", "Give from and to, or starts_at and ends_at."),
        ({"from": "2037-12-24"}, "from", "Give from and to, or starts_at and ends_at."),
        ({**CHRISTMAS, "starts_at": "2037-12-24T12:00:00Z"}, "from",
         "Give from and to, or starts_at and ends_at."),
        ({"from": "2037-12-26", "to": "2037-12-24"}, "to", "Must not be before from."),
        ({"from": "0001-01-01", "to": "2037-12-24"}, "from", "Must be between 1970 and 9998."),
        ({"starts_at": "2037-12-24T12:00:00Z", "ends_at": "2037-12-24T12:00:00Z"}, "ends_at",
         "Must be after starts_at."),
        ({**CHRISTMAS, "provider": 0}, "provider",
         "Ensure this value is greater than or equal to 1."),
        ({**CHRISTMAS, "from": "soon"}, "from", "Date has wrong format. Use YYYY-MM-DD."),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    api: Api, admin: Person, body: dict[str, Any], field: str, message: str
) -> None:
    reply = await api.post(ROOT, body, who=admin)
    assert (reply.status, reply.json["errors"]) == (400, {field: [message]})


async def test_a_provider_that_there_is_none_of_can_not_be_closed(api: Api, admin: Person) -> None:
    reply = await api.post(ROOT, CHRISTMAS | {"provider": 999999999}, who=admin)
    assert (reply.status, reply.json["detail"]) == (404, "There is no such provider.")
