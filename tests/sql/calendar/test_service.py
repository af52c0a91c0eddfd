"""sql/queries/calendar/service.sql"""

import json
from decimal import Decimal
from typing import Any

from tests.sql.desk import Desk


def _body(desk: Desk, service_id: int) -> Any:
    [row] = desk.run("service_get", service_id=service_id)
    return json.loads(row.body)


def served(desk: Desk, service_id: int) -> dict[int, Decimal]:
    """How much each provider has served."""
    desk.cursor.execute(
        "SELECT provider_id, served FROM service_provider WHERE service_id = %s", [service_id]
    )
    return dict(desk.cursor.fetchall())


def test_service_create_keeps_every_column(desk: Desk) -> None:
    terms = {
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
        "approval_minutes": 8,
        "hold_seconds": 9,
        "offer_minutes": 10,
        "notice_minutes": 6,
    }
    service_id = desk.service(**terms)
    expected = {"id": service_id, **terms, "providers": [], "needs": {}, "version": 1}
    assert _body(desk, service_id) == expected
    assert list(_body(desk, service_id)) == list(expected)


def test_service_change_sets_every_column_and_makes_a_version(desk: Desk) -> None:
    service_id, other = desk.service(), desk.service()
    terms = {
        name: 7
        for name in _body(desk, other)
        if name.endswith(("minutes", "seconds", "days", "day"))
    }
    terms |= {"per_customer_open": 7, "capacity": 7, "party_max": 7, "name": "7", "description": ""}
    desk.send("service_change", service_id=service_id, **terms)
    after = _body(desk, service_id)
    assert after == {"id": service_id, **terms, "providers": [], "needs": {}, "version": 2}
    assert _body(desk, other)["version"] == 1


def test_service_get_shows_who_offers_it_and_what_it_needs(desk: Desk) -> None:
    one, other, *rooms = (desk.provider() for _ in range(5))
    service_id = desk.service(other, one, needs={"room": [rooms[1], rooms[0]], "a b": [rooms[2]]})
    body = _body(desk, service_id)
    offers = [{"provider": one, "weight": 100}, {"provider": other, "weight": 100}]
    assert body["providers"] == offers
    assert body["needs"] == {"a b": [rooms[2]], "room": rooms[:2]}
    assert desk.run("service_get", service_id=0) == []


def test_service_list_goes_page_by_page_and_leaves_out_what_is_retired(desk: Desk) -> None:
    one, other = desk.provider(), desk.provider()
    made = [desk.service(one), desk.service(other), desk.service(one, other), desk.service(one)]
    desk.send("service_retire", service_id=made[3])

    def page(after: int, limit: int = 2, *provider_ids: int) -> tuple[list[int], Any, bool]:
        asked = {"after_id": after, "limit": limit, "provider_ids": list(provider_ids)}
        [row] = desk.run("service_list", **asked)
        return [each["id"] for each in json.loads(row.body)], row.last_id, row.more

    assert page(made[0] - 1) == (made[:2], made[1], True)
    assert page(made[1]) == ([made[2]], made[2], False)
    assert page(made[0] - 1, 2, one) == ([made[0], made[2]], made[2], False)
    assert page(made[0] - 1, 1, one) == ([made[0]], made[0], True)
    assert page(made[0] - 1, 3, one, other) == (made[:3], made[2], False)
    assert page(made[3]) == ([], None, False)


def test_service_retire_makes_a_version_that_is_not_there(desk: Desk) -> None:
    service_id = desk.service()
    desk.send("service_retire", service_id=service_id)
    assert desk.run("service_get", service_id=service_id) == []
    [row] = desk.run("service_lock", service_id=service_id)
    assert (row.version, row.retired) == (2, True)


def test_service_lock_shows_what_it_is(desk: Desk) -> None:
    service_id = desk.service(desk.provider())
    [row] = desk.run("service_lock", service_id=service_id)
    assert json.loads(row.body) == _body(desk, service_id)
    assert (row.version, row.retired) == (1, False)
    assert desk.run("service_lock", service_id=0) == []


def test_service_lock_providers_tells_those_there_are_that_their_times_change(desk: Desk) -> None:
    one, other, third = desk.provider(), desk.provider(), desk.provider()
    found = desk.run("service_lock_providers", provider_id=[other, 0, one])
    assert found == [(one,), (other,)]
    versions = [
        desk.one("SELECT calendar_version FROM provider WHERE id = %s", each)
        for each in (one, other, third)
    ]
    assert versions == [2, 2, 1]


def test_service_staff_takes_the_place_of_what_was(desk: Desk) -> None:
    one, other, room, laser = (desk.provider() for _ in range(4))
    service_id = desk.service(one, needs={"room": [room]})
    desk.staff(service_id, other, device=[laser])
    body = _body(desk, service_id)
    assert [offer["provider"] for offer in body["providers"]] == [other]
    assert body["needs"] == {"device": [laser]}


def test_service_staff_lifts_who_joins_or_comes_back_to_the_least_of_the_others(
    desk: Desk,
) -> None:
    first, second, third = (desk.provider() for _ in range(3))
    service_id = desk.service(first, second)
    for each, count in ((first, 7), (second, 5)):
        desk.cursor.execute(
            "UPDATE service_provider SET served = %s WHERE provider_id = %s", [count, each]
        )
    desk.staff(service_id, first, second, third)
    assert served(desk, service_id) == {first: 7, second: 5, third: 5}
    desk.staff(service_id, first, third)
    desk.staff(service_id, first, second, third)
    assert served(desk, service_id) == {first: 7, second: 5, third: 5}
    desk.staff(service_id, first)
    desk.staff(service_id, first, second)
    assert served(desk, service_id) == {first: 7, second: 7}


def test_service_keep_keeps_the_document_of_each_version(desk: Desk) -> None:
    service_id = desk.service(desk.provider())
    desk.send("service_retire", service_id=service_id)
    [row] = desk.run("service_keep", service_id=service_id, actor_id=7)
    desk.cursor.execute(
        "SELECT version, document, actor_id FROM service_version WHERE service_id = %s"
        " ORDER BY version",
        [service_id],
    )
    document = json.loads(row.body)
    kept = desk.cursor.fetchall()
    assert kept == [(1, document | {"version": 1}, 0), (2, document, 7)]
    assert row.version == document["version"] == 2
