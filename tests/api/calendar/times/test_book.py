"""POST /api/appointments/ with a service, and PATCH .../reschedule/ to another time of it."""

import asyncio
from typing import Any

import pytest

from tests.api.calendar.times.scene import HOUR, NINE, QUARTER, Clinic
from tests.api.checks import check_invalid, check_problem
from tests.cast import Api, Given, Person


def rows(database: Any, text: str, *parameters: Any) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute(text, parameters)
        return list(cursor.fetchall())


async def test_it_answers_as_booking_a_slot_does(clinic: Clinic, api: Api, given: Given) -> None:
    visit, zoe = await clinic.open(), await given.make_person(f"zoe{clinic.provider_id}")
    reply = await clinic.book(zoe, visit, notes="Hello")
    assert reply.status == 201
    assert reply.json == {
        "id": reply.json["id"],
        "slot": {
            "id": reply.json["slot"]["id"],
            "start_time": "09:00",
            "end_time": "10:00",
            "provider": "Clinic",
        },
        "user": zoe.username,
        "notes": "Hello",
        "status": "booked",
    }
    listed = await api.get("/api/appointments/", who=zoe)
    assert [one["id"] for one in listed.json] == [reply.json["id"]]
    slot = await api.get(f"/api/slots/{reply.json['slot']['id']}/")
    assert (slot.json["status"], slot.json["service"]) == ("busy", visit)


async def test_one_of_many_at_once_gets_a_time(clinic: Clinic, given: Given) -> None:
    visit = await clinic.open()
    people = [await given.make_person(f"racer{clinic.provider_id}-{n}") for n in range(12)]
    replies = await asyncio.gather(*(clinic.book(one, visit) for one in people))
    assert sorted(one.status for one in replies) == [201] + [409] * 11
    lost = next(one for one in replies if one.status == 409)
    check_problem(lost, 409, "slot_taken", "times")
    assert lost.json["times"][0]["start_time"] == "10:00"


async def test_a_day_takes_as_many_as_it_may(clinic: Clinic, given: Given) -> None:
    visit = await clinic.open(per_day=3, step_minutes=30, duration_minutes=30)
    people = [await given.make_person(f"daily{clinic.provider_id}-{n}") for n in range(10)]
    wishes = [clinic.book(one, visit, NINE + n * 2 * QUARTER) for n, one in enumerate(people)]
    replies = await asyncio.gather(*wishes)
    assert sorted(one.status for one in replies) == [201] * 3 + [422] * 7
    lost = next(one for one in replies if one.status == 422)
    check_problem(lost, 422, "limit_reached", "limit")
    assert lost.json["limit"] == "per_day"


async def test_those_who_take_anybody_get_different_providers(
    clinic: Clinic, given: Given, database: Any
) -> None:
    others = [await given.make_provider() for _ in range(4)]
    visit = await clinic.open(*others)
    people = [await given.make_person(f"any{clinic.provider_id}-{n}") for n in range(6)]
    replies = await asyncio.gather(*(clinic.book(one, visit, provider=None) for one in people))
    assert sorted(one.status for one in replies) == [201] * 5 + [409]
    found = rows(database, "SELECT provider_id FROM slot WHERE service_id = %s", visit)
    assert sorted(one for (one,) in found) == sorted([clinic.provider_id, *others])


async def test_a_group_is_filled_and_let_go_of(clinic: Clinic, api: Api, given: Given) -> None:
    group = await clinic.open(capacity=20)
    people = [await given.make_person(f"group{clinic.provider_id}-{n}") for n in range(21)]
    replies = await asyncio.gather(*(clinic.book(one, group) for one in people))
    assert sorted(one.status for one in replies) == [201] * 20 + [409]
    booked = [(who, one) for who, one in zip(people, replies, strict=True) if one.status == 201]
    assert len({one.json["slot"]["id"] for _, one in booked}) == 1
    await asyncio.gather(*(api.cancel(who, one.json["id"]) for who, one in booked))
    assert (await clinic.times(group)).json[0]["remaining"] == 20
    slot = await api.get(f"/api/slots/{booked[0][1].json['slot']['id']}/")
    check_problem(slot, 404, "not_found")


async def test_a_party_that_is_too_many_hears_how_many_places_are_left(
    clinic: Clinic, api: Api, ada: Person, ben: Person
) -> None:
    group = await clinic.open(capacity=4, party_max=3)
    assert (await clinic.book(ada, group, size=2)).status == 201
    refused = await clinic.book(ben, group, size=3)
    check_problem(refused, 409, "slot_taken", "times", "remaining")
    assert (refused.json["remaining"], refused.json["times"][0]["start_time"]) == (2, "10:00")
    later = (await clinic.book(ben, group, NINE + HOUR, size=3)).json["id"]
    at = {"starts_at": NINE.isoformat()}
    moved = await api.patch(f"/api/appointments/{later}/reschedule/", at, who=ben)
    check_problem(moved, 409, "slot_taken", "times", "remaining")
    assert (await clinic.book(ben, group, size=2)).status == 201
    check_problem(await clinic.book(ben, group), 409, "slot_taken", "times")


async def test_the_same_key_books_once(clinic: Clinic, ada: Person) -> None:
    visit = await clinic.open()
    key = {"Idempotency-Key": "once"}
    first = await clinic.book(ada, visit, headers=key)
    again = await clinic.book(ada, visit, headers=key)
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await clinic.book(ada, visit, NINE + HOUR, headers=key)
    check_problem(other, 422, "idempotency_key_reused")


async def test_a_dry_run_leaves_nothing_behind(
    clinic: Clinic, api: Api, ada: Person, given: Given, database: Any
) -> None:
    visit = await clinic.open()
    key = {"Idempotency-Key": "dry"}
    for _ in range(2):
        reply = await clinic.book(ada, visit, query="?dry_run=true", headers=key)
        assert (reply.status, reply.json) == (
            200,
            {"bookable": True, "provider_id": clinic.provider_id},
        )
    assert rows(database, "SELECT id FROM slot WHERE service_id = %s", visit) == []
    assert rows(database, "SELECT key FROM idempotency WHERE key = 'dry'") == []
    odd = {"Idempotency-Key": "k" * 256}
    reply = await clinic.book(ada, visit, query="?dry_run=true", headers=odd)
    check_invalid(reply, {"Idempotency-Key": ["1 to 255 printable characters."]})
    off = await clinic.book(ada, visit, NINE + QUARTER, query="?dry_run=true")
    check_problem(off, 422, "off_grid")
    slot_id = (await given.make_slots(1))[0]
    tried = await api.post("/api/appointments/?dry_run=true", {"slot": slot_id}, who=ada)
    assert (tried.status, tried.json["bookable"]) == (200, True)
    assert (await api.get(f"/api/slots/{slot_id}/")).json["status"] == "free"


async def test_a_slot_and_a_service_are_two_things(api: Api, ada: Person) -> None:
    at = {"starts_at": NINE.isoformat()}
    reply = await api.post("/api/appointments/", {"service": 1, "slot": 1} | at, who=ada)
    check_invalid(reply, {"slot": ["There is no such name here."]})


async def test_staff_book_for_others_in_their_own_calendar(
    clinic: Clinic, api: Api, given: Given, rival: Person, ada: Person
) -> None:
    visit = await clinic.open()
    customer = await given.make_customer(clinic.keeper, "Zoe")
    mine = await clinic.book(clinic.keeper, visit, customer=customer)
    assert (mine.status, mine.json["user"]) == (201, "Zoe")
    other = await clinic.book(rival, visit, NINE + HOUR, customer=customer)
    check_problem(other, 404, "not_found")
    check_problem(
        await clinic.book(ada, visit, NINE + HOUR, customer=customer), 403, "permission_denied"
    )
    history = await api.get(f"/api/appointments/{mine.json['id']}/history/", who=clinic.keeper)
    assert history.json[0]["actor"] == clinic.keeper.username


async def test_staff_override_by_name_and_reason(clinic: Clinic, ada: Person) -> None:
    visit = await clinic.open()
    at = NINE - 2 * HOUR
    check_problem(await clinic.book(clinic.keeper, visit, at), 422, "closed")
    bare = await clinic.book(clinic.keeper, visit, at, override=["closed"])
    check_invalid(bare, {"reason": ["This field is required with override."]})
    told = {"override": ["closed"], "reason": "a patient in pain"}
    check_problem(await clinic.book(ada, visit, at, **told), 403, "permission_denied")
    assert (await clinic.book(clinic.keeper, visit, at, **told)).status == 201


async def test_it_moves_to_another_time(clinic: Clinic, api: Api, ada: Person) -> None:
    visit = await clinic.open(step_minutes=15)
    booked = await clinic.book(ada, visit)
    path = f"/api/appointments/{booked.json['id']}/reschedule/"
    moved = await api.patch(path, {"starts_at": (NINE + QUARTER).isoformat()}, who=ada)
    assert moved.status == 200
    assert moved.json["old_slot"] == booked.json["slot"]["id"]
    assert (await clinic.starts(visit))[0] == "10:15"
    again = await api.patch(path, {"starts_at": (NINE + QUARTER).isoformat()}, who=ada)
    check_problem(again, 409, "same_slot")
    late = await api.patch(path, {"starts_at": (NINE + 8 * HOUR).isoformat()}, who=ada)
    check_problem(late, 422, "closed")


async def test_moving_to_a_published_slot_gives_the_time_back(
    clinic: Clinic, api: Api, ada: Person, given: Given
) -> None:
    visit = await clinic.open()
    booked = await clinic.book(ada, visit)
    slot_id = (await given.make_slots(1))[0]
    moved = await api.reschedule(ada, booked.json["id"], slot_id)
    assert moved.status == 200
    assert (await clinic.starts(visit))[0] == "09:00"


@pytest.mark.parametrize("turns", range(3))
async def test_moving_and_cancelling_at_once_leave_no_slot_without_an_appointment(
    clinic: Clinic, api: Api, ada: Person, database: Any, turns: int
) -> None:
    visit = await clinic.open()
    for n in range(4):
        booked = (await clinic.book(ada, visit, NINE + n * HOUR)).json["id"]
        at = {"starts_at": (NINE + (n + 1) * HOUR).isoformat()}
        moved, ended = await asyncio.gather(
            api.patch(f"/api/appointments/{booked}/reschedule/", at, who=ada),
            api.cancel(ada, booked),
        )
        assert ended.status == 200
        assert (moved.status, moved.json.get("code")) in ((200, None), (409, "not_active"))
    live = "SELECT id FROM slot WHERE service_id = %s AND deleted_at IS NULL"
    assert rows(database, live, visit) == []
