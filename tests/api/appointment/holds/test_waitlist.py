"""GET and POST /api/waitlist/, DELETE /api/waitlist/{id}/"""

from typing import Any

import pytest

from tests.api.appointment.holds.scene import Clock, confirm, release, status
from tests.api.calendar.times.scene import NINE, Clinic
from tests.api.checks import NEVER, check_invalid, check_problem, check_same_as_missing
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply

pytestmark = pytest.mark.usefixtures("unbroken")

DAY = NINE.date().isoformat()


async def join(api: Api, who: Person, **wanted: Any) -> Reply:
    return await api.post("/api/waitlist/", wanted, who=who)


async def lines(api: Api, who: Person) -> list[Any]:
    listed: list[Any] = (await api.get("/api/waitlist/", who=who)).json
    return listed


async def people(given: Given, name: str, count: int) -> list[Person]:
    return [await given.make_person(f"{name}-{n}") for n in range(count)]


async def test_who_waits_is_offered_what_somebody_leaves_and_nobody_sees_it_free(
    api: Api, given: Given, ada: Person
) -> None:
    (slot_id,) = await given.make_slots(1)
    first, second = await people(given, f"line{slot_id}", 2)
    taken = await given.make_appointment(ada, slot_id)
    joined = await join(api, first, slot=slot_id)
    line = joined.json["id"]
    assert (joined.status, joined.json) == (201, {"id": line, "status": "waiting", "position": 1})
    assert (await join(api, second, slot=slot_id)).json["position"] == 2
    assert (await api.cancel(ada, taken)).status == 200
    assert await status(api, slot_id) == ("busy-tentative", 0)
    check_problem(await api.book(ada, slot_id), 409, "slot_taken", "alternatives")
    [mine] = await lines(api, first)
    assert mine == {
        "id": line,
        "status": "offered",
        "position": None,
        "hold": mine["hold"],
        "expires_at": mine["expires_at"],
        "slot": slot_id,
        "service": None,
        "provider": None,
        "from": None,
        "to": None,
        "size": 1,
    }
    held = await api.get(f"/api/holds/{mine['hold']}/", who=first)
    assert (held.status, held.json["expires_at"]) == (200, mine["expires_at"])
    [theirs] = await lines(api, second)
    assert (theirs["status"], theirs["position"]) == ("waiting", 1)
    confirmed = await confirm(api, first, mine["hold"])
    assert (confirmed.status, confirmed.json["status"]) == (201, "booked")
    assert (await lines(api, first))[0]["status"] == "accepted"
    await api.cancel(first, mine["hold"])
    assert [one["status"] for one in await lines(api, first)] == ["accepted"]
    assert [one["status"] for one in await lines(api, second)] == ["offered"]


async def test_what_is_let_go_of_or_runs_out_is_passed_on_and_free_at_last(
    api: Api, given: Given, ada: Person, clock: Clock
) -> None:
    (slot_id,) = await given.make_slots(1)
    taken = await given.make_appointment(ada, slot_id)
    waiting = await people(given, f"passed{slot_id}", 3)
    ids = [(await join(api, one, slot=slot_id)).json["id"] for one in waiting]
    await api.cancel(ada, taken)
    [mine] = await lines(api, waiting[0])
    assert (await release(api, waiting[0], mine["hold"])).status == 204
    [mine] = await lines(api, waiting[1])
    await clock.run_out(mine["hold"])
    assert await status(api, slot_id) == ("busy-tentative", 0)
    check_problem(await api.book(ada, slot_id), 409, "slot_taken", "alternatives")
    for _ in range(2):
        assert (await api.delete(f"/api/waitlist/{ids[2]}/", who=waiting[2])).status == 204
    assert await lines(api, waiting[2]) == []
    assert await status(api, slot_id) == ("free", 1)
    said = [[one["status"] for one in await lines(api, who)] for who in waiting[:2]]
    assert said == [["passed"], ["passed"]]


async def test_a_time_is_waited_for_by_days_and_instants(
    clinic: Clinic, api: Api, given: Given, ada: Person
) -> None:
    visit = await clinic.open()
    booked = await clinic.book(ada, visit)
    first, second = await people(given, f"days{visit}", 2)
    span = {"from": DAY, "to": (NINE.replace(hour=23)).isoformat()}
    late = {"from": NINE.replace(hour=10).isoformat(), "to": NINE.replace(hour=12).isoformat()}
    assert (await join(api, first, service=visit, **late)).status == 201
    joined = await join(api, second, service=visit, provider=clinic.provider_id, **span)
    assert joined.status == 201
    await api.cancel(ada, booked.json["id"])
    assert await clinic.starts(visit) == [f"{hour}:00" for hour in range(10, 17)]
    check_problem(await clinic.book(ada, visit), 409, "slot_taken", "times")
    [mine] = await lines(api, second)
    assert (mine["status"], mine["service"], mine["provider"]) == (
        "offered",
        visit,
        clinic.provider_id,
    )
    assert (await confirm(api, second, mine["hold"])).json["slot"]["start_time"] == "09:00"
    assert [one["status"] for one in await lines(api, first)] == ["waiting"]


async def test_what_a_closure_leaves_is_offered_when_it_is_taken_away(
    clinic: Clinic, api: Api, given: Given
) -> None:
    visit = await clinic.open()
    [zoe] = await people(given, f"closed{visit}", 1)
    closure = await given.make_closure(clinic.provider_id, NINE.date())
    span = {"from": DAY, "to": (NINE.replace(hour=23)).isoformat()}
    assert (await join(api, zoe, service=visit, **span)).status == 201
    assert await clinic.starts(visit) == []
    assert (await api.delete(f"/api/closures/{closure}/", who=clinic.keeper)).status == 204
    [mine] = await lines(api, zoe)
    assert mine["status"] == "offered"
    assert await clinic.starts(visit) == [f"{hour}:00" for hour in range(10, 17)]


async def test_what_can_not_be_waited_for_is_refused(
    clinic: Clinic, api: Api, given: Given, ada: Person, served: Served
) -> None:
    visit, (slot_id,) = await clinic.open(), await given.make_slots(1)
    span = {"from": DAY, "to": (NINE.replace(hour=23)).isoformat()}
    check_invalid(await join(api, ada), {"slot": ["Either slot or service is required."]})
    check_invalid(
        await join(api, ada, slot=slot_id, **span),
        {"from": ["It goes with service."], "to": ["It goes with service."]},
    )
    check_invalid(await join(api, ada, service=visit), {"from": ["This field is required."]})
    for wrong in ("2027-13-01", "2027-01-04T09:00:00", "soon"):
        reply = await join(api, ada, service=visit, **span | {"from": wrong})
        check_invalid(reply, {"from": ["A day, or an instant with its offset, was expected."]})
    reply = await join(api, ada, service=visit, **span | {"to": "2026-01-01"})
    check_invalid(reply, {"to": ["Must be after from and after now, by 92 days at most."]})
    check_problem(await join(api, ada, slot=NEVER), 404, "not_found")
    check_problem(await join(api, ada, service=NEVER, **span), 404, "not_found")
    elsewhere = await given.make_provider()
    reply = await join(api, ada, service=visit, provider=elsewhere, **span)
    check_problem(reply, 422, "not_offered")
    check_problem(await join(api, ada, slot=slot_id, size=2), 422, "party_too_large")
    async with served(max_waiting=1) as strict:
        zoe = await given.make_person(f"zoe{visit}-waits")
        assert (await join(strict, zoe, slot=slot_id)).status == 201
        reply = await join(strict, zoe, service=visit, **span)
        check_problem(reply, 422, "limit_reached", "limit")
        assert reply.json["limit"] == "waiting"


async def test_others_are_not_told_of_a_line(api: Api, given: Given, ada: Person) -> None:
    (slot_id,) = await given.make_slots(1)
    [zoe] = await people(given, f"mine{slot_id}", 1)
    line = (await join(api, zoe, slot=slot_id)).json["id"]
    check_same_as_missing(
        await api.delete(f"/api/waitlist/{line}/", who=ada),
        await api.delete(f"/api/waitlist/{NEVER}/", who=ada),
    )
