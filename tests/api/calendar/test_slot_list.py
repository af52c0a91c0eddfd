"""GET /api/slots/"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.checks import BEYOND_64_BIT, FULL_SLOT, NEVER, check_invalid, next_link, walk
from tests.api.conftest import Served
from tests.cast import Api, Given, Person

TEN = datetime(2032, 3, 1, 10, tzinfo=UTC)
INTEGER = ["A valid integer is required."]
INSTANT = [
    "Datetime has wrong format. Use RFC 3339 with an offset, for example 2027-01-04T10:00:00+00:00."
]
CURSOR = {"cursor": ["Invalid cursor."]}


def _ids(page: list[dict[str, Any]]) -> list[int]:
    return [one["id"] for one in page]


async def test_everyone_sees_full_slots_in_the_order_of_time(api: Api, given: Given) -> None:
    provider_id = await given.make_provider()
    later = await given.make_slots(2, provider_id=provider_id, starts_at=TEN)
    sooner = await given.make_slots(2, provider_id=provider_id, starts_at=TEN - timedelta(days=1))
    reply = await api.get(f"/api/slots/?provider={provider_id}")
    assert reply.status == 200
    assert type(reply.json) is list
    assert _ids(reply.json) == sooner + later
    assert all(set(one) == FULL_SLOT for one in reply.json)
    assert reply.json[0] == (await api.get(f"/api/slots/{sooner[0]}/")).json
    assert next_link(reply) is None


async def test_slots_of_one_instant_come_in_the_order_of_ids(api: Api, given: Given) -> None:
    at = TEN + timedelta(days=100)
    made = [(await given.make_slots(1, starts_at=at))[0] for _ in range(5)]
    query = f"from={quote(at.isoformat())}&to={quote((at + timedelta(minutes=1)).isoformat())}"
    pages = await walk(api, f"/api/slots/?{query}&limit=2")
    assert [_ids(page) for page in pages] == [made[:2], made[2:4], made[4:]]


async def test_a_provider_given_twice_means_either(api: Api, given: Given) -> None:
    one, two = await given.make_provider(), await given.make_provider()
    later = await given.make_slots(2, provider_id=one, starts_at=TEN)
    sooner = await given.make_slots(2, provider_id=two, starts_at=TEN - timedelta(days=1))
    await given.make_slots(1, starts_at=TEN)
    for limit in (1, 3, 100):
        pages = await walk(api, f"/api/slots/?provider={one}&provider={two}&limit={limit}")
        assert [slot_id for page in pages for slot_id in _ids(page)] == sooner + later
    twice = await api.get(f"/api/slots/?provider={one}&provider={one}")
    assert _ids(twice.json) == later


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        ("from=2032-03-01T11:00:00Z", ["11:00", "12:00", "13:00"]),
        ("to=2032-03-01T11:00:00Z", ["10:00"]),
        ("from=2032-03-01T12:00:00%2B01:00&to=2032-03-01T12:00:01Z", ["11:00", "12:00"]),
        ("from=2032-03-01T12:00:00+01:00&to=2032-03-01T12:00:00Z", ["11:00"]),
        ("from=2032-03-01&to=2032-03-02", ["10:00", "11:00", "12:00", "13:00"]),
        ("from=2032-03-02", []),
        ("from=2032-03-01T13:00:00Z&to=2032-03-01T11:00:00Z", []),
        ("from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z", None),
        ("limit=2", ["10:00", "11:00"]),
    ],
)
async def test_a_window_is_half_open(
    api: Api, given: Given, query: str, hours: list[str] | None
) -> None:
    provider_id = await given.make_provider()
    await given.make_slots(4, provider_id=provider_id, starts_at=TEN, minutes=60)
    reply = await api.get(f"/api/slots/?provider={provider_id}&{query}")
    assert reply.status == 200, reply.json
    expected = ["10:00", "11:00", "12:00", "13:00"] if hours is None else hours
    assert [one["start_time"] for one in reply.json] == expected


async def test_what_has_begun_is_only_shown_when_asked_for(api: Api, given: Given) -> None:
    provider_id = await given.make_provider()
    past = datetime(2020, 1, 1, tzinfo=UTC)
    (old,) = await given.make_slots(1, provider_id=provider_id, starts_at=past)
    (new,) = await given.make_slots(1, provider_id=provider_id)
    path = f"/api/slots/?provider={provider_id}"
    assert _ids((await api.get(path)).json) == [new]
    assert _ids((await api.get(f"{path}&from=2020-01-01")).json) == [old, new]


async def test_it_filters_by_status(api: Api, given: Given, keeper: Person, ada: Person) -> None:
    provider_id = keeper.session.provider_id
    free, full, closed, half = await given.make_slots(4, provider_id=provider_id)
    await api.patch(f"/api/slots/{half}/", {"capacity": 2}, who=keeper)
    await api.patch(f"/api/slots/{closed}/", {"status": "busy-unavailable"}, who=keeper)
    for slot_id in (full, half):
        await given.make_appointment(ada, slot_id)
    for status, expected in {
        "free": [free, half],
        "busy": [full],
        "busy-unavailable": [closed],
        "busy-tentative": [],
    }.items():
        reply = await api.get(f"/api/slots/?provider={provider_id}&status={status}")
        assert _ids(reply.json) == expected
        assert all(one["status"] == status for one in reply.json)


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 500])
async def test_walking_all_pages_meets_each_slot_once(api: Api, given: Given, limit: int) -> None:
    provider_id = await given.make_provider()
    made = await given.make_slots(7, provider_id=provider_id, starts_at=TEN)
    pages = await walk(api, f"/api/slots/?provider={provider_id}&status=free&limit={limit}")
    assert [slot_id for page in pages for slot_id in _ids(page)] == made
    assert len(pages) == -(-7 // limit)


async def test_a_page_is_100_unless_asked_otherwise(api: Api, given: Given) -> None:
    provider_id = await given.make_provider()
    await given.make_slots(101, provider_id=provider_id, starts_at=TEN)
    pages = await walk(api, f"/api/slots/?provider={provider_id}")
    assert [len(page) for page in pages] == [100, 1]


async def test_what_appears_behind_the_cursor_does_not_move_the_rest(
    api: Api, given: Given
) -> None:
    provider_id = await given.make_provider()
    made = await given.make_slots(4, provider_id=provider_id, starts_at=TEN)
    first = await api.get(f"/api/slots/?provider={provider_id}&limit=2")
    await given.make_slots(3, provider_id=provider_id, starts_at=TEN - timedelta(days=1))
    second = await api.get(next_link(first) or "")
    assert _ids(first.json) + _ids(second.json) == made


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("provider=x", {"provider": INTEGER}),
        ("provider=", {"provider": INTEGER}),
        (f"provider={BEYOND_64_BIT}", {"provider": INTEGER}),
        ("provider=1%00", {"provider": ["Null characters are not allowed."]}),
        ("provider=%ff", {"provider": ["Not a valid string."]}),
        ("status=taken", {"status": ['"taken" is not a valid choice.']}),
        ("from=yesterday", {"from": INSTANT}),
        ("from=2032-13-01", {"from": INSTANT}),
        ("to=2032-03-01T10:00:00", {"to": INSTANT}),
        ("to=infinity", {"to": INSTANT}),
        ("from=0001-01-01T00:00:00%2B14:00", {"from": INSTANT}),
        ("to=9999-12-31T23:59:59-12:00", {"to": INSTANT}),
        ("limit=0", {"limit": ["Ensure this value is greater than or equal to 1."]}),
        ("limit=-1", {"limit": ["Ensure this value is greater than or equal to 1."]}),
        ("limit=501", {"limit": ["Ensure this value is less than or equal to 500."]}),
        ("limit=٣", {"limit": INTEGER}),
        ("limit=1.5&provider=1;DROP+TABLE+slot", {"limit": INTEGER, "provider": INTEGER}),
    ],
)
async def test_it_rejects_bad_input(api: Api, query: str, errors: dict[str, Any]) -> None:
    check_invalid(await api.get(f"/api/slots/?{quote(query, safe='=&%+;-:')}"), errors)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"not JSON",
        b'["2032-03-01"]',
        b'["2032-03-01 10:00:00+00","1"]',
        b'["2032-03-01 10:00:00+00",1,2]',
        b'["yesterday",1]',
        b'["now",1]',
        b'["2032-W09-1",1]',
        b'["20320301T10",1]',
        b'["2032-03-01T10:00:00+24:00",1]',
        b'["2032-03-01\';--",1]',
        b'["2032-03-01 10:00:00+00",9223372036854775808]',
        b'["2032-03-01 10:00:00+00",-1e400]',
        b'["2032-03-01 10:00:00+00\\u0000",1]',
        b"\xff\xfe",
    ],
)
async def test_a_cursor_we_did_not_write_is_refused(api: Api, content: bytes) -> None:
    encoded = base64.urlsafe_b64encode(content or b" ").decode()
    for cursor in (encoded, encoded.rstrip("=")):
        check_invalid(await api.get(f"/api/slots/?cursor={quote(cursor)}"), CURSOR)


@pytest.mark.parametrize("cursor", ["5", "%20", "é", "***", 4000 * "A"])
async def test_what_is_not_even_encoded_is_refused(api: Api, cursor: str) -> None:
    check_invalid(await api.get(f"/api/slots/?cursor={quote(cursor, safe='%')}"), CURSOR)


async def test_a_cursor_tells_no_more_than_the_page(api: Api, given: Given) -> None:
    provider_id = await given.make_provider()
    made = await given.make_slots(3, provider_id=provider_id, starts_at=TEN)
    page = await api.get(f"/api/slots/?provider={provider_id}&limit=1")
    cursor = (next_link(page) or "").partition("cursor=")[2]
    content = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    assert content == ["2032-03-01T10:00:00Z", made[0]]


async def test_an_unknown_provider_has_no_slots(api: Api) -> None:
    reply = await api.get(f"/api/slots/?provider={NEVER}")
    assert (reply.status, reply.json) == (200, [])


async def test_the_next_page_is_asked_for_by_what_is_known_alone(
    served: Served, api: Api, given: Given
) -> None:
    """Whatever else was sent would come back in the head of the answer, at any length."""
    provider_id = await given.make_provider()
    await given.make_slots(2, provider_id=provider_id, starts_at=TEN)
    known = f"provider={'0' * 9}{provider_id}&limit=1&from=2032-03-01"
    async with served(unknown_fields="ignore") as lenient:
        reply = await lenient.get(f"/api/slots/?x={'y' * 5000}&{known}")
    assert len(reply.headers["Link"]) < 250
    target = next_link(reply)
    assert target is not None
    names = [pair.partition("=")[0] for pair in target.partition("?")[2].split("&")]
    assert sorted(names) == ["cursor", "from", "limit", "provider"]
    assert len((await api.get(target)).json) == 1


@pytest.mark.parametrize("clock", ["10:00:00:", "12345678", "16.8979938.1.1", "10:00", "24:00:61"])
async def test_a_made_up_cursor_is_refused_in_words(api: Api, clock: str) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([f"2026-11-27 {clock}+00", 5]).encode()).decode()
    for more in ("", "&provider=1"):
        reply = await api.get(f"/api/slots/?limit=1&cursor={cursor}{more}")
        check_invalid(reply, CURSOR)
