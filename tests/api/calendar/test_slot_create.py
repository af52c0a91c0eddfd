"""POST /api/slots/"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.checks import (
    BEYOND_64_BIT,
    FULL_SLOT,
    NEVER,
    check_invalid,
    check_needs_login,
    check_problem,
)
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply

TEN = datetime(2031, 1, 6, 10, tzinfo=UTC)
REQUIRED = ["This field is required."]
INTEGER = ["A valid integer is required."]
INSTANT = [
    "Datetime has wrong format. Use RFC 3339 with an offset, for example 2027-01-04T10:00:00+00:00."
]
AFTER = ["Must be after starts_at."]
YEARS = ["Must be between 1970 and 9998."]


def _slot(provider_id: int, hour: float = 0, **changes: Any) -> dict[str, Any]:
    starts_at = TEN + timedelta(hours=hour)
    return {
        "provider": provider_id,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
    } | changes


async def _create(api: Api, who: Person | None, body: Any) -> Reply:
    return await api.post("/api/slots/", body, who=who)


async def _hours(api: Api, provider_id: int) -> list[str]:
    reply = await api.get(f"/api/slots/?provider={provider_id}")
    return [one["start_time"] for one in reply.json]


async def test_it_works(api: Api, given: Given, admin: Person) -> None:
    provider_id = await given.make_provider("Dr Ito", "Asia/Tokyo")
    reply = await _create(api, admin, _slot(provider_id, capacity=3))
    assert reply.status == 201
    assert reply.json == {
        "id": reply.json["id"],
        "start_time": "19:00",
        "end_time": "20:00",
        "provider": "Dr Ito",
        "provider_id": provider_id,
        "date": "2031-01-06",
        "starts_at": "2031-01-06T10:00:00+00:00",
        "ends_at": "2031-01-06T11:00:00+00:00",
        "time_zone": "Asia/Tokyo",
        "capacity": 3,
        "remaining": 3,
        "status": "free",
    }
    assert (await api.get(f"/api/slots/{reply.json['id']}/")).json == reply.json


async def test_many_come_back_in_the_order_asked(api: Api, keeper: Person) -> None:
    own = keeper.session.provider_id
    wanted = [_slot(own, hour, capacity=hour) for hour in (3, 1, 2)]
    reply = await _create(api, keeper, wanted)
    assert reply.status == 201
    assert [one["start_time"] for one in reply.json] == ["13:00", "11:00", "12:00"]
    assert [one["capacity"] for one in reply.json] == [3, 1, 2]
    assert all(set(one) == FULL_SLOT for one in reply.json)
    assert (await _create(api, keeper, [_slot(own, 5)])).json[0]["start_time"] == "15:00"


async def test_a_thousand_at_once_but_not_one_more(api: Api, keeper: Person) -> None:
    wanted = [_slot(keeper.session.provider_id, hour) for hour in range(1001)]
    for refused in (wanted, []):
        reply = await _create(api, keeper, refused)
        check_problem(reply, 400, "invalid")
        assert reply.json["detail"] == "Between 1 and 1000 slots can be created at once."
    reply = await _create(api, keeper, wanted[:1000])
    assert (reply.status, len(reply.json)) == (201, 1000)


async def test_an_instant_may_have_any_offset(api: Api, keeper: Person) -> None:
    wanted = _slot(
        keeper.session.provider_id, starts_at="2031-01-06T15:30:00+05:30", ends_at="2031-01-06t11Z"
    )
    check_invalid(await _create(api, keeper, wanted), {"ends_at": INSTANT})
    wanted["ends_at"] = "2031-01-06T02:00:00-09:00"
    reply = await _create(api, keeper, wanted)
    assert reply.json["starts_at"] == "2031-01-06T10:00:00+00:00"
    assert reply.json["ends_at"] == "2031-01-06T11:00:00+00:00"


@pytest.mark.parametrize("hour", [0, 0.5, -0.5, 0.25])
async def test_overlaps_are_refused_and_all_or_nothing_happens(
    api: Api, keeper: Person, hour: float
) -> None:
    own = keeper.session.provider_id
    await _create(api, keeper, _slot(own))
    check_problem(await _create(api, keeper, _slot(own, hour)), 409, "slot_overlap")
    reply = await _create(api, keeper, [_slot(own, 5), _slot(own, hour)])
    check_problem(reply, 409, "slot_overlap")
    reply = await _create(api, keeper, [_slot(own, 7), _slot(own, 7 + hour)])
    check_problem(reply, 409, "slot_overlap")
    assert await _hours(api, own) == ["10:00"]


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "which-overlaps"}])
async def test_of_many_slots_the_one_that_overlaps_is_named(
    api: Api, keeper: Person, key: dict[str, str]
) -> None:
    own = keeper.session.provider_id
    await _create(api, keeper, _slot(own, 3))
    for hours, named in (([0, 1, 2, 3.5, 5], 3), ([9, 7, 8, 7.5], 3), ([5, 2.5], 1)):
        slots = [_slot(own, hour) for hour in hours]
        reply = await api.post("/api/slots/", slots, who=keeper, headers=key)
        check_problem(reply, 409, "slot_overlap")
        assert f"The slot at index {named}, from 20" in reply.json["detail"]


async def test_a_capacity_of_null_is_none_given(api: Api, keeper: Person) -> None:
    new = _slot(keeper.session.provider_id) | {"capacity": None}
    assert (await _create(api, keeper, new)).json["capacity"] == 1


async def test_intervals_are_half_open(api: Api, keeper: Person, rival: Person) -> None:
    own = keeper.session.provider_id
    for hour in (0, 1, -1):
        assert (await _create(api, keeper, _slot(own, hour))).status == 201
    assert await _hours(api, own) == ["09:00", "10:00", "11:00"]
    reply = await _create(api, rival, _slot(rival.session.provider_id))
    assert reply.status == 201, "another provider's time is another time"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"provider": "1"}, {"provider": INTEGER}),
        ({"provider": True}, {"provider": INTEGER}),
        ({"provider": 1.5}, {"provider": INTEGER}),
        ({"provider": BEYOND_64_BIT}, {"provider": INTEGER}),
        ({"provider": None}, {"provider": ["This field may not be null."]}),
        ({"starts_at": "2031-01-06T10:00:00"}, {"starts_at": INSTANT}),
        ({"starts_at": "2031-01-06"}, {"starts_at": INSTANT}),
        ({"starts_at": "2031-02-30T10:00:00Z"}, {"starts_at": INSTANT}),
        ({"starts_at": "infinity"}, {"starts_at": INSTANT}),
        ({"starts_at": 1924941600}, {"starts_at": INSTANT}),
        ({"ends_at": "10000-01-01T00:00:00Z"}, {"ends_at": INSTANT}),
        ({"ends_at": "9999-06-01T00:00:00Z"}, {"ends_at": YEARS}),
        ({"starts_at": "1969-12-31T23:59:59Z"}, {"starts_at": YEARS}),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, {"starts_at": INSTANT}),
        ({"ends_at": TEN.isoformat()}, {"ends_at": AFTER}),
        ({"ends_at": "2031-01-06T10:30:00+01:00"}, {"ends_at": AFTER}),
        ({"capacity": 0}, {"capacity": ["Ensure this value is greater than or equal to 1."]}),
        ({"capacity": 1001}, {"capacity": ["Ensure this value is less than or equal to 1000."]}),
        ({"capacity": "2"}, {"capacity": INTEGER}),
        ({"capacity": True}, {"capacity": INTEGER}),
        ({"capacity": 1.5}, {"capacity": INTEGER}),
        ({"capacity": 10**30}, {"capacity": INTEGER}),
        ({"provider": "x", "starts_at": 5, "ends_at": None, "capacity": []}, None),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, keeper: Person, changes: dict[str, Any], errors: dict[str, Any] | None
) -> None:
    own = keeper.session.provider_id
    wrong = errors or {
        "provider": INTEGER,
        "starts_at": INSTANT,
        "ends_at": ["This field may not be null."],
        "capacity": INTEGER,
    }
    check_invalid(await _create(api, keeper, _slot(own, **changes)), wrong)
    reply = await _create(api, keeper, [_slot(own, 5), _slot(own, **changes)])
    check_invalid(reply, {f"1.{name}": messages for name, messages in wrong.items()})
    assert await _hours(api, own) == []


async def test_it_names_every_missing_field(api: Api, keeper: Person) -> None:
    names = ("provider", "starts_at", "ends_at")
    check_invalid(await _create(api, keeper, {}), dict.fromkeys(names, REQUIRED))
    check_problem(await _create(api, keeper, [5]), 400, "invalid", "errors")


async def test_nothing_else_can_be_set(served: Served, keeper: Person) -> None:
    async with served(unknown_fields="ignore") as api:
        powers = {"id": 1, "status": "busy", "booked": 1, "remaining": 0, "closed": True}
        wanted = _slot(keeper.session.provider_id, **powers, version=9, deleted_at=TEN.isoformat())
        reply = await _create(api, keeper, wanted)
        assert reply.json["id"] != 1
        assert (reply.json["status"], reply.json["remaining"]) == ("free", 1)
        assert await _hours(api, keeper.session.provider_id) == ["10:00"]


async def test_only_staff_create(api: Api, keeper: Person, rival: Person, ada: Person) -> None:
    own = keeper.session.provider_id
    for who in (rival, ada):
        for body in (_slot(own), [_slot(rival.session.provider_id), _slot(own)]):
            check_problem(await _create(api, who, body), 403, "permission_denied")
    check_needs_login(await _create(api, None, _slot(own)))
    assert await _hours(api, own) == []
    assert await _hours(api, rival.session.provider_id) == []


async def test_it_handles_a_missing_provider(api: Api, admin: Person, keeper: Person) -> None:
    check_problem(await _create(api, admin, _slot(NEVER)), 404, "not_found")
    check_problem(await _create(api, keeper, _slot(NEVER)), 403, "permission_denied")
    for beside in (_slot(NEVER), _slot(keeper.session.provider_id)):  # before any word on overlaps
        check_problem(await _create(api, admin, [beside, beside, _slot(NEVER)]), 404, "not_found")


async def test_a_slot_may_be_of_a_service_that_its_provider_offers(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    provider_id = keeper.session.provider_id
    service_id = await given.make_service(provider_id)
    made = await _create(api, keeper, _slot(provider_id, service=service_id, capacity=8))
    assert (made.status, set(made.json)) == (201, FULL_SLOT | {"service"})
    assert made.json["service"] == service_id
    assert (await api.get(f"/api/slots/{made.json['id']}/")).json == made.json
    (listed,) = (await api.get(f"/api/slots/?provider={provider_id}")).json
    assert set(listed) == FULL_SLOT
    assert (await api.book(ada, made.json["id"])).status == 201


async def test_a_service_that_is_not_offered_makes_no_slot(
    api: Api, given: Given, keeper: Person, rival: Person
) -> None:
    own, other = keeper.session.provider_id, rival.session.provider_id
    service_id = await given.make_service(other)
    wanted = [_slot(own), _slot(own, 1, service=service_id)]
    check_problem(await _create(api, keeper, wanted), 422, "not_offered")
    wanted = [_slot(own), _slot(own, 1, service=NEVER)]
    missing = await _create(api, keeper, wanted)
    check_problem(missing, 404, "not_found")
    assert missing.json["detail"] == "There is no such service."
    assert await _hours(api, own) == []
