"""POST /api/services/"""

from typing import Any

import pytest

from tests.api.checks import NEVER, check_invalid, check_needs_login, check_problem
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply

REQUIRED = ["This field is required."]
INTEGER = ["A valid integer is required."]
AT_LEAST_1 = ["Ensure this value is greater than or equal to 1."]
USUAL = {
    "description": "",
    "step_minutes": 30,
    "buffer_before_minutes": 0,
    "buffer_after_minutes": 0,
    "lead_minutes": 0,
    "horizon_days": 90,
    "per_day": None,
    "per_customer_day": None,
    "per_customer_open": None,
    "capacity": 1,
    "party_max": 1,
    "approval_minutes": None,
    "hold_seconds": None,
    "offer_minutes": None,
    "notice_minutes": None,
    "needs": {},
}


async def _create(api: Api, who: Person | None, provider_id: int, **changes: Any) -> Reply:
    offers = [{"provider": provider_id}]
    new = {"name": "Consultation", "duration_minutes": 30, "providers": offers} | changes
    return await api.post("/api/services/", new, who=who)


async def test_it_creates(api: Api, given: Given, admin: Person) -> None:
    provider_id = await given.make_provider()
    reply = await _create(api, admin, provider_id)
    assert reply.status == 201
    assert reply.json == {
        "id": reply.json["id"],
        "name": "Consultation",
        "duration_minutes": 30,
        "providers": [{"provider": provider_id, "weight": 100}],
        "version": 1,
        **USUAL,
    }
    assert reply.headers["Location"] == f"/api/services/{reply.json['id']}/"
    found = await api.get(reply.headers["Location"])
    assert (found.json, found.headers["ETag"]) == (reply.json, reply.headers["ETag"])


async def test_it_keeps_everything_it_is_given(api: Api, given: Given, admin: Person) -> None:
    one, other, *rooms = [await given.make_provider() for _ in range(4)]
    given_terms = {
        "name": "Massage",
        "description": "Warm hands",
        "duration_minutes": 45,
        "step_minutes": 15,
        "buffer_before_minutes": 5,
        "buffer_after_minutes": 10,
        "lead_minutes": 60,
        "horizon_days": 30,
        "per_day": 1,
        "per_customer_day": 2,
        "per_customer_open": 3,
        "capacity": 5,
        "party_max": 4,
        "approval_minutes": 60,
        "hold_seconds": 300,
        "offer_minutes": 30,
        "notice_minutes": 0,
        "providers": [{"provider": one, "weight": 200}, {"provider": other, "weight": 1}],
        "needs": {"room": rooms},
    }
    reply = await _create(api, admin, one, **given_terms)
    assert reply.json == {"id": reply.json["id"], "version": 1, **given_terms}


async def test_null_is_as_good_as_nothing(api: Api, given: Given, admin: Person) -> None:
    provider_id = await given.make_provider()
    offers = [{"provider": provider_id, "weight": None}]
    nulls = {"providers": offers} | dict.fromkeys(USUAL)
    reply = await _create(api, admin, provider_id, **nulls)
    assert reply.status == 201, reply.json
    assert reply.json.items() >= USUAL.items()
    assert reply.json["providers"] == [{"provider": provider_id, "weight": 100}]


async def test_it_is_created_once_with_a_key(api: Api, given: Given, admin: Person) -> None:
    new = {
        "name": "Once",
        "duration_minutes": 5,
        "providers": [{"provider": await given.make_provider()}],
    }
    key = {"Idempotency-Key": "one-service"}
    first, second = [
        await api.post("/api/services/", new, who=admin, headers=key) for _ in range(2)
    ]
    assert (first.status, first.json) == (second.status, second.json)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]


async def test_only_an_admin_creates(api: Api, ada: Person, keeper: Person) -> None:
    own = keeper.session.provider_id
    for who in (ada, keeper):
        check_problem(await _create(api, who, own), 403, "permission_denied")
    check_needs_login(await _create(api, None, own))


async def test_it_names_every_missing_field(api: Api, admin: Person) -> None:
    reply = await api.post("/api/services/", {}, who=admin)
    check_invalid(reply, dict.fromkeys(("name", "duration_minutes", "providers"), REQUIRED))


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": " "}, {"name": ["This field may not be blank."]}),
        ({"duration_minutes": 0}, {"duration_minutes": AT_LEAST_1}),
        (
            {"duration_minutes": 1441},
            {"duration_minutes": ["Ensure this value is less than or equal to 1440."]},
        ),
        ({"step_minutes": 0}, {"step_minutes": AT_LEAST_1}),
        ({"step_minutes": "15"}, {"step_minutes": INTEGER}),
        (
            {"horizon_days": 731},
            {"horizon_days": ["Ensure this value is less than or equal to 730."]},
        ),
        ({"party_max": 2}, {"party_max": ["Must not be greater than capacity."]}),
        ({"served": 5}, {"served": ["There is no such name here."]}),
        ({"providers": {}}, {"providers": ["Not a valid value."]}),
        ({"providers": [7]}, {"providers.0": ["A JSON object was expected."]}),
        (
            {"providers": [{"provider": 1}, {"provider": "1", "wait": 1}]},
            {
                "providers.1.provider": INTEGER,
                "providers.1.wait": ['There is no such name here. Did you mean "weight"?'],
            },
        ),
        (
            {"providers": [{"weight": 0}], "name": 5},
            {
                "name": ["Not a valid string."],
                "providers.0.provider": REQUIRED,
                "providers.0.weight": AT_LEAST_1,
            },
        ),
        ({"needs": {"room": []}}, {"needs": ["Each role needs somebody who can take it."]}),
        ({"needs": {"": [1]}}, {"needs": ["This field may not be blank."]}),
        (
            {"needs": {51 * "x": [1]}},
            {"needs": ["Ensure this field has no more than 50 characters."]},
        ),
        (
            {"needs": {"room": [NEVER + n for n in range(501)]}},
            {"needs": ["Ensure there are no more than 500."]},
        ),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, given: Given, admin: Person, changes: dict[str, Any], errors: dict[str, Any]
) -> None:
    check_invalid(await _create(api, admin, await given.make_provider(), **changes), errors)


@pytest.mark.parametrize("needs", [[], {"room": 21}, {"room": ["21"]}, "room"])
async def test_needs_are_lists_of_ids_by_role(api: Api, admin: Person, needs: Any) -> None:
    reply = await _create(api, admin, 1, needs=needs)
    check_problem(reply, 400, "invalid", "errors")
    assert "what it needs beside a provider" in reply.json["errors"]["needs"][0]


async def test_nobody_is_named_twice(api: Api, given: Given, admin: Person) -> None:
    one, other = await given.make_provider(), await given.make_provider()
    twice = [{"provider": one}, {"provider": one}]
    reply = await _create(api, admin, one, providers=twice)
    check_invalid(reply, {"providers": [f"Provider {one} is named twice."]})
    for needs, who in (({"room": [other, one]}, one), ({"a": [other], "b": [other]}, other)):
        reply = await _create(api, admin, one, needs=needs)
        check_invalid(reply, {"needs": [f"Provider {who} is named twice."]})


async def test_a_provider_that_there_is_none_of_is_named(
    api: Api, given: Given, admin: Person
) -> None:
    one = await given.make_provider()
    before = (await api.get(f"/api/services/?provider={one}")).json
    offers = [{"provider": one}, {"provider": NEVER}]
    reply = await _create(api, admin, one, providers=offers, needs={"room": [NEVER + 1]})
    check_invalid(
        reply,
        {
            "providers": [f"There is no provider {NEVER}."],
            "needs": [f"There is no provider {NEVER + 1}."],
        },
    )
    assert (await api.get(f"/api/services/?provider={one}")).json == before


async def test_old_clients_may_say_what_there_is_not(
    served: Served, given: Given, admin: Person
) -> None:
    one = await given.make_provider()
    async with served(unknown_fields="ignore") as api:
        reply = await _create(api, admin, one, colour="red", providers=[{"provider": one, "x": 1}])
    assert reply.status == 201
    assert reply.json["providers"] == [{"provider": one, "weight": 100}]
