"""POST /api/holds/{id}/confirm/"""

import asyncio

from tests.api.appointment.holds.scene import Clock, confirm, hold_slot, hold_time, release, status
from tests.api.calendar.times.scene import NINE, Clinic
from tests.api.checks import NEVER, check_problem, check_same_as_missing
from tests.cast import Api, Given, Person


async def test_it_works(api: Api, given: Given, stranger: Person, unbroken: None) -> None:
    (slot_id,) = await given.make_slots(1)
    held = (await hold_slot(api, stranger, slot_id, notes="At first")).json
    reply = await confirm(api, stranger, held["id"])
    assert reply.status == 201
    assert reply.json == {
        "id": held["id"],
        "slot": held["slot"],
        "user": stranger.username,
        "notes": "At first",
        "status": "booked",
    }
    assert reply.headers["ETag"] == '"2"'
    assert await status(api, slot_id) == ("busy", 0)
    history = await api.get(f"/api/appointments/{held['id']}/history/", who=stranger)
    assert [(one["action"], one["from_status"], one["to_status"]) for one in history.json] == [
        ("hold", None, "held"),
        ("confirm", "held", "booked"),
    ]
    check_problem(await api.get(f"/api/holds/{held['id']}/", who=stranger), 404, "not_found")
    check_problem(await release(api, stranger, held["id"]), 404, "not_found")
    assert (await api.cancel(stranger, held["id"])).status == 200
    check_problem(await confirm(api, stranger, held["id"]), 409, "not_active")


async def test_again_it_answers_again(
    api: Api, given: Given, stranger: Person, unbroken: None
) -> None:
    (slot_id,) = await given.make_slots(1)
    held = (await hold_slot(api, stranger, slot_id)).json["id"]
    key = {"Idempotency-Key": "confirmed"}
    first = await confirm(api, stranger, held, notes="Hello", headers=key)
    for options in ({"headers": key}, {"notes": "Else"}, {}):
        wanted = {"notes": "Hello"} | options if "headers" in options else options
        again = await confirm(api, stranger, held, **wanted)
        assert (again.status, again.json) == (201, first.json)
    assert first.json["notes"] == "Hello"


async def test_what_was_never_held_can_not_be_confirmed(
    api: Api, given: Given, stranger: Person, ben: Person
) -> None:
    one, other = await given.make_slots(2)
    booked = await given.make_appointment(stranger, one)
    held = (await hold_slot(api, stranger, other)).json["id"]
    missing = await confirm(api, stranger, NEVER)
    check_same_as_missing(await confirm(api, stranger, booked), missing)
    check_same_as_missing(await confirm(api, ben, held), missing)


async def test_only_what_one_has_seen_if_one_says_so(
    api: Api, given: Given, stranger: Person
) -> None:
    (slot_id,) = await given.make_slots(1)
    held = (await hold_slot(api, stranger, slot_id)).json["id"]
    stale = await confirm(api, stranger, held, headers={"If-Match": '"4"'})
    check_problem(stale, 412, "precondition_failed")
    assert (await confirm(api, stranger, held, headers={"If-Match": '"1"'})).status == 201


async def test_if_it_is_still_free_it_is_had_once_more(
    api: Api, given: Given, stranger: Person, clock: Clock, unbroken: None
) -> None:
    (slot_id,) = await given.make_slots(1, capacity=3)
    held = (await hold_slot(api, stranger, slot_id, size=2, notes="Two")).json["id"]
    await clock.run_out(held)
    check_problem(await confirm(api, stranger, held), 409, "hold_expired")
    done = await confirm(api, stranger, held, if_still_free=True)
    assert (done.status, done.json["notes"], done.json["status"]) == (201, "Two", "booked")
    assert done.json["id"] > held
    assert await status(api, slot_id) == ("free", 1)


async def test_if_its_time_is_still_free_it_is_had_once_more(
    clinic: Clinic, api: Api, stranger: Person, ben: Person, clock: Clock, unbroken: None
) -> None:
    visit = await clinic.open()
    held = (await hold_time(clinic, stranger, visit)).json["id"]
    await clock.run_out(held)
    key = {"Idempotency-Key": "still"}
    for _ in range(2):
        done = await confirm(api, stranger, held, if_still_free=True, headers=key)
        assert (done.status, done.json["slot"]["start_time"]) == (201, "09:00")
    assert done.headers["Idempotency-Replayed"] == "true"
    check_problem(await clinic.book(ben, visit), 409, "slot_taken", "times")
    other = (await hold_time(clinic, stranger, visit, NINE.replace(hour=11))).json["id"]
    await clock.run_out(other)
    assert (await clinic.book(ben, visit, NINE.replace(hour=11))).status == 201
    lost = await confirm(api, stranger, other, if_still_free=True)
    check_problem(lost, 409, "slot_taken", "times")


async def test_at_the_last_moment_exactly_one_has_it(
    api: Api, given: Given, stranger: Person, ben: Person, unbroken: None
) -> None:
    for slot_id in await given.make_slots(4):
        held = (await hold_slot(api, stranger, slot_id, seconds=1)).json["id"]
        await asyncio.sleep(0.95)
        wishes = [confirm(api, stranger, held)] + [api.book(ben, slot_id) for _ in range(4)]
        replies = await asyncio.gather(*wishes)
        late = await api.book(ben, slot_id)
        confirmed, *booked = replies
        won = [one for one in [*booked, late] if one.status == 201]
        assert (confirmed.status == 201) + len(won) == 1
        if confirmed.status != 201:
            check_problem(confirmed, 409, "hold_expired")


async def test_before_it_has_run_out_it_is_never_refused(
    clinic: Clinic, api: Api, given: Given, stranger: Person, admin: Person, unbroken: None
) -> None:
    """Whatever has become of the calendar meanwhile."""
    visit = await clinic.open()
    held = (await hold_time(clinic, stranger, visit)).json["id"]
    shut = {"provider": clinic.provider_id, "from": NINE.date().isoformat()}
    shut |= {"to": NINE.date().isoformat()}
    assert (await api.post("/api/closures/", shut, who=clinic.keeper)).status == 201
    assert (await api.delete(f"/api/services/{visit}/", who=admin)).status == 204
    (slot_id,) = await given.make_slots(1)
    other = (await hold_slot(api, stranger, slot_id)).json["id"]
    closed = await api.patch(f"/api/slots/{slot_id}/", {"status": "busy-unavailable"}, who=admin)
    assert closed.status == 200
    for one in (held, other):
        assert (await confirm(api, stranger, one)).status == 201
