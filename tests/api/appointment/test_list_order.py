"""GET /api/appointments/?order=, and a provider given twice"""

from datetime import timedelta

import pytest

from service.booking.appointment import read
from tests.api.checks import check_invalid, next_link, walk
from tests.cast import Api, Given, Person, tomorrow_at_ten

DAY = timedelta(days=1)


async def _ids(api: Api, who: Person, query: str) -> list[int]:
    pages = await walk(api, f"/api/appointments/?{query}", who)
    return [one["id"] for page in pages for one in page]


async def _shuffled(given: Given, who: Person, provider_id: int) -> list[int]:
    """Appointments by time, which were booked in another order; two of them in one slot."""
    slots = await given.make_slots(3, provider_id=provider_id, capacity=2)
    made = {n: await given.make_appointment(who, slots[n]) for n in (2, 0, 1)}
    again = await given.make_appointment(who, slots[1])
    return [made[0], made[1], again, made[2]]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_ones_own_are_in_the_order_that_is_asked_for(
    api: Api, given: Given, stranger: Person, limit: int
) -> None:
    first, second, third, last = await _shuffled(given, stranger, await given.make_provider())
    booked = sorted((first, second, third, last))
    for order, wanted in (
        ("", booked),
        ("&order=booked", booked),
        ("&order=starts_at", [first, second, third, last]),
        ("&order=-starts_at", [last, second, third, first]),
    ):
        assert await _ids(api, stranger, f"limit={limit}{order}") == wanted


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_staff_have_them_by_time_either_way(
    api: Api, given: Given, keeper: Person, stranger: Person, limit: int
) -> None:
    provider_id = keeper.session.provider_id
    first, second, third, last = await _shuffled(given, stranger, provider_id)
    asked = f"provider={provider_id}&limit={limit}"
    for order, wanted in (
        ("", [first, second, third, last]),
        ("&order=starts_at", [first, second, third, last]),
        ("&order=-starts_at", [last, second, third, first]),
    ):
        assert await _ids(api, keeper, asked + order) == wanted
    refused = await api.get(f"/api/appointments/?{asked}&order=booked", who=keeper)
    check_invalid(refused, {"order": ["A provider's list is by starts_at or -starts_at."]})


async def test_the_other_filters_and_what_is_shown_stay_as_they_are(
    api: Api, given: Given, stranger: Person
) -> None:
    first, second, third, last = await _shuffled(given, stranger, await given.make_provider())
    await api.cancel(stranger, second)
    wanted = "order=-starts_at&status=booked"
    assert await _ids(api, stranger, wanted) == [last, third, first]
    days = (tomorrow_at_ten() + n * DAY for n in (0, 1))
    begin, end = (one.date().isoformat() for one in days)
    assert await _ids(api, stranger, f"{wanted}&from={begin}&to={end}") == [last, third, first]
    assert await _ids(api, stranger, f"{wanted}&from={end}") == []
    plain = (await api.get("/api/appointments/", who=stranger)).json
    timed = (await api.get("/api/appointments/?order=starts_at", who=stranger)).json
    assert sorted(timed, key=lambda one: int(one["id"])) == plain
    whole = (await api.get("/api/appointments/?order=starts_at&expand=slot", who=stranger)).json
    assert whole[0]["slot"]["starts_at"].startswith(begin)


async def test_where_a_page_by_time_ended_is_no_place_in_the_order_of_booking(
    api: Api, given: Given, stranger: Person
) -> None:
    await _shuffled(given, stranger, await given.make_provider())
    for order, other in (("booked", "starts_at"), ("-starts_at", "booked")):
        reply = await api.get(f"/api/appointments/?limit=1&order={order}", who=stranger)
        following = next_link(reply)
        assert following is not None
        assert f"order={order}" in following
        wrong = following.replace(f"order={order}", f"order={other}")
        check_invalid(await api.get(wrong, who=stranger), {"cursor": ["Invalid cursor."]})


async def test_by_time_those_that_were_booked_last_are_looked_at(
    api: Api, given: Given, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third, last = await _shuffled(given, stranger, await given.make_provider())
    monkeypatch.setattr(read, "LOOKS", 3)
    assert await _ids(api, stranger, "order=starts_at") == [first, second, third]
    assert last == min(first, second, third, last), "it was booked first"


async def test_long_notes_end_a_page_by_time(
    api: Api, given: Given, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [
        await given.make_appointment(stranger, one, "n" * 10) for one in await given.make_slots(3)
    ]
    monkeypatch.setattr(read, "PAGE_BYTES", 20)
    pages = await walk(api, "/api/appointments/?order=-starts_at", stranger)
    assert [[one["id"] for one in page] for page in pages] == [made[:0:-1], made[:1]]


async def test_a_provider_given_twice_means_either(
    api: Api, given: Given, admin: Person, stranger: Person
) -> None:
    one, two, three = [await given.make_provider() for _ in range(3)]
    made = {}
    for number, provider_id in ((1, two), (0, one), (2, three)):
        at = tomorrow_at_ten() + number * timedelta(hours=1)
        [slot_id] = await given.make_slots(1, provider_id=provider_id, starts_at=at)
        made[provider_id] = await given.make_appointment(stranger, slot_id)
    both = f"provider={one}&provider={two}"
    for order in ("", "&order=starts_at"):
        booked = [made[two], made[one]] if not order else [made[one], made[two]]
        assert await _ids(api, stranger, both + order) == booked
    for limit in (1, 2, 100):
        assert await _ids(api, admin, f"{both}&limit={limit}") == [made[one], made[two]]
        back = f"{both}&limit={limit}&order=-starts_at"
        assert await _ids(api, admin, back) == [made[two], made[one]]
    twice = f"provider={one}&provider={one}"
    assert await _ids(api, admin, twice) == [made[one]]


async def test_staff_of_one_of_two_providers_have_their_own_list(
    api: Api, given: Given, keeper: Person, stranger: Person
) -> None:
    mine, other = keeper.session.provider_id, await given.make_provider()
    [slot_id] = await given.make_slots(1, provider_id=mine)
    await given.make_appointment(stranger, slot_id)
    assert await _ids(api, keeper, f"provider={mine}&provider={other}") == []


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("order=name", {"order": ['"name" is not a valid choice.']}),
        ("provider=1&provider=me", {"provider": ["A valid integer is required."]}),
        ("provider=1&provider=", {"provider": ["A valid integer is required."]}),
        ("&".join(f"provider={n}" for n in range(21)), {
            "provider": ["Give this no more than 20 times."]
        }),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    api: Api, ada: Person, query: str, errors: dict[str, list[str]]
) -> None:
    check_invalid(await api.get(f"/api/appointments/?{query}", who=ada), errors)
