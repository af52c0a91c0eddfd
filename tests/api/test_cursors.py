"""The cursor of every list: opaque, of one form, and read in the form it had before, too."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.calendar.hours.scene import every_day, put
from tests.api.checks import check_invalid, next_link
from tests.cast import Api, Given, Person
from tests.contract.spec import operations


class Listed(NamedTuple):
    """A list of two or more, and how the version before would write the end of a page."""

    path: str
    who: Person | None
    former: Callable[[Any], str]


async def history(api: Api, given: Given, keeper: Person) -> Listed:
    first, second = await given.make_slots(2, provider_id=keeper.session.provider_id)
    made = await given.make_appointment(keeper, first)
    await api.reschedule(keeper, made, second)
    return Listed(f"/api/appointments/{made}/history/", keeper, str)


async def own(api: Api, given: Given, keeper: Person) -> Listed:
    for slot_id in await given.make_slots(2):
        await given.make_appointment(keeper, slot_id)
    return Listed("/api/appointments/", keeper, lambda end: str(end[1]))


async def staffs(api: Api, given: Given, keeper: Person) -> Listed:
    provider_id = keeper.session.provider_id
    for slot_id in await given.make_slots(2, provider_id=provider_id):
        await given.make_appointment(keeper, slot_id)
    return Listed(f"/api/appointments/?provider={provider_id}", keeper, _with_a_dash)


async def providers(api: Api, given: Given, keeper: Person) -> Listed:
    await given.make_provider()
    return Listed("/api/providers/", None, str)


async def slots(api: Api, given: Given, keeper: Person) -> Listed:
    provider_id = keeper.session.provider_id
    await given.make_slots(2, provider_id=provider_id)
    return Listed(f"/api/slots/?provider={provider_id}", None, _in_the_words_of_postgres)


async def tokens(api: Api, given: Given, keeper: Person) -> Listed:
    body = {"username": keeper.username, "password": "correct horse"}
    assert (await api.post("/api/login/", body)).status == 200
    return Listed("/api/tokens/", keeper, _with_a_dash)


async def services(api: Api, given: Given, keeper: Person) -> Listed:
    for _ in range(2):
        await given.make_service(keeper.session.provider_id)
    return Listed("/api/services/", None, str)


async def times(api: Api, given: Given, keeper: Person) -> Listed:
    assert (await put(api, keeper, every_day())).status == 200
    service_id = await given.make_service(keeper.session.provider_id)
    return Listed(f"/api/services/{service_id}/times/", None, _in_the_words_of_postgres)


async def closures(api: Api, given: Given, keeper: Person) -> Listed:
    for _ in range(2):
        await given.make_closure(keeper.session.provider_id)
    return Listed("/api/closures/", keeper, str)


async def customers(api: Api, given: Given, keeper: Person) -> Listed:
    for name in ("Grace", "Zoe"):
        await given.make_customer(keeper, name)
    return Listed("/api/customers/", keeper, str)


async def waiting(api: Api, given: Given, keeper: Person) -> Listed:
    for slot_id in await given.make_slots(2):
        await given.make_appointment(keeper, slot_id)
        assert (await api.post("/api/waitlist/", {"slot": slot_id}, who=keeper)).status == 201
    return Listed("/api/waitlist/", keeper, str)


async def webhooks(api: Api, given: Given, keeper: Person) -> Listed:
    for _ in range(2):
        await _webhook(api, keeper)
    return Listed("/api/webhooks/", keeper, str)


async def deliveries(api: Api, given: Given, keeper: Person) -> Listed:
    path = f"/api/webhooks/{await _webhook(api, keeper)}"
    for _ in range(2):
        assert (await api.post(f"{path}/test/", who=keeper)).status == 202
    return Listed(f"{path}/deliveries/", keeper, str)


async def _webhook(api: Api, keeper: Person) -> int:
    made = await api.post("/api/webhooks/", {"url": "https://webhooks.invalid/"}, who=keeper)
    assert made.status == 201, made
    return int(made.json["id"])


def _with_a_dash(end: list[int]) -> str:
    return f"{end[0]}-{end[1]}"


def _in_the_words_of_postgres(end: list[Any]) -> str:
    at = end[0].replace("T", " ").replace("Z", "+00")
    return urlsafe_b64encode(json.dumps([at, end[1]]).encode()).decode()


LISTS: list[Callable[[Api, Given, Person], Awaitable[Listed]]] = [
    history, own, staffs, providers, slots, tokens, services, times, closures, customers,
    waiting, webhooks, deliveries,
]  # fmt: skip


def test_every_list_takes_a_cursor_of_one_type() -> None:
    taken = {
        operation["operationId"]: field
        for _, _, operation in operations()
        for field in operation["parameters"]
        if field.get("name") == "cursor"
    }
    assert len(taken) == len(LISTS) - 1  # two are one call
    for name, field in taken.items():
        assert field["schema"] == {"type": "string", "format": "cursor"}, name
        assert "opaque" in field["description"]


@pytest.mark.parametrize("make", LISTS, ids=lambda make: make.__name__)
async def test_the_former_cursor_leads_where_the_new_one_does(
    api: Api, given: Given, make: Any
) -> None:
    provider_id = await given.make_provider()
    keeper = await given.make_person(f"pages-{make.__name__}", "provider", provider_id)
    listed = await make(api, given, keeper)
    path = f"{listed.path}{'&' if '?' in listed.path else '?'}limit=1"
    target = next_link(await api.get(path, who=listed.who))
    assert target is not None
    [text] = parse_qs(urlsplit(target).query)["cursor"]
    end = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    second = await api.get(target, who=listed.who)
    former = await api.get(f"{path}&cursor={listed.former(end)}", who=listed.who)
    assert (former.status, former.json) == (second.status, second.json)
    assert len(second.json) == 1
    refused = await api.get(f"{path}&cursor={text}.", who=listed.who)
    check_invalid(refused, {"cursor": ["Invalid cursor."]})
