"""Services with approval_minutes, and POST /api/appointments/{id}/approve/ and /decline/"""

import asyncio
from typing import Any

import pytest

from tests.api.appointment.holds.scene import Clock, confirm, hold_slot, hold_time
from tests.api.calendar.times.scene import HOUR, NINE, Clinic
from tests.api.checks import NEVER, check_problem, check_same_as_missing
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply


async def say(api: Api, who: Person, appointment_id: int, word: str, **options: Any) -> Reply:
    path = f"/api/appointments/{appointment_id}/{word}/"
    return await api.post(path, options.pop("body", None), who=who, **options)


async def shown(api: Api, who: Person, appointment_id: int) -> str:
    reply = await api.get(f"/api/appointments/{appointment_id}/", who=who)
    found: str = reply.json["status"]
    return found


async def history(api: Api, who: Person, appointment_id: int) -> list[tuple[str, str, str]]:
    reply = await api.get(f"/api/appointments/{appointment_id}/history/", who=who)
    return [(one["action"], one["actor"], one["to_status"]) for one in reply.json]


async def test_it_is_asked_for_and_approved(
    clinic: Clinic, api: Api, stranger: Person, ben: Person, unbroken: None
) -> None:
    visit = await clinic.open(approval_minutes=60)
    asked = await clinic.book(stranger, visit)
    assert (asked.status, asked.json["status"]) == (201, "pending")
    assert set(asked.json) == {"id", "slot", "user", "notes", "status"}
    slot = await api.get(f"/api/slots/{asked.json['slot']['id']}/")
    assert slot.json["status"] == "busy-tentative"
    check_problem(await clinic.book(ben, visit), 409, "slot_taken", "times")
    listed = await api.get("/api/appointments/?status=pending", who=stranger)
    assert [one["id"] for one in listed.json] == [asked.json["id"]]
    for _ in range(2):
        reply = await say(api, clinic.keeper, asked.json["id"], "approve")
        assert (reply.status, reply.json) == (
            200,
            {
                "message": "Appointment approved successfully",
                "appointment_id": asked.json["id"],
                "slot": asked.json["slot"]["id"],
            },
        )
        assert reply.headers["ETag"] == '"2"'
    assert await shown(api, stranger, asked.json["id"]) == "booked"
    slot = await api.get(f"/api/slots/{asked.json['slot']['id']}/")
    assert slot.json["status"] == "busy"
    assert await history(api, stranger, asked.json["id"]) == [
        ("request", stranger.username, "pending"),
        ("approve", "staff", "booked"),
    ]
    check_problem(await say(api, clinic.keeper, asked.json["id"], "decline"), 409, "not_pending")


async def test_it_is_declined_and_free_again(
    clinic: Clinic, api: Api, stranger: Person, ben: Person, unbroken: None
) -> None:
    visit = await clinic.open(approval_minutes=60)
    asked = (await clinic.book(stranger, visit)).json["id"]
    for _ in range(2):
        reply = await say(api, clinic.keeper, asked, "decline", body={"reason": "Fully booked"})
        assert (reply.status, reply.json["message"]) == (200, "Appointment declined successfully")
    assert await shown(api, stranger, asked) == "declined"
    told = await api.get(f"/api/appointments/{asked}/history/", who=stranger)
    assert told.json[-1]["reason"] == "Fully booked"
    assert (await clinic.starts(visit))[0] == "09:00"
    again = await clinic.book(ben, visit)
    assert (again.status, again.json["status"]) == (201, "pending")
    mine = f"/api/appointments/?provider={clinic.provider_id}"
    listed = await api.get(mine, who=clinic.keeper)
    assert [one["status"] for one in listed.json] == ["declined", "pending"]
    listed = await api.get(f"{mine}&status=declined", who=clinic.keeper)
    assert [one["id"] for one in listed.json] == [asked]


async def test_of_two_who_ask_for_one_time_one_does(
    clinic: Clinic, given: Given, unbroken: None
) -> None:
    visit = await clinic.open(approval_minutes=60)
    people = [await given.make_person(f"asker{visit}-{n}") for n in range(2)]
    replies = await asyncio.gather(*(clinic.book(one, visit) for one in people))
    assert sorted(one.status for one in replies) == [201, 409]


async def test_the_deadline_declines_and_frees(
    clinic: Clinic, api: Api, stranger: Person, ben: Person, clock: Clock, unbroken: None
) -> None:
    visit = await clinic.open(approval_minutes=60)
    asked = await clinic.book(stranger, visit)
    asked_id = asked.json["id"]
    path = f"/api/appointments/{asked_id}/"
    tagged = {"If-None-Match": asked.headers["ETag"]}
    assert (await api.get(path, who=stranger, headers=tagged)).status == 304
    await clock.run_out(asked_id)
    fresh = await api.get(path, who=stranger, headers=tagged)
    assert (fresh.status, fresh.json["status"]) == (200, "declined")
    assert fresh.headers["ETag"] == '"2"'
    listed = await api.get("/api/appointments/?status=declined", who=stranger)
    assert [one["id"] for one in listed.json] == [asked_id]
    mine = f"/api/appointments/?provider={clinic.provider_id}&status=declined"
    assert [one["id"] for one in (await api.get(mine, who=clinic.keeper)).json] == [asked_id]
    assert (await clinic.starts(visit))[0] == "09:00"
    check_problem(await say(api, clinic.keeper, asked_id, "approve"), 409, "not_pending")
    assert (await say(api, clinic.keeper, asked_id, "decline")).status == 200
    check_problem(await api.cancel(stranger, asked_id), 409, "not_active")
    assert (await clinic.book(ben, visit)).status == 201
    check_problem(await say(api, clinic.keeper, asked_id, "approve"), 409, "not_pending")
    assert await history(api, clinic.keeper, asked_id) == [
        ("request", stranger.username, "pending"),
        ("expire", "system", "declined"),
    ]


async def test_who_asked_can_cancel(
    clinic: Clinic, api: Api, stranger: Person, unbroken: None
) -> None:
    visit = await clinic.open(approval_minutes=60)
    asked = (await clinic.book(stranger, visit)).json["id"]
    for _ in range(2):
        assert (await api.cancel(stranger, asked)).status == 200
    assert await shown(api, stranger, asked) == "cancelled"
    assert (await clinic.starts(visit))[0] == "09:00"
    check_problem(await say(api, clinic.keeper, asked, "approve"), 409, "not_pending")


@pytest.mark.parametrize("turn", range(3))
async def test_approving_and_cancelling_at_once_come_to_one_end(
    clinic: Clinic, api: Api, stranger: Person, unbroken: None, turn: int
) -> None:
    visit = await clinic.open(approval_minutes=60)
    for n in range(3):
        asked = (await clinic.book(stranger, visit, NINE + n * HOUR)).json["id"]
        approved, cancelled = await asyncio.gather(
            say(api, clinic.keeper, asked, "approve"), api.cancel(stranger, asked)
        )
        assert cancelled.status == 200
        assert (approved.status, approved.json.get("code")) in ((200, None), (409, "not_pending"))
        assert await shown(api, stranger, asked) == "cancelled"


async def test_only_its_staff_approve(
    clinic: Clinic, api: Api, stranger: Person, rival: Person, ben: Person
) -> None:
    visit = await clinic.open(approval_minutes=60)
    asked = (await clinic.book(stranger, visit)).json["id"]
    for word in ("approve", "decline"):
        check_problem(await say(api, stranger, asked, word), 403, "permission_denied")
        check_same_as_missing(
            await say(api, rival, asked, word), await say(api, rival, NEVER, word)
        )
        stale = await say(api, clinic.keeper, asked, word, headers={"If-Match": '"9"'})
        check_problem(stale, 412, "precondition_failed")
    (plain,) = await clinic.given.make_slots(1, provider_id=clinic.provider_id)
    booked = await clinic.given.make_appointment(ben, plain)
    check_problem(await say(api, clinic.keeper, booked, "approve"), 409, "not_pending")


async def test_staff_book_it_at_once(clinic: Clinic, ada: Person) -> None:
    visit = await clinic.open(approval_minutes=60)
    await clinic.book(ada, visit, NINE + HOUR)
    booked = await clinic.book(clinic.keeper, visit, customer=ada.id)
    assert (booked.status, booked.json["status"]) == (201, "booked")


async def test_it_can_not_be_had_by_its_slot(
    clinic: Clinic, api: Api, given: Given, stranger: Person, unbroken: None
) -> None:
    visit = await clinic.open(approval_minutes=60)
    wanted = {
        "provider": clinic.provider_id,
        "starts_at": NINE.isoformat(),
        "ends_at": (NINE + HOUR).isoformat(),
        "service": visit,
    }
    published = await api.post("/api/slots/", wanted, who=clinic.keeper)
    slot_id = published.json["id"]
    check_problem(await api.book(stranger, slot_id), 422, "approval_needed")
    check_problem(await hold_slot(api, stranger, slot_id), 422, "approval_needed")
    (plain,) = await given.make_slots(1)
    booked = await given.make_appointment(stranger, plain)
    check_problem(await api.reschedule(stranger, booked, slot_id), 422, "approval_needed")
    asked = await clinic.book(stranger, visit)
    assert (asked.status, asked.json["status"]) == (201, "pending")
    assert asked.json["slot"]["id"] == slot_id


async def test_what_waits_is_not_moved(
    clinic: Clinic, api: Api, stranger: Person, given: Given
) -> None:
    visit = await clinic.open(approval_minutes=60)
    asked = (await clinic.book(stranger, visit)).json["id"]
    path = f"/api/appointments/{asked}/reschedule/"
    later = {"starts_at": (NINE + HOUR).isoformat()}
    (plain,) = await given.make_slots(1)
    for wanted in (later, {"new_slot": plain}):
        reply = await api.patch(path, wanted, who=stranger)
        check_problem(reply, 409, "not_active")
        assert reply.json["detail"] == "This appointment has not been approved yet."
    assert (await say(api, clinic.keeper, asked, "approve")).status == 200
    check_problem(await api.patch(path, later, who=stranger), 422, "approval_needed")
    assert (await api.patch(path, later, who=clinic.keeper)).status == 200


async def test_one_person_asks_for_only_so_many_at_a_time(
    clinic: Clinic, stranger: Person, given: Given, served: Served, unbroken: None
) -> None:
    visit = await clinic.open(approval_minutes=60)
    async with served(max_pending=2) as api:
        near = Clinic(api, given, clinic.keeper)
        for n in range(2):
            assert (await near.book(stranger, visit, NINE + n * HOUR)).status == 201
        refused = await near.book(stranger, visit, NINE + 2 * HOUR)
        check_problem(refused, 422, "limit_reached", "limit")
        assert refused.json["limit"] == "pending"
        check_problem(
            await hold_time(near, stranger, visit, NINE + 2 * HOUR), 422, "limit_reached", "limit"
        )
        at = (NINE + 2 * HOUR).isoformat().replace("+", "%2B")
        told = await api.get(
            f"/api/services/{visit}/explain/?provider={clinic.provider_id}&starts_at={at}",
            who=stranger,
        )
        assert [one["code"] for one in told.json["reasons"]] == ["limit_reached"]
        other = await clinic.visit()
        assert (await near.book(stranger, other, NINE + 3 * HOUR)).json["status"] == "booked"


async def test_a_hold_of_it_becomes_a_request(
    clinic: Clinic, api: Api, stranger: Person, clock: Clock, unbroken: None
) -> None:
    visit = await clinic.open(approval_minutes=60)
    held = (await hold_time(clinic, stranger, visit)).json["id"]
    done = await confirm(api, stranger, held)
    assert (done.status, done.json["status"]) == (201, "pending")
    await clock.run_out(held)
    assert await shown(api, stranger, held) == "declined"
    check_problem(await confirm(api, stranger, held), 409, "not_active")
    assert (await clinic.starts(visit))[0] == "09:00"


async def test_the_same_key_asks_once(clinic: Clinic, stranger: Person, unbroken: None) -> None:
    visit = await clinic.open(approval_minutes=60)
    key = {"Idempotency-Key": "asked"}
    first = await clinic.book(stranger, visit, headers=key)
    again = await clinic.book(stranger, visit, headers=key)
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
