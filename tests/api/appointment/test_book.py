"""POST /api/appointments/"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.checks import (
    BEYOND_64_BIT,
    FULL_SLOT,
    NEVER,
    check_invalid,
    check_needs_login,
    check_problem,
)
from tests.api.conftest import Served
from tests.cast import Api, Given, Person

INTEGER = ["A valid integer is required."]
TEXT = ["Not a valid string."]
PAST = datetime(2020, 1, 1, tzinfo=UTC)


async def test_it_works(api: Api, given: Given, ada: Person) -> None:
    slot_id = (await given.make_slots(1))[0]
    reply = await api.book(ada, slot_id, "Initial consultation")
    assert reply.status == 201
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json == {
        "id": reply.json["id"],
        "slot": {"id": slot_id, "start_time": "10:00", "end_time": "10:30", "provider": "Clinic"},
        "user": "ada",
        "notes": "Initial consultation",
        "status": "booked",
    }
    assert type(reply.json["id"]) is int
    assert (await api.get(f"/api/slots/{slot_id}/")).json["status"] == "busy"


async def test_times_are_on_the_providers_wall_clock(api: Api, given: Given, ada: Person) -> None:
    provider_id = await given.make_provider("Dr Moreau", "America/New_York")
    summer = datetime(2031, 7, 1, 2, 30, tzinfo=UTC)
    (slot_id,) = await given.make_slots(1, provider_id=provider_id, starts_at=summer)
    slot = (await api.book(ada, slot_id)).json["slot"]
    assert (slot["start_time"], slot["end_time"]) == ("22:30", "23:00")


@pytest.mark.parametrize(
    "notes", ["", 4000 * "x", "two\nlines\t", "naïve 🩺 " + 1000 * "漢", '"<b>\\', "'; DROP TABLE"]
)
async def test_notes_come_back_as_they_were_sent(
    api: Api, given: Given, ada: Person, notes: str
) -> None:
    (slot_id,) = await given.make_slots(1)
    reply = await api.book(ada, slot_id, notes)
    assert (reply.status, reply.json["notes"]) == (201, notes)
    kept = await api.get(f"/api/appointments/{reply.json['id']}/", who=ada)
    assert kept.json["notes"] == notes


async def test_notes_may_be_left_out(api: Api, given: Given, ada: Person) -> None:
    (slot_id,) = await given.make_slots(1)
    reply = await api.post("/api/appointments/", {"slot": slot_id}, who=ada)
    assert (reply.status, reply.json["notes"]) == (201, "")


async def test_it_refuses_a_taken_slot_and_offers_others(
    api: Api, given: Given, ada: Person, ben: Person
) -> None:
    first, *others = await given.make_slots(6)
    assert (await api.book(ada, first)).status == 201
    assert (await api.book(ada, others[1])).status == 201
    reply = await api.book(ben, first)
    check_problem(reply, 409, "slot_taken", "alternatives")
    assert [one["id"] for one in reply.json["alternatives"]] == [others[0], *others[2:4]]
    assert all(set(one) == FULL_SLOT for one in reply.json["alternatives"])
    again = await api.book(ada, first)
    check_problem(again, 409, "slot_taken", "alternatives")


async def test_alternatives_are_of_the_same_provider_and_still_to_come(
    api: Api, given: Given, keeper: Person, ada: Person
) -> None:
    own = {"provider_id": keeper.session.provider_id}
    await given.make_slots(1, starts_at=PAST, **own)
    sooner, wanted, closed = await given.make_slots(3, **own)
    await given.make_slots(3)
    await api.patch(f"/api/slots/{closed}/", {"status": "busy-unavailable"}, who=keeper)
    await given.make_appointment(ada, wanted)
    reply = await api.book(ada, wanted)
    check_problem(reply, 409, "slot_taken", "alternatives")
    assert reply.json["alternatives"] == []
    assert (await api.get(f"/api/slots/{sooner}/")).json["status"] == "free"


async def test_a_slot_takes_as_many_as_it_has_places(
    api: Api, given: Given, ada: Person, ben: Person, stranger: Person, unbroken: None
) -> None:
    (slot_id,) = await given.make_slots(1, capacity=2)
    people = [ada, ben, stranger]
    replies = await asyncio.gather(*(api.book(who, slot_id) for who in people))
    assert sorted(reply.status for reply in replies) == [201, 201, 409]


async def test_what_has_begun_is_not_booked(api: Api, given: Given, ada: Person) -> None:
    now = datetime.now(UTC)
    for starts_at in (PAST, now - timedelta(minutes=1), now - timedelta(seconds=1)):
        (slot_id,) = await given.make_slots(1, starts_at=starts_at)
        check_problem(await api.book(ada, slot_id), 422, "slot_in_past")


async def test_nobody_has_more_than_the_limit(
    served: Served, given: Given, stranger: Person
) -> None:
    slots, other = await given.make_slots(5), await given.make_person("unlimited")
    async with served(max_open_appointments=2) as api:
        replies = await asyncio.gather(*(api.book(stranger, one) for one in slots[:4]))
        assert sorted(reply.status for reply in replies) == [201, 201, 422, 422]
        check_problem(await api.book(stranger, slots[4]), 422, "limit_reached")
        assert (await api.book(other, slots[4])).status == 201
        booked = next(reply.json["id"] for reply in replies if reply.status == 201)
        await api.cancel(stranger, booked)
        free = next(
            one for one, reply in zip(slots[:4], replies, strict=True) if reply.status == 422
        )
        assert (await api.book(stranger, free)).status == 201


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"slot": ["This field is required."]}),
        ({"slot": None}, {"slot": ["This field may not be null."]}),
        ({"slot": "5"}, {"slot": INTEGER}),
        ({"slot": True}, {"slot": INTEGER}),
        ({"slot": 5.5}, {"slot": INTEGER}),
        ({"slot": [5]}, {"slot": INTEGER}),
        ({"slot": {"id": 5}}, {"slot": INTEGER}),
        ({"slot": BEYOND_64_BIT}, {"slot": INTEGER}),
        ({"slot": -BEYOND_64_BIT - 1}, {"slot": INTEGER}),
        ({"slot": 10**400}, {"slot": INTEGER}),
        ({"slot": 1, "notes": 5}, {"notes": TEXT}),
        (
            {"slot": 1, "notes": 4001 * "x"},
            {"notes": ["Ensure this field has no more than 4000 characters."]},
        ),
        ({"slot": "x", "notes": []}, {"slot": INTEGER, "notes": TEXT}),
    ],
)
async def test_it_rejects_bad_input(
    api: Api, ada: Person, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    check_invalid(await api.post("/api/appointments/", body, who=ada), errors)


async def test_nothing_else_can_be_set(
    served: Served, given: Given, ada: Person, ben: Person
) -> None:
    async with served(unknown_fields="ignore") as api:
        (slot_id,) = await given.make_slots(1)
        powers = {"id": NEVER, "status": "fulfilled", "user": "ben", "account_id": ben.id}
        more = {"version": 9, "place": 2, "created_at": "2000-01-01T00:00:00Z", "provider": 1}
        body = {"slot": slot_id} | powers | more
        reply = await api.post(f"/api/appointments/?user={ben.id}", body, who=ada)
        assert reply.status == 201
        assert (reply.json["user"], reply.json["status"]) == ("ada", "booked")
        assert reply.json["id"] != NEVER
        assert reply.headers["ETag"] == '"1"'


@pytest.mark.parametrize("slot_id", [0, -1, NEVER, BEYOND_64_BIT - 1, -BEYOND_64_BIT + 1])
async def test_it_handles_a_missing_slot(api: Api, ada: Person, slot_id: int) -> None:
    check_problem(await api.book(ada, slot_id), 404, "not_found")


async def test_it_needs_a_login(api: Api, given: Given) -> None:
    (slot_id,) = await given.make_slots(1)
    check_needs_login(await api.post("/api/appointments/", {"slot": slot_id}))
    assert (await api.get(f"/api/slots/{slot_id}/")).json["status"] == "free"


async def test_notes_of_null_are_none(api: Api, given: Given, ada: Person) -> None:
    [slot_id] = await given.make_slots(1)
    reply = await api.post("/api/appointments/", {"slot": slot_id, "notes": None}, who=ada)
    assert (reply.status, reply.json["notes"]) == (201, "")


async def test_what_was_not_found_is_named(api: Api, given: Given, ada: Person) -> None:
    [slot_id] = await given.make_slots(1)
    appointment_id = await given.make_appointment(ada, slot_id)
    replies = {
        "There is no such slot.": [
            await api.book(ada, NEVER),
            await api.reschedule(ada, appointment_id, NEVER),
            await api.get(f"/api/slots/{NEVER}/"),
        ],
        "There is no such appointment.": [
            await api.reschedule(ada, NEVER, slot_id),
            await api.cancel(ada, NEVER),
            await api.get(f"/api/appointments/{NEVER}/", who=ada),
            await api.get(f"/api/appointments/{NEVER}/history/", who=ada),
        ],
        "There is no such provider.": [await api.get(f"/api/providers/{NEVER}/")],
        "There is no such token.": [await api.delete(f"/api/tokens/{NEVER}/", who=ada)],
        "Not found.": [await api.get("/api/appointment/", who=ada)],
    }
    for detail, missing in replies.items():
        for reply in missing:
            check_problem(reply, 404, "not_found")
            assert reply.json["detail"] == detail
