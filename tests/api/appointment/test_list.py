"""GET /api/appointments/"""

from datetime import UTC, datetime
from typing import Any

import pytest

from service.booking.appointment import read
from tests.api.checks import BEYOND_64_BIT, NEVER, check_invalid, check_needs_login, next_link, walk
from tests.api.conftest import Served
from tests.cast import Api, Given, Person

TEN = datetime(2032, 3, 1, 10, tzinfo=UTC)
INTEGER = ["A valid integer is required."]
INSTANT = [
    "Datetime has wrong format. Use RFC 3339 with an offset, for example 2027-01-04T10:00:00+00:00."
]


async def _ids(api: Api, who: Person, query: str = "") -> list[int]:
    reply = await api.get(f"/api/appointments/{query}", who=who)
    assert reply.status == 200, reply.json
    return [one["id"] for one in reply.json]


async def test_it_works(api: Api, given: Given, stranger: Person) -> None:
    first, second = await given.make_slots(2)
    late = await given.make_appointment(stranger, second, "Second")
    soon = await given.make_appointment(stranger, first)
    reply = await api.get("/api/appointments/", who=stranger)
    assert reply.status == 200
    assert "Link" not in reply.headers
    assert reply.json == [
        {
            "id": late,
            "slot": {"id": second, "start_time": "10:30", "end_time": "11:00"},
            "notes": "Second",
            "status": "booked",
        },
        {
            "id": soon,
            "slot": {"id": first, "start_time": "10:00", "end_time": "10:30"},
            "notes": "",
            "status": "booked",
        },
    ]


async def test_at_first_it_is_empty(api: Api, stranger: Person) -> None:
    reply = await api.get("/api/appointments/", who=stranger)
    assert (reply.status, reply.json) == (200, [])


async def test_it_shows_nobody_elses(
    served: Served, given: Given, stranger: Person, ben: Person, admin: Person
) -> None:
    slots = await given.make_slots(2)
    own = await given.make_appointment(stranger, slots[0])
    foreign = await given.make_appointment(ben, slots[1])
    queries = ("", f"?user={ben.id}", "?user=ben", f"?account_id={ben.id}", f"?id={foreign}")
    async with served(unknown_fields="ignore") as api:
        for query in queries:
            assert await _ids(api, stranger, query) == [own]
        assert own not in await _ids(api, admin)


async def test_staff_see_all_with_their_provider(
    api: Api, given: Given, keeper: Person, admin: Person, ada: Person, ben: Person
) -> None:
    provider_id = keeper.session.provider_id
    slots = await given.make_slots(2, provider_id=provider_id)
    made = [
        await given.make_appointment(ada, slots[0], "Notes of Ada"),
        await given.make_appointment(ben, slots[1]),
    ]
    for who in (keeper, admin):
        reply = await api.get(f"/api/appointments/?provider={provider_id}", who=who)
        assert [one["id"] for one in reply.json] == made
        assert reply.json[0] == {
            "id": made[0],
            "slot": {
                "id": slots[0],
                "start_time": "10:00",
                "end_time": "10:30",
                "provider": "Clinic",
            },
            "user": "ada",
            "notes": "Notes of Ada",
            "status": "booked",
        }
    pages = await walk(api, f"/api/appointments/?provider={provider_id}&limit=1", keeper)
    assert [one["id"] for page in pages for one in page] == made


async def test_staff_see_them_by_the_time_of_their_slots(
    api: Api, given: Given, keeper: Person, ada: Person, ben: Person
) -> None:
    provider_id = keeper.session.provider_id
    first, second = await given.make_slots(2, provider_id=provider_id, capacity=2)
    late = await given.make_appointment(ada, second)
    soon = await given.make_appointment(ben, first)
    also_soon = await given.make_appointment(ada, first)
    for limit in (1, 2, 100):
        path = f"/api/appointments/?provider={provider_id}&limit={limit}"
        pages = await walk(api, path, keeper)
        assert [one["id"] for page in pages for one in page] == [soon, also_soon, late]
        assert len(pages) == -(-3 // limit)


async def test_a_page_may_be_empty_and_have_a_next_one_where_few_have_the_status(
    api: Api, given: Given, keeper: Person, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "LOOKS", 2)
    provider_id = keeper.session.provider_id
    slots = await given.make_slots(5, provider_id=provider_id)
    *_, last = [await given.make_appointment(stranger, one) for one in slots]
    await api.cancel(stranger, last)
    path = f"/api/appointments/?provider={provider_id}&status=cancelled"
    for who in (stranger, keeper):
        pages = await walk(api, path, who)
        assert [[one["id"] for one in page] for page in pages] == [[], [], [last]]


async def test_where_a_page_ended_is_no_place_in_the_other_list(
    api: Api, given: Given, keeper: Person, stranger: Person
) -> None:
    provider_id = keeper.session.provider_id
    for slot_id in await given.make_slots(2, provider_id=provider_id):
        await given.make_appointment(stranger, slot_id)
    path = f"/api/appointments/?provider={provider_id}&limit=1"
    for who, other in ((stranger, keeper), (keeper, stranger)):
        following = next_link(await api.get(path, who=who))
        assert following is not None
        assert (await api.get(following, who=who)).status == 200
        check_invalid(await api.get(following, who=other), {"cursor": ["Invalid cursor."]})


async def test_others_see_only_their_own_with_a_provider(
    api: Api, given: Given, keeper: Person, rival: Person, stranger: Person, ben: Person
) -> None:
    provider_id = keeper.session.provider_id
    slots = await given.make_slots(2, provider_id=provider_id)
    await given.make_appointment(ben, slots[0])
    own = await given.make_appointment(stranger, slots[1])
    elsewhere = await given.make_appointment(stranger, (await given.make_slots(1))[0])
    assert await _ids(api, rival, f"?provider={provider_id}") == []
    assert await _ids(api, stranger, f"?provider={provider_id}") == [own]
    assert await _ids(api, stranger) == [own, elsewhere]


async def test_it_filters_by_status(
    api: Api, given: Given, keeper: Person, stranger: Person
) -> None:
    slots = await given.make_slots(4, provider_id=keeper.session.provider_id)
    made = [await given.make_appointment(stranger, one) for one in slots]
    await given.make_begun(*slots)
    for appointment_id, action in zip(made, ("cancel", "noshow", "fulfill"), strict=False):
        await api.post(f"/api/appointments/{appointment_id}/{action}/", who=keeper)
    for who in (stranger, keeper):
        for number, status in enumerate(("cancelled", "noshow", "fulfilled", "booked")):
            query = f"?provider={keeper.session.provider_id}&status={status}"
            assert await _ids(api, who, query) == [made[number]]
        both = f"?provider={keeper.session.provider_id}&status=noshow&status=booked"
        assert await _ids(api, who, both) == [made[1], made[3]], "any of them"
    assert await _ids(api, stranger) == made


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("from=2032-03-01T10:30:00Z", [1, 2]),
        ("to=2032-03-01T10:30:00Z", [0]),
        ("from=2032-03-01T11:30:00%2B01:00&to=2032-03-01T11:00:00Z", [1]),
        ("from=2032-03-01&to=2032-03-02", [0, 1, 2]),
        ("from=2032-03-02", []),
        ("from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z", [0, 1, 2]),
    ],
)
async def test_it_filters_by_time(
    api: Api, given: Given, stranger: Person, query: str, numbers: list[int]
) -> None:
    slots = await given.make_slots(3, starts_at=TEN)
    made = [await given.make_appointment(stranger, one) for one in slots]
    assert await _ids(api, stranger, f"?{query}") == [made[number] for number in numbers]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 500])
async def test_walking_all_pages_meets_each_once(
    api: Api, given: Given, stranger: Person, limit: int
) -> None:
    slots = await given.make_slots(5)
    made = [await given.make_appointment(stranger, one) for one in slots]
    path = f"/api/appointments/?status=booked&limit={limit}"
    pages = await walk(api, path, stranger)
    assert [one["id"] for page in pages for one in page] == made
    assert len(pages) == -(-5 // limit)


async def test_a_page_is_100_unless_asked_otherwise(
    api: Api, given: Given, stranger: Person
) -> None:
    (slot_id,) = await given.make_slots(1, capacity=101)
    for _ in range(101):
        await given.make_appointment(stranger, slot_id)
    pages = await walk(api, "/api/appointments/", stranger)
    assert [len(page) for page in pages] == [100, 1]
    assert [len(page) for page in await walk(api, "/api/appointments/?limit=500", stranger)] == [
        101
    ]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("status=free", {"status": ['"free" is not a valid choice.']}),
        ("from=soon", {"from": INSTANT}),
        ("to=2032-03-01T10:00:00", {"to": INSTANT}),
        ("provider=me", {"provider": INTEGER}),
        ("limit=0", {"limit": ["Ensure this value is greater than or equal to 1."]}),
        ("limit=501", {"limit": ["Ensure this value is less than or equal to 500."]}),
        *(
            (f"cursor={cursor}", {"cursor": ["Invalid cursor."]})
            for cursor in ("abc", BEYOND_64_BIT, "1%27--", "-1", "1-", "1-2", "1-2-3", "%D9%A1")
        ),
        ("status=x&limit=x", {"status": ['"x" is not a valid choice.'], "limit": INTEGER}),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, ada: Person, query: str, errors: dict[str, Any]
) -> None:
    check_invalid(await api.get(f"/api/appointments/?{query}", who=ada), errors)


@pytest.mark.parametrize("query", ["provider=0", f"provider={NEVER}", f"cursor={2**63 - 1}"])
async def test_what_matches_nothing_is_an_empty_list(api: Api, ada: Person, query: str) -> None:
    assert await _ids(api, ada, f"?{query}") == []


async def test_it_needs_a_login(api: Api) -> None:
    check_needs_login(await api.get("/api/appointments/"))
