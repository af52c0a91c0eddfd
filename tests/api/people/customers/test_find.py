"""GET /api/customers/"""

from typing import Any
from urllib.parse import quote

import pytest

from service.booking.people import customer
from tests.api.checks import check_invalid, next_link, walk
from tests.cast import Api, Given, Person


async def _found(api: Api, who: Person, typed: str) -> list[Any]:
    pages = await walk(api, f"/api/customers/?q={quote(typed)}", who)
    return [one["name"] or one["username"] for page in pages for one in page]


async def test_staff_list_their_own_by_id(
    api: Api, given: Given, keeper: Person, rival: Person, stranger: Person
) -> None:
    names = ["Zoe", "Ada", "Mia"]
    made = [await given.make_customer(keeper, name) for name in names]
    await given.make_customer(rival, "Of another")
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    await given.make_appointment(stranger, slot_id)
    pages = await walk(api, "/api/customers/?limit=2", keeper)
    listed = [one["id"] for page in pages for one in page]
    assert listed == sorted([*made, stranger.id])


@pytest.mark.parametrize(
    "typed",
    ["zoe", "ZOË", "obrien", "o'brien", "O Brien zo", "zoe@example", "example.org", "+49 (0)170 12",
     "0170/1234567", "4567"],
)  # fmt: skip
async def test_somebody_is_found_by_name_address_and_phone(
    api: Api, given: Given, keeper: Person, typed: str
) -> None:
    said = {"email": "zoe@example.org", "phone": "+49 170 1234567"}
    await given.make_customer(keeper, "Zoë O\u2019Brien", **said)
    await given.make_customer(keeper, "Mia", email="mia@elsewhere.net", phone="+1 555 0100")
    assert await _found(api, keeper, typed) == ["Zoë O\u2019Brien"]


@pytest.mark.parametrize("typed", ["xyz", "zoe mia", "rien", "-", "!!", "'", ":*", "zoe & !x"])
async def test_what_fits_nobody_finds_nobody(
    api: Api, given: Given, keeper: Person, typed: str
) -> None:
    await given.make_customer(keeper, "Zoë O\u2019Brien")
    await given.make_customer(keeper, "Mia")
    assert await _found(api, keeper, typed) == []


async def test_who_registered_is_found_by_username_and_address(
    api: Api, given: Given, keeper: Person, admin: Person
) -> None:
    who = await given.make_person("Xanthippe")
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    await given.make_appointment(who, slot_id)
    for typed in ("xanth", "XANTHIPPE@example"):
        assert await _found(api, keeper, typed) == ["Xanthippe"]
        assert await _found(api, admin, typed) == ["Xanthippe"]


async def test_nobody_finds_whom_they_may_not_see(
    api: Api, given: Given, keeper: Person, rival: Person
) -> None:
    await given.make_customer(keeper, "Quasimodo")
    assert await _found(api, keeper, "quasi") == ["Quasimodo"]
    assert await _found(api, rival, "quasi") == []


async def test_who_is_renamed_is_found_by_the_new_name(
    api: Api, given: Given, keeper: Person
) -> None:
    customer_id = await given.make_customer(keeper, "Wilhelmina")
    changes = {"name": "Yolanda", "phone": "112"}
    await api.patch(f"/api/customers/{customer_id}/", changes, who=keeper)
    assert await _found(api, keeper, "wilhelmina") == []
    assert await _found(api, keeper, "yol") == await _found(api, keeper, "112") == ["Yolanda"]


async def test_a_page_may_be_short_and_name_the_next(
    api: Api, given: Given, keeper: Person, rival: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer, "LOOKS", 2)
    await given.make_customer(keeper, "Ophelia")
    for _ in range(4):
        await given.make_customer(rival, "Ophelia")
    await given.make_customer(keeper, "Ophelia")
    reply = await api.get("/api/customers/?q=ophelia", who=keeper)
    assert (len(reply.json), next_link(reply) is not None) == (1, True)
    assert await _found(api, keeper, "ophelia") == ["Ophelia", "Ophelia"]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("limit=0", {"limit": ["Ensure this value is greater than or equal to 1."]}),
        ("cursor=x", {"cursor": ["Invalid cursor."]}),
        (f"q={201 * 'x'}", {"q": ["Ensure this field has no more than 200 characters."]}),
        ("name=x", {"name": ["There is no such name here."]}),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, admin: Person, query: str, errors: dict[str, Any]
) -> None:
    check_invalid(await api.get(f"/api/customers/?{query}", who=admin), errors)
