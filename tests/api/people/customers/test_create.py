"""POST /api/customers/, GET /api/customers/{id}/, and what nobody can do with such an account."""

from typing import Any

import pytest

from tests.api.checks import (
    BEYOND_64_BIT,
    NEVER,
    check_invalid,
    check_needs_login,
    check_problem,
    check_same_as_missing,
)
from tests.cast import PASSWORD, Api, Given, Person

PHONE = "Enter a valid value: A phone number: digits, and + ( ) - . / and spaces between them."
SAID = {
    "name": "Zoë O'Brien",
    "email": "zoe@example.org",
    "phone": "+49 170 1234567",
    "time_zone": "Europe/Berlin",
    "language": "de-CH",
}


async def test_staff_add_somebody(api: Api, keeper: Person, admin: Person) -> None:
    for who, made_by in ((keeper, keeper.session.provider_id), (admin, None)):
        reply = await api.post("/api/customers/", SAID, who=who)
        assert reply.status == 201
        told = {name: reply.json[name] for name in ("id", "created_at")}
        assert reply.json == SAID | told | {"username": None, "made_by": made_by}
        assert reply.headers["Location"] == f"/api/customers/{reply.json['id']}/"
        assert (await api.get(reply.headers["Location"], who=who)).json == reply.json


async def test_a_name_is_enough(api: Api, keeper: Person) -> None:
    for nulls in ({}, dict.fromkeys(("email", "phone", "time_zone", "language"))):
        reply = await api.post("/api/customers/", {"name": " Zoe "} | nulls, who=keeper)
        assert (reply.status, reply.json["name"]) == (201, "Zoe")
        assert {reply.json[name] for name in SAID if name != "name"} == {None}


async def test_somebody_is_added_once_with_a_key(api: Api, keeper: Person) -> None:
    key = {"Idempotency-Key": "one-customer"}
    first, second = [
        await api.post("/api/customers/", SAID, who=keeper, headers=key) for _ in range(2)
    ]
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"


async def test_nobody_logs_in_as_somebody_without_a_password(
    api: Api, given: Given, keeper: Person
) -> None:
    await given.make_customer(keeper, "nologin", email="nologin@example.org")
    unknown = await api.post("/api/login/", {"username": "neverwas", "password": PASSWORD})
    for name in ("nologin", "nologin@example.org"):
        for password in (PASSWORD, "None", ""):
            wrong = {"username": name, "password": password}
            refused = await api.post("/api/login/", wrong)
            check_problem(refused, 401, "wrong_credentials")
            assert refused.json["detail"] == unknown.json["detail"]


async def test_the_name_stays_free_for_whoever_registers(
    api: Api, given: Given, keeper: Person
) -> None:
    await given.make_customer(keeper, "freename")
    new = {"username": "freename", "email": "free@example.org", "password": PASSWORD}
    assert (await api.post("/api/register/", new)).status == 201


async def test_their_name_stands_in_their_appointments(
    api: Api, given: Given, keeper: Person, ada: Person, database: Any
) -> None:
    customer_id = await given.make_customer(keeper, "Zoë O'Brien")
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    appointment_id = await given.make_appointment(ada, slot_id)
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE appointment SET account_id = %s WHERE id = %s", [customer_id, appointment_id]
        )
        cursor.execute(
            "UPDATE appointment_history SET actor_id = %s WHERE appointment_id = %s",
            [customer_id, appointment_id],
        )
    one = await api.get(f"/api/appointments/{appointment_id}/", who=keeper)
    listed = await api.get(f"/api/appointments/?provider={keeper.session.provider_id}", who=keeper)
    history = await api.get(f"/api/appointments/{appointment_id}/history/", who=keeper)
    assert one.json["user"] == listed.json[0]["user"] == history.json[0]["actor"] == "Zoë O'Brien"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"email": "zoe"}, {"email": ["Enter a valid value: An e-mail address."]}),
        ({"phone": "call me"}, {"phone": [PHONE]}),
        ({"time_zone": "Mars/Base"}, {"time_zone": ['"Mars/Base" is not a valid choice.']}),
        (
            {"language": "d"},
            {"language": ["Enter a valid value: A language, such as en or de-CH (BCP 47)."]},
        ),
        (
            {"language": "de_CH"},
            {"language": ["Enter a valid value: A language, such as en or de-CH (BCP 47)."]},
        ),
        ({"username": "zoe"}, {"username": ['There is no such name here. Did you mean "name"?']}),
        ({"password": "x"}, {"password": ["There is no such name here."]}),
        ({"role": "admin"}, {"role": ["There is no such name here."]}),
        (
            {"made_by": 1},
            {"made_by": ["There is no such name here."]},
        ),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, keeper: Person, changes: dict[str, Any], errors: dict[str, Any]
) -> None:
    check_invalid(await api.post("/api/customers/", SAID | changes, who=keeper), errors)


async def test_customers_add_nobody_and_see_nobody(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    path = f"/api/customers/{await given.make_customer(keeper, 'Zoe')}/"
    for reply in (
        await api.post("/api/customers/", SAID, who=ada),
        await api.get("/api/customers/", who=ada),
        await api.get(path, who=ada),
        await api.get(f"/api/customers/{ada.id}/", who=ada),
        await api.patch(path, {"name": "x"}, who=ada),
    ):
        check_problem(reply, 403, "permission_denied")
    check_needs_login(await api.get(path))


async def test_another_providers_customer_is_not_there(
    api: Api, given: Given, keeper: Person, rival: Person
) -> None:
    path = f"/api/customers/{await given.make_customer(keeper, 'Zoe')}/"
    missing = f"/api/customers/{NEVER}/"
    check_same_as_missing(await api.get(path, who=rival), await api.get(missing, who=rival))
    check_same_as_missing(
        await api.patch(path, {"name": "x"}, who=rival),
        await api.patch(missing, {"name": "x"}, who=rival),
    )


async def test_who_had_an_appointment_is_seen_by_its_staff(
    api: Api, given: Given, keeper: Person, rival: Person, stranger: Person
) -> None:
    path = f"/api/customers/{stranger.id}/"
    check_problem(await api.get(path, who=keeper), 404, "not_found")
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    await api.cancel(stranger, await given.make_appointment(stranger, slot_id))
    seen = await api.get(path, who=keeper)
    assert (seen.json["username"], seen.json["made_by"]) == (stranger.username, None)
    check_problem(await api.get(path, who=rival), 404, "not_found")


@pytest.mark.parametrize("customer_id", [0, NEVER, BEYOND_64_BIT])
async def test_it_handles_a_missing_one(api: Api, admin: Person, customer_id: int) -> None:
    check_problem(await api.get(f"/api/customers/{customer_id}/", who=admin), 404, "not_found")


async def test_staff_are_no_customers(api: Api, keeper: Person, admin: Person) -> None:
    for who in (keeper, admin):
        reply = await api.get(f"/api/customers/{who.id}/", who=admin)
        check_problem(reply, 404, "not_found")
