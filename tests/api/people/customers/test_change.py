"""PATCH /api/customers/{id}/"""

from typing import Any

import pytest

from tests.api.checks import NEVER, check_invalid, check_problem
from tests.cast import Api, Given, Person

SAID = {
    "email": "zoe@example.org",
    "phone": "+49 170 1234567",
    "time_zone": "Europe/Berlin",
    "language": "de",
}


async def test_it_changes_what_is_given_and_nothing_else(
    api: Api, given: Given, keeper: Person
) -> None:
    path = f"/api/customers/{await given.make_customer(keeper, 'Zoe', **SAID)}/"
    before = (await api.get(path, who=keeper)).json
    for changes in ({"name": "Zoë"}, {"phone": "110", "language": "en"}, {"time_zone": "UTC"}, {}):
        reply = await api.patch(path, changes, who=keeper)
        before |= changes
        assert (reply.status, reply.json) == (200, before)
    assert (await api.get(path, who=keeper)).json == before


async def test_null_takes_it_away_but_for_the_name(api: Api, given: Given, keeper: Person) -> None:
    path = f"/api/customers/{await given.make_customer(keeper, 'Zoe', **SAID)}/"
    before = (await api.get(path, who=keeper)).json
    reply = await api.patch(path, dict.fromkeys((*SAID, "name")), who=keeper)
    assert reply.json == before | dict.fromkeys(SAID)


async def test_staff_change_no_address_that_somebody_logs_in_with(
    api: Api, given: Given, keeper: Person, admin: Person, stranger: Person
) -> None:
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    await given.make_appointment(stranger, slot_id)
    path = f"/api/customers/{stranger.id}/"
    before = (await api.get(path, who=keeper)).json
    for who in (keeper, admin):
        for email in ("mine@example.org", None):
            check_problem(
                await api.patch(path, {"email": email}, who=who), 403, "permission_denied"
            )
    kept = await api.patch(path, {"email": before["email"], "phone": "112"}, who=keeper)
    assert kept.json == before | {"phone": "112"}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": " "}, {"name": ["This field may not be blank."]}),
        ({"email": "zoe"}, {"email": ["Enter a valid value: An e-mail address."]}),
        ({"time_zone": "x"}, {"time_zone": ['"x" is not a valid choice.']}),
        ({"made_by": 1}, {"made_by": ["There is no such name here."]}),
        ({"provider_id": 1}, {"provider_id": ["There is no such name here."]}),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, given: Given, keeper: Person, changes: dict[str, Any], errors: dict[str, Any]
) -> None:
    path = f"/api/customers/{await given.make_customer(keeper, 'Zoe')}/"
    check_invalid(await api.patch(path, changes, who=keeper), errors)


async def test_it_handles_a_missing_one(api: Api, admin: Person) -> None:
    reply = await api.patch(f"/api/customers/{NEVER}/", {"name": "x"}, who=admin)
    check_problem(reply, 404, "not_found")
