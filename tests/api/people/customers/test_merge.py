"""POST /api/customers/{id}/merge/"""

import asyncio
from collections import Counter

import pytest

from tests.api.checks import NEVER, check_invalid, check_problem
from tests.cast import Api, Given, Person, Reply


async def _merge(
    api: Api, who: Person, one: int, into: int, headers: dict[str, str] | None = None
) -> Reply:
    return await api.post(f"/api/customers/{one}/merge/", {"into": into}, who=who, headers=headers)


@pytest.mark.usefixtures("unbroken")
async def test_all_that_one_has_is_the_others(
    api: Api, given: Given, admin: Person, keeper: Person
) -> None:
    one, other = await given.make_person("Mergeone"), await given.make_person("Mergeother")
    slots = await given.make_slots(3, provider_id=keeper.session.provider_id)
    first = await given.make_appointment(one, slots[0])
    gone = await given.make_appointment(one, slots[1])
    await api.cancel(one, gone)
    own = await given.make_appointment(other, slots[2])
    await api.patch(f"/api/customers/{one.id}/", {"phone": "110"}, who=keeper)
    reply = await _merge(api, admin, one.id, other.id)
    assert reply.status == 200
    assert (reply.json["id"], reply.json["username"]) == (other.id, other.username)
    assert reply.json["phone"] == "110"
    listed = (await api.get("/api/appointments/", who=other)).json
    assert [each["id"] for each in listed] == [first, gone, own]
    history = (await api.get(f"/api/appointments/{gone}/history/", who=other)).json
    assert [change["actor"] for change in history] == [other.username] * 2
    found = await api.get("/api/customers/?q=110", who=keeper)
    assert [each["id"] for each in found.json] == [other.id]


async def test_the_one_is_gone_and_its_tokens_die(
    api: Api, given: Given, admin: Person, keeper: Person
) -> None:
    one = await given.make_person("Mergegone")
    into = await given.make_customer(keeper, "Zoe")
    assert (await _merge(api, admin, one.id, into)).status == 200
    check_problem(await api.get("/api/me/", who=one), 401, "invalid_token")
    check_problem(await api.get(f"/api/customers/{one.id}/", who=admin), 404, "not_found")
    again = {"username": one.username, "password": "correct horse"}
    check_problem(await api.post("/api/login/", again), 401, "wrong_credentials")
    check_problem(await _merge(api, admin, one.id, into), 404, "not_found")


async def test_it_is_done_once_with_a_key(
    api: Api, given: Given, admin: Person, keeper: Person
) -> None:
    one, into = [await given.make_customer(keeper, name) for name in ("One", "Into")]
    key = {"Idempotency-Key": "one-merge"}
    first, second = [await _merge(api, admin, one, into, key) for _ in range(2)]
    assert (first.status, second.status, first.json) == (200, 200, second.json)
    assert second.headers["Idempotency-Replayed"] == "true"


@pytest.mark.usefixtures("unbroken")
async def test_who_books_meanwhile_loses_no_appointment(
    api: Api, given: Given, admin: Person, keeper: Person
) -> None:
    one = await given.make_person("Mergebusy")
    into = await given.make_customer(keeper, "Zoe")
    slots = await given.make_slots(12, provider_id=keeper.session.provider_id)
    await api.book(one, slots[0])
    booked = [api.book(one, slot_id) for slot_id in slots[1:]]
    replies = await asyncio.gather(*booked[:5], _merge(api, admin, one.id, into), *booked[5:])
    statuses = Counter(reply.status for reply in replies)
    assert statuses[200] == 1
    assert statuses.keys() <= {200, 201, 401}
    path = f"/api/appointments/?provider={keeper.session.provider_id}"
    users = [each["user"] for each in (await api.get(path, who=keeper)).json]
    assert users == ["Zoe"] * (1 + statuses[201])


async def test_there_have_to_be_two_customers(
    api: Api, given: Given, admin: Person, keeper: Person
) -> None:
    one = await given.make_customer(keeper, "Zoe")
    no_customer = {"into": ["There is no such customer."]}
    check_invalid(await _merge(api, admin, one, one), {"into": ["Must be another customer."]})
    check_invalid(await _merge(api, admin, one, NEVER), no_customer)
    check_invalid(await _merge(api, admin, one, admin.id), no_customer)
    check_problem(await _merge(api, admin, admin.id, one), 404, "not_found")
    check_problem(await _merge(api, admin, NEVER, one), 404, "not_found")
    reply = await api.post(f"/api/customers/{one}/merge/", {}, who=admin)
    check_invalid(reply, {"into": ["This field is required."]})


async def test_only_an_admin_merges(api: Api, given: Given, keeper: Person, ada: Person) -> None:
    one, into = [await given.make_customer(keeper, name) for name in ("One", "Into")]
    for who in (keeper, ada):
        check_problem(await _merge(api, who, one, into), 403, "permission_denied")
    assert (await api.get(f"/api/customers/{one}/", who=keeper)).status == 200
