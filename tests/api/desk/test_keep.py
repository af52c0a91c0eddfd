"""POST /api/appointments/{id}/keep/"""

from typing import Any

from tests.api.calendar.hours.scene import day_after, every_day, put, take
from tests.api.checks import check_problem
from tests.cast import Api, Given, Person

WHY = {"reason": "they have a key"}


async def _late(api: Api, keeper: Person, stranger: Person, database: Any) -> list[int]:
    """Two appointments of an hour that begin after the hours have ended, on two days."""
    await put(api, keeper, every_day())
    at = [day_after(days, 18) for days in (2, 3)]
    return take(database, keeper.session.provider_id, stranger, *at)


async def _outside(api: Api, keeper: Person) -> list[int]:
    target = f"/api/appointments/?provider={keeper.session.provider_id}&outside_hours=true"
    return [one["id"] for one in (await api.get(target, who=keeper)).json]


def _path(appointment_id: int) -> str:
    return f"/api/appointments/{appointment_id}/keep/"


async def test_what_is_kept_is_a_conflict_no_more(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    late = await _late(api, keeper, stranger, database)
    one, other = late
    assert await _outside(api, keeper) == late
    reply = await api.post(_path(one), WHY, who=keeper)
    assert (reply.status, reply.json) == (
        200,
        {
            "message": "Appointment kept outside of the hours",
            "appointment_id": one,
            "slot": reply.json["slot"],
        },
    )
    assert reply.headers["ETag"] == '"2"'
    assert await _outside(api, keeper) == [other]
    changed = await put(api, keeper, every_day(closes="16:00"))
    assert [told["appointment_id"] for told in changed.json["conflicts"]] == [other]
    shown = await api.get(f"/api/appointments/{one}/", who=stranger)
    assert (shown.json["status"], shown.headers["ETag"]) == ("booked", '"2"')


async def test_history_says_who_kept_it_and_only_staff_why(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    late = await _late(api, keeper, stranger, database)
    await api.post(_path(late[0]), WHY, who=keeper)
    for who, actor, reason in (
        (keeper, keeper.username, WHY["reason"]),
        (stranger, "staff", ""),
    ):
        *_, last = (await api.get(f"/api/appointments/{late[0]}/history/", who=who)).json
        said = last["action"], last["actor"], last["reason"], last["to_status"]
        assert said == ("keep", actor, reason, "booked")
        assert last["from_slot"] == last["to_slot"]


async def test_keeping_it_again_succeeds_and_changes_nothing(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    late = await _late(api, keeper, stranger, database)
    for _ in range(2):
        reply = await api.post(_path(late[0]), who=keeper)
        assert (reply.status, reply.headers["ETag"]) == (200, '"2"')
    history = (await api.get(f"/api/appointments/{late[0]}/history/", who=keeper)).json
    assert [one["action"] for one in history] == ["book", "keep"]


async def test_what_is_within_the_hours_is_kept_without_a_change(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    await put(api, keeper, every_day())
    [one] = take(database, keeper.session.provider_id, stranger, day_after(2, 10))
    reply = await api.post(_path(one), who=keeper)
    assert (reply.status, reply.headers["ETag"]) == (200, '"1"')


async def test_a_closure_that_is_made_later_is_told_again(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    late = await _late(api, keeper, stranger, database)
    provider_id, day = keeper.session.provider_id, day_after(2, 12).date().isoformat()
    closure = {"provider": provider_id, "from": day, "to": day}
    assert (await api.post("/api/closures/", closure, who=keeper)).status == 201
    await api.post(_path(late[0]), who=keeper)
    assert await _outside(api, keeper) == late[1:]
    again = await api.post("/api/closures/", closure, who=keeper)
    assert [one["appointment_id"] for one in again.json["conflicts"]] == late[:1]
    assert await _outside(api, keeper) == late
    await api.post(_path(late[0]), who=keeper)
    assert await _outside(api, keeper) == late[1:]


async def test_whoever_shares_the_slot_is_kept_with_it(
    api: Api, keeper: Person, stranger: Person, ada: Person, given: Given
) -> None:
    provider_id = keeper.session.provider_id
    [slot_id] = await given.make_slots(1, provider_id=provider_id, capacity=2)
    made = [await given.make_appointment(who, slot_id) for who in (stranger, ada)]
    day = day_after(1, 12).date().isoformat()
    closure = {"provider": provider_id, "from": day, "to": day}
    await api.post("/api/closures/", closure, who=keeper)
    assert await _outside(api, keeper) == made
    await api.post(_path(made[0]), who=keeper)
    assert await _outside(api, keeper) == []
    await api.cancel(stranger, made[0])
    assert await _outside(api, keeper) == made[1:], "nobody said that they come"


async def test_only_its_staff_keep_it(
    api: Api, keeper: Person, rival: Person, stranger: Person, ada: Person, database: Any
) -> None:
    late = await _late(api, keeper, stranger, database)
    check_problem(await api.post(_path(late[0]), who=rival), 404, "not_found")
    for who in (stranger, ada):
        check_problem(await api.post(_path(late[0]), who=who), 403, "permission_denied")
    check_problem(await api.post(_path(4_000_000_000_000), who=keeper), 404, "not_found")
    assert await _outside(api, keeper) == late


async def test_what_has_come_to_an_end_can_not_be_kept(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    late = await _late(api, keeper, stranger, database)
    await api.cancel(stranger, late[0])
    check_problem(await api.post(_path(late[0]), who=keeper), 409, "not_active")


async def test_only_the_version_that_was_seen_is_kept(
    api: Api, keeper: Person, stranger: Person, database: Any
) -> None:
    late = await _late(api, keeper, stranger, database)
    stale = await api.post(_path(late[0]), who=keeper, headers={"If-Match": '"7"'})
    check_problem(stale, 412, "precondition_failed")
    known = {"If-Match": '"1"', "Idempotency-Key": "keep-it"}
    first = await api.post(_path(late[0]), who=keeper, headers=known)
    again = await api.post(_path(late[0]), who=keeper, headers=known)
    assert (first.status, again.json) == (200, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
