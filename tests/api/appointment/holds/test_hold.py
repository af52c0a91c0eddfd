"""POST, GET and DELETE /api/holds/"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.appointment.holds.scene import Clock, confirm, hold_slot, hold_time, release, status
from tests.api.calendar.times.scene import HOUR, NINE, QUARTER, Clinic
from tests.api.checks import (
    NEVER,
    check_invalid,
    check_needs_login,
    check_problem,
    check_same_as_missing,
)
from tests.api.conftest import Served
from tests.cast import Api, Given, Person


async def test_it_works(api: Api, given: Given, ada: Person, ben: Person, unbroken: None) -> None:
    (slot_id,) = await given.make_slots(1)
    reply = await hold_slot(api, ada, slot_id, seconds=60)
    assert reply.status == 201
    assert set(reply.json) == {"id", "expires_at", "slot"}
    assert reply.json["slot"]["id"] == slot_id
    left = datetime.fromisoformat(reply.json["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(seconds=61)
    assert reply.headers["ETag"] == '"1"'
    shown = await api.get(f"/api/holds/{reply.json['id']}/", who=ada)
    assert (shown.status, shown.json) == (200, reply.json)
    assert await status(api, slot_id) == ("busy-tentative", 0)
    check_problem(await api.book(ben, slot_id), 409, "slot_taken", "alternatives")
    check_problem(await hold_slot(api, ben, slot_id), 409, "slot_taken", "alternatives")


async def test_it_is_in_no_list_before_it_is_confirmed(
    api: Api, given: Given, keeper: Person, stranger: Person
) -> None:
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    held = (await hold_slot(api, stranger, slot_id)).json["id"]
    mine = f"/api/appointments/?provider={keeper.session.provider_id}"
    assert (await api.get("/api/appointments/", who=stranger)).json == []
    assert (await api.get(mine, who=keeper)).json == []
    for path in (f"/api/appointments/{held}/", f"/api/appointments/{held}/history/"):
        check_problem(await api.get(path, who=stranger), 404, "not_found")
    check_problem(await api.cancel(stranger, held), 404, "not_found")
    check_problem(await api.reschedule(stranger, held, slot_id), 404, "not_found")
    assert (await confirm(api, stranger, held)).status == 201
    assert [one["id"] for one in (await api.get("/api/appointments/", who=stranger)).json] == [held]
    assert [one["id"] for one in (await api.get(mine, who=keeper)).json] == [held]


async def test_what_has_run_out_is_free_again(
    api: Api, given: Given, ada: Person, ben: Person, clock: Clock, unbroken: None
) -> None:
    (slot_id,) = await given.make_slots(1)
    held = (await hold_slot(api, ada, slot_id)).json["id"]
    before = (await api.get(f"/api/slots/{slot_id}/")).headers["ETag"]
    await clock.run_out(held)
    assert await status(api, slot_id) == ("free", 1)
    after = await api.get(f"/api/slots/{slot_id}/", headers={"If-None-Match": before})
    assert after.status == 200
    check_problem(await api.get(f"/api/holds/{held}/", who=ada), 404, "not_found")
    check_problem(await confirm(api, ada, held), 409, "hold_expired")
    assert (await api.book(ben, slot_id)).status == 201
    check_problem(
        await confirm(api, ada, held, if_still_free=True), 409, "slot_taken", "alternatives"
    )
    assert await status(api, slot_id) == ("busy", 0)


async def test_what_has_run_out_is_listed_as_free(
    api: Api, given: Given, ada: Person, clock: Clock
) -> None:
    provider_id = await given.make_provider()
    slots = await given.make_slots(3, provider_id=provider_id)
    held = [(await hold_slot(api, ada, one)).json["id"] for one in slots]
    path = f"/api/slots/?provider={provider_id}"
    assert [one["status"] for one in (await api.get(path)).json] == ["busy-tentative"] * 3
    tagged = (await api.get(path)).headers["ETag"]
    await clock.run_out(*held[:2])
    reply = await api.get(path, headers={"If-None-Match": tagged})
    assert [one["status"] for one in reply.json] == ["free", "free", "busy-tentative"]
    free = await api.get(f"{path}&status=free")
    assert [one["id"] for one in free.json] == slots[:2]
    tentative = await api.get(f"{path}&status=busy-tentative")
    assert [one["id"] for one in tentative.json] == slots[2:]
    await release(api, ada, held[2])


async def test_a_slot_can_be_deleted_or_shrunk_once_what_is_in_it_has_run_out(
    api: Api, given: Given, ada: Person, admin: Person, clock: Clock, unbroken: None
) -> None:
    one, other = await given.make_slots(2, capacity=3)
    held = [(await hold_slot(api, ada, slot_id, size=2)).json["id"] for slot_id in (one, other)]
    check_problem(await api.delete(f"/api/slots/{one}/", who=admin), 409, "slot_in_use")
    await clock.run_out(*held)
    assert (await api.patch(f"/api/slots/{other}/", {"capacity": 1}, who=admin)).status == 200
    assert (await api.delete(f"/api/slots/{one}/", who=admin)).status == 204


async def test_a_party_holds_as_many_places_as_it_needs(
    api: Api, given: Given, ada: Person, ben: Person, clock: Clock, unbroken: None
) -> None:
    (slot_id,) = await given.make_slots(1, capacity=4)
    held = (await hold_slot(api, ada, slot_id, size=3)).json["id"]
    assert await status(api, slot_id) == ("free", 1)
    check_problem(await hold_slot(api, ben, slot_id, size=2), 409, "slot_taken", "alternatives")
    assert (await api.book(ben, slot_id)).status == 201
    assert await status(api, slot_id) == ("busy-tentative", 0)
    await clock.run_out(held)
    assert await status(api, slot_id) == ("free", 3)
    again = await hold_slot(api, ben, slot_id, size=3)
    assert (again.status, await status(api, slot_id)) == (201, ("busy-tentative", 0))
    check_problem(await hold_slot(api, ben, slot_id, size=5), 422, "party_too_large")
    await release(api, ben, again.json["id"])


async def test_one_person_holds_as_many_places_of_a_slot_as_one_may(
    api: Api, given: Given, stranger: Person
) -> None:
    (slot_id,) = await given.make_slots(1, capacity=4, per_person=1)
    check_problem(await hold_slot(api, stranger, slot_id, size=2), 422, "party_too_large")
    assert (await hold_slot(api, stranger, slot_id)).status == 201
    check_problem(await hold_slot(api, stranger, slot_id), 409, "already_booked")
    check_problem(await api.book(stranger, slot_id), 409, "already_booked")


async def test_one_person_holds_only_so_many_at_a_time(
    api: Api, given: Given, stranger: Person, clock: Clock, unbroken: None
) -> None:
    slots = await given.make_slots(100)
    replies = await asyncio.gather(*(hold_slot(api, stranger, one) for one in slots))
    assert sorted(one.status for one in replies) == [201] * 5 + [422] * 95
    lost = next(one for one in replies if one.status == 422)
    check_problem(lost, 422, "limit_reached", "limit")
    assert lost.json["limit"] == "holds"
    held = [one.json["id"] for one in replies if one.status == 201]
    await clock.run_out(held[0])
    assert (await hold_slot(api, stranger, slots[0])).status in (201, 409)
    assert (await release(api, stranger, held[1])).status == 204
    assert (await hold_slot(api, stranger, slots[99])).status in (201, 409)


async def test_what_is_held_counts_towards_what_one_may_have(
    given: Given, stranger: Person, served: Served, unbroken: None
) -> None:
    one, other, third = await given.make_slots(3)
    async with served(max_open_appointments=2) as api:
        held = (await hold_slot(api, stranger, one)).json["id"]
        assert (await api.book(stranger, other)).status == 201
        check_problem(await api.book(stranger, third), 422, "limit_reached")
        refused = await hold_slot(api, stranger, third)
        check_problem(refused, 422, "limit_reached", "limit")
        assert refused.json["limit"] == "open"
        assert (await confirm(api, stranger, held)).status == 201


async def test_of_many_who_hold_a_place_at_once_one_does(
    api: Api, given: Given, unbroken: None
) -> None:
    (slot_id,) = await given.make_slots(1)
    people = [await given.make_person(f"holder{slot_id}-{n}") for n in range(8)]
    asked = [hold_slot(api, one, slot_id) for one in people]
    asked += [api.book(one, slot_id) for one in people]
    replies = await asyncio.gather(*asked)
    assert sorted(one.status for one in replies) == [201] + [409] * 15


async def test_it_holds_a_time_of_a_service(
    clinic: Clinic, api: Api, ada: Person, ben: Person, clock: Clock, unbroken: None
) -> None:
    visit = await clinic.open()
    reply = await hold_time(clinic, ada, visit, query="?expand=slot")
    assert (reply.status, reply.json["slot"]["status"]) == (201, "busy-tentative")
    slot_id = reply.json["slot"]["id"]
    assert (await clinic.starts(visit))[0] == "10:00"
    check_problem(await clinic.book(ben, visit), 409, "slot_taken", "times")
    listed = await api.get(f"/api/slots/?provider={clinic.provider_id}")
    assert [one["status"] for one in listed.json] == ["busy-tentative"]
    await clock.run_out(reply.json["id"])
    assert (await clinic.starts(visit))[0] == "09:00"
    explained = await api.get(
        f"/api/services/{visit}/explain/?starts_at={NINE.isoformat().replace('+', '%2B')}", who=ben
    )
    assert explained.json["bookable"]
    assert (await api.get(f"/api/slots/?provider={clinic.provider_id}")).json == []
    check_problem(await api.get(f"/api/slots/{slot_id}/"), 404, "not_found")
    tried = await clinic.book(ben, visit, query="?dry_run=true")
    assert (tried.status, tried.json["bookable"]) == (200, True)
    assert (await clinic.book(ben, visit)).status == 201
    check_problem(await confirm(api, ada, reply.json["id"]), 409, "hold_expired")


async def test_a_room_that_was_held_is_free_again_with_it(
    clinic: Clinic, given: Given, ada: Person, ben: Person, clock: Clock, unbroken: None
) -> None:
    room, other = await given.make_provider(), await given.make_provider()
    visit = await clinic.open(other, needs={"room": [room]})
    second = await given.make_service(
        other, name="Other", duration_minutes=60, needs={"room": [room]}
    )
    held = (await hold_time(clinic, ada, visit)).json["id"]
    lost = await clinic.book(ben, second, provider=other)
    check_problem(lost, 409, "slot_taken", "times")
    await clock.run_out(held)
    assert (await clinic.book(ben, second, provider=other)).status == 201
    check_problem(await clinic.book(ada, visit), 409, "slot_taken", "times")


async def test_any_provider_will_do(
    clinic: Clinic, given: Given, clock: Clock, unbroken: None
) -> None:
    visit = await clinic.open(*[await given.make_provider() for _ in range(2)])
    people = [await given.make_person(f"anyhold{visit}-{n}") for n in range(4)]
    replies = await asyncio.gather(
        *(hold_time(clinic, one, visit, provider=None) for one in people)
    )
    assert sorted(one.status for one in replies) == [201] * 3 + [409]
    held = [one.json["id"] for one in replies if one.status == 201]
    await clock.run_out(held[0])
    assert (await clinic.book(people[0], visit, provider=None)).status in (201, 409)
    lucky = await clinic.book(people[3], visit, provider=None)
    assert lucky.status in (201, 409)


async def test_a_group_is_held_place_by_place(
    clinic: Clinic, given: Given, ada: Person, ben: Person, clock: Clock, unbroken: None
) -> None:
    group = await clinic.open(capacity=3, party_max=3)
    held = (await hold_time(clinic, ada, group, size=2)).json
    assert (await clinic.times(group)).json[0]["remaining"] == 1
    assert (await clinic.book(ben, group)).json["slot"]["id"] == held["slot"]["id"]
    await clock.run_out(held["id"])
    assert (await clinic.times(group)).json[0]["remaining"] == 2
    zoe = await given.make_person(f"zoe{group}")
    assert (await clinic.book(zoe, group, size=2)).json["slot"]["id"] == held["slot"]["id"]


async def test_publishing_over_what_has_run_out_is_no_overlap(
    clinic: Clinic, api: Api, ada: Person, clock: Clock, unbroken: None
) -> None:
    visit = await clinic.open()
    held = (await hold_time(clinic, ada, visit)).json["id"]
    wanted = {
        "provider": clinic.provider_id,
        "starts_at": NINE.isoformat(),
        "ends_at": (NINE + HOUR).isoformat(),
    }
    check_problem(await api.post("/api/slots/", wanted, who=clinic.keeper), 409, "slot_overlap")
    await clock.run_out(held)
    assert (await api.post("/api/slots/", wanted, who=clinic.keeper)).status == 201


async def test_moving_takes_what_has_run_out(
    clinic: Clinic, api: Api, given: Given, ada: Person, ben: Person, clock: Clock, unbroken: None
) -> None:
    visit = await clinic.open()
    held = (await hold_time(clinic, ada, visit)).json["id"]
    booked = (await clinic.book(ben, visit, NINE + HOUR)).json["id"]
    path = f"/api/appointments/{booked}/reschedule/"
    check_problem(
        await api.patch(path, {"starts_at": NINE.isoformat()}, who=ben), 409, "slot_taken", "times"
    )
    await clock.run_out(held)
    assert (await api.patch(path, {"starts_at": NINE.isoformat()}, who=ben)).status == 200
    one, other = await given.make_slots(2)
    held = (await hold_slot(api, ada, other)).json["id"]
    mine = await given.make_appointment(ben, one)
    check_problem(await api.reschedule(ben, mine, other), 409, "slot_taken", "alternatives")
    await clock.run_out(held)
    assert (await api.reschedule(ben, mine, other)).status == 200


async def test_another_hold_is_replaced_in_one_go(
    clinic: Clinic, api: Api, given: Given, stranger: Person, ben: Person, unbroken: None
) -> None:
    visit = await clinic.open(step_minutes=15)
    first = (await hold_time(clinic, stranger, visit)).json["id"]
    second = await hold_time(clinic, stranger, visit, NINE + QUARTER, replaces=first)
    assert second.status == 201, "its own time is not in the way"
    check_problem(await api.get(f"/api/holds/{first}/", who=stranger), 404, "not_found")
    assert (await clinic.starts(visit))[0] == "10:15"
    await clinic.book(ben, visit, NINE + 4 * HOUR)
    lost = await hold_time(clinic, stranger, visit, NINE + 4 * HOUR, replaces=second.json["id"])
    check_problem(lost, 409, "slot_taken", "times")
    assert (await api.get(f"/api/holds/{second.json['id']}/", who=stranger)).status == 200
    (slot_id,) = await given.make_slots(1)
    key = {"Idempotency-Key": "swap"}
    for _ in range(2):
        third = await hold_slot(api, stranger, slot_id, replaces=second.json["id"], headers=key)
        assert third.status == 201
    assert third.headers["Idempotency-Replayed"] == "true"
    check_problem(await hold_slot(api, ben, slot_id, replaces=third.json["id"]), 404, "not_found")


async def test_who_holds_as_many_as_one_may_can_still_replace_one(
    api: Api, given: Given, stranger: Person
) -> None:
    slots = await given.make_slots(7)
    held = [(await hold_slot(api, stranger, one)).json["id"] for one in slots[:5]]
    check_problem(await hold_slot(api, stranger, slots[5]), 422, "limit_reached", "limit")
    assert (await hold_slot(api, stranger, slots[5], replaces=held[0])).status == 201


async def test_it_is_let_go_of_and_again(
    api: Api, given: Given, stranger: Person, ben: Person, unbroken: None
) -> None:
    (slot_id,) = await given.make_slots(1)
    held = (await hold_slot(api, stranger, slot_id)).json["id"]
    check_problem(
        await release(api, stranger, held, headers={"If-Match": '"7"'}), 412, "precondition_failed"
    )
    for _ in range(2):
        reply = await release(api, stranger, held)
        assert (reply.status, reply.json) == (204, None)
    assert await status(api, slot_id) == ("free", 1)
    check_problem(await confirm(api, stranger, held), 409, "hold_expired")
    check_same_as_missing(await release(api, ben, held), await release(api, ben, NEVER))


async def test_the_same_key_holds_once(
    api: Api, given: Given, stranger: Person, unbroken: None
) -> None:
    (slot_id,) = await given.make_slots(1)
    key = {"Idempotency-Key": "held"}
    first = await hold_slot(api, stranger, slot_id, headers=key)
    again = await hold_slot(api, stranger, slot_id, headers=key)
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await hold_slot(api, stranger, slot_id, seconds=5, headers=key)
    check_problem(other, 422, "idempotency_key_reused")


async def test_it_lasts_no_longer_than_it_may(clinic: Clinic, ada: Person) -> None:
    brief = await clinic.open(hold_seconds=30)
    reply = await hold_time(clinic, ada, brief, seconds=3600)
    left = datetime.fromisoformat(reply.json["expires_at"]) - datetime.now(UTC)
    assert left <= timedelta(seconds=31)


async def test_staff_hold_for_a_customer_who_confirms(
    clinic: Clinic, api: Api, ada: Person, rival: Person, database: Any
) -> None:
    visit = await clinic.open()
    await clinic.book(ada, visit, NINE + 2 * HOUR)  # so that she is one of theirs
    held = await hold_time(clinic, clinic.keeper, visit, customer=ada.id)
    assert held.status == 201
    check_problem(await confirm(api, rival, held.json["id"]), 404, "not_found")
    done = await confirm(api, ada, held.json["id"])
    assert (done.status, done.json["user"]) == (201, "ada")


async def test_staff_hold_a_place_for_a_customer_of_theirs(
    api: Api, given: Given, keeper: Person, rival: Person, stranger: Person, ada: Person
) -> None:
    slots = await given.make_slots(2, provider_id=keeper.session.provider_id)
    zoe = await given.make_customer(keeper, "Zoe")
    held = await hold_slot(api, keeper, slots[0], customer=zoe)
    assert held.status == 201
    assert (await confirm(api, keeper, held.json["id"])).json["user"] == "Zoe"
    check_problem(await hold_slot(api, keeper, slots[1], customer=ada.id), 404, "not_found")
    check_problem(await hold_slot(api, rival, slots[1], customer=zoe), 404, "not_found")
    refused = await hold_slot(api, stranger, slots[1], customer=zoe)
    check_problem(refused, 403, "permission_denied")


async def test_it_needs_a_slot_or_a_service_and_somebody(api: Api, ada: Person) -> None:
    check_needs_login(await api.post("/api/holds/", {"slot": 1}))
    check_invalid(await api.post("/api/holds/", {}, who=ada), {"slot": ["This field is required."]})
    check_problem(await hold_slot(api, ada, NEVER), 404, "not_found")
