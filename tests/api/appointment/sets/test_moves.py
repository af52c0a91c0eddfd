"""POST /api/moves/"""

import asyncio
from typing import Any

import pytest

from tests.api.calendar.times.scene import HOUR, NINE, QUARTER, Clinic
from tests.api.checks import FULL_SLOT, NEVER, check_invalid, check_problem
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply

pytestmark = pytest.mark.usefixtures("unbroken")

INTEGER = ["A valid integer is required."]


async def moved(api: Api, who: Person, *moves: Any, query: str = "", **options: Any) -> Reply:
    """Each move is (appointment, slot), or (appointment, start) and perhaps a provider."""
    return await api.post(
        f"/api/moves/{query}", [body(*move) for move in moves], who=who, **options
    )


def body(appointment_id: int, to: Any, provider_id: int = 0, **more: Any) -> dict[str, Any]:
    wanted = {"new_slot": to} if isinstance(to, int) else {"starts_at": to.isoformat()}
    provider = {"provider": provider_id} if provider_id else {}
    return {"appointment": appointment_id} | wanted | provider | more


async def where(api: Api, who: Person, *appointment_ids: int) -> list[int]:
    replies = [await api.get(f"/api/appointments/{one}/", who=who) for one in appointment_ids]
    return [one.json["slot"]["id"] for one in replies]


async def start(api: Api, who: Person, appointment_id: int) -> tuple[int, str]:
    """With whom an appointment is, and when."""
    reply = await api.get(f"/api/appointments/{appointment_id}/?expand=slot", who=who)
    return reply.json["slot"]["provider_id"], reply.json["slot"]["start_time"]


async def seats(
    given: Given, who: Person, count: int, empty: int = 1
) -> tuple[list[int], list[int]]:
    """So many appointments and their slots, which some empty ones follow."""
    slots = await given.make_slots(count + empty)
    return [await given.make_appointment(who, one) for one in slots[:count]], slots


async def test_two_change_places(api: Api, given: Given, ada: Person) -> None:
    (one, two), (first, second, _) = await seats(given, ada, 2)
    reply = await moved(api, ada, (one, second), (two, first))
    assert (reply.status, reply.json) == (
        200,
        [
            {"appointment_id": one, "old_slot": first, "new_slot": second},
            {"appointment_id": two, "old_slot": second, "new_slot": first},
        ],
    )
    assert await where(api, ada, one, two) == [second, first]
    slot = (await api.get(f"/api/slots/{first}/")).json
    assert (slot["capacity"], slot["remaining"], slot["status"]) == (1, 0, "busy")
    changes = (await api.get(f"/api/appointments/{one}/history/", who=ada)).json
    assert [(one["action"], one["from_slot"], one["to_slot"]) for one in changes] == [
        ("book", None, first),
        ("reschedule", first, second),
    ]


async def test_a_whole_row_moves_up_in_any_order(api: Api, given: Given, ada: Person) -> None:
    appointments, slots = await seats(given, ada, 20)
    moves = list(zip(appointments, slots[1:], strict=True))
    reply = await moved(api, ada, *moves[::2], *moves[1::2])
    assert reply.status == 200
    assert await where(api, ada, *appointments) == slots[1:]
    assert (await api.get(f"/api/slots/{slots[0]}/")).json["status"] == "free"


async def test_staff_let_others_change_places(
    api: Api, given: Given, keeper: Person, ada: Person, ben: Person
) -> None:
    here, there = await given.make_slots(2, provider_id=keeper.session.provider_id)
    hers, his = [await given.make_appointment(who, one) for who, one in ((ada, here), (ben, there))]
    check_problem(await moved(api, ada, (hers, there), (his, here)), 404, "not_found", "index")
    reply = await moved(api, keeper, (hers, there), (his, here), query="?expand=slot")
    assert reply.status == 200
    assert [one["old_slot"]["id"] for one in reply.json] == [here, there]
    for one in (one[end] for one in reply.json for end in ("old_slot", "new_slot")):
        assert set(one) == FULL_SLOT
        assert (one["capacity"], one["remaining"]) == (1, 0), "as they are when all is done"


async def test_one_that_is_refused_keeps_all_where_they_are(
    api: Api, given: Given, ada: Person, ben: Person
) -> None:
    (one, two), (first, second, third, fourth) = await seats(given, ada, 2, empty=2)
    his = await given.make_appointment(ben, third)
    reply = await moved(api, ada, (one, second), (two, third))
    check_problem(reply, 409, "slot_taken", "alternatives", "index")
    assert reply.json["index"] == 1
    assert await where(api, ada, one, two) == [first, second]
    assert await where(api, ben, his) == [third]
    assert (await api.get(f"/api/slots/{second}/")).json["capacity"] == 1
    refused = {
        NEVER: (404, "not_found"),
        second: (409, "same_slot"),
    }
    for target, (status, code) in refused.items():
        reply = await moved(api, ada, (one, fourth), (two, target))
        check_problem(reply, status, code, "index")
        assert reply.json["index"] == 1
    await api.cancel(ada, two)
    reply = await moved(api, ada, (one, second), (two, first))
    check_problem(reply, 409, "not_active", "index")
    assert await where(api, ada, one) == [first]


async def test_a_refusal_names_no_slot_that_was_free_for_another_set_alone(
    api: Api, given: Given, ada: Person, ben: Person
) -> None:
    """Both are decided at once, and what ada leaves has got more room, since ben may come in."""
    wanted, first, second, third, free, last = await given.make_slots(6)
    one, two = [await given.make_appointment(ada, slot) for slot in (first, second)]
    his, other = [await given.make_appointment(ben, slot) for slot in (wanted, third)]
    reply, _ = await asyncio.gather(
        moved(api, ada, (one, wanted), (two, free)), moved(api, ben, (other, first), (his, last))
    )
    check_problem(reply, 409, "slot_taken", "alternatives", "index")
    assert [slot["id"] for slot in reply.json["alternatives"]] == [last]


async def test_two_do_not_take_the_place_that_one_leaves(
    api: Api, given: Given, ada: Person, ben: Person, admin: Person
) -> None:
    (one, two), (first, second, third, empty) = await seats(given, ada, 2, empty=2)
    three = await given.make_appointment(ben, third)
    reply = await moved(api, admin, (one, second), (two, empty), (three, second))
    check_problem(reply, 409, "slot_taken", "alternatives", "index")
    assert reply.json["index"] == 2
    assert await where(api, admin, one, two, three) == [first, second, third]


async def test_the_same_key_moves_once(api: Api, given: Given, ada: Person) -> None:
    (one, two), (first, second, _) = await seats(given, ada, 2)
    key = {"Idempotency-Key": "swap"}
    swap = ((one, second), (two, first))
    both = await asyncio.gather(*(moved(api, ada, *swap, headers=key) for _ in range(2)))
    again = await moved(api, ada, *swap, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert {one.status for one in both} <= {200, 409}
    assert all(one.json == again.json for one in both if one.status == 200)
    assert await where(api, ada, one, two) == [second, first]
    other = await moved(api, ada, *reversed(swap), headers=key)
    check_problem(other, 422, "idempotency_key_reused")


async def test_each_may_say_which_version_it_has_seen(
    api: Api, given: Given, ada: Person, served: Served
) -> None:
    (one, two), (first, second, _) = await seats(given, ada, 2)
    stale = [body(one, second, version=1), body(two, first, version=2)]
    reply = await api.post("/api/moves/", stale, who=ada)
    check_problem(reply, 412, "precondition_failed", "index")
    assert reply.json["index"] == 1
    seen = [body(one, second, version=1), body(two, first, version=1)]
    assert (await api.post("/api/moves/", seen, who=ada)).status == 200
    async with served(require_if_match=True) as strict:
        reply = await moved(strict, ada, (one, first), (two, second))
        check_problem(reply, 428, "precondition_required")


async def test_a_set_is_checked_before_anything_is_done(api: Api, ada: Person) -> None:
    for wrong in ([], {}, [body(1, 2)], [body(n, 2) for n in range(1, 22)]):
        check_problem(await api.post("/api/moves/", wrong, who=ada), 400, "invalid")
    either = ["Either new_slot or starts_at is required."]
    wrong = [body(1, 2), {"appointment": 3}, body(4, NINE, new_slot=5)]
    reply = await api.post("/api/moves/", wrong[:2], who=ada)
    check_invalid(reply, {"1.new_slot": either})
    check_invalid(await api.post("/api/moves/", wrong[::2], who=ada), {"1.new_slot": either})
    twice = await api.post("/api/moves/", [body(1, 2), body(1, 3)], who=ada)
    check_invalid(twice, {"1.appointment": ["It is in this set already."]})
    odd = [{"appointment": "x", "new_slot": 1}, {"appointment": 1, "new_slot": "y"}]
    reply = await api.post("/api/moves/", odd, who=ada)
    check_invalid(reply, {"0.appointment": INTEGER, "1.new_slot": INTEGER})


async def test_nobody_moves_what_is_too_near(
    api: Api, given: Given, ada: Person, served: Served
) -> None:
    (one, two), (first, second, _) = await seats(given, ada, 2)
    async with served(notice_minutes=60 * 24 * 30) as strict:
        reply = await moved(strict, ada, (one, second), (two, first))
        check_problem(reply, 422, "too_late", "index")
        assert reply.json["index"] == 0


# Times


async def taken(clinic: Clinic, who: Person, service_id: int, at: Any = NINE, **more: Any) -> int:
    reply = await clinic.book(who, service_id, at, **more)
    assert reply.status == 201, reply.json
    appointment_id: int = reply.json["id"]
    return appointment_id


async def test_times_are_changed_as_places_are(clinic: Clinic, api: Api, ada: Person) -> None:
    visit = await clinic.open(needs={"room": [await clinic.given.make_provider()]})
    one, two = [await taken(clinic, ada, visit, NINE + n * HOUR) for n in range(2)]
    reply = await moved(api, ada, (one, NINE + HOUR), (two, NINE))
    assert reply.status == 200, reply.json
    clinic_id = clinic.provider_id
    assert await start(api, ada, one) == (clinic_id, "10:00")
    assert await start(api, ada, two) == (clinic_id, "09:00")
    swap = await moved(api, ada, *zip((one, two), (await where(api, ada, two, one)), strict=True))
    assert swap.status == 200, swap.json
    assert await start(api, ada, one) == (clinic_id, "09:00")


async def test_what_one_leaves_another_takes_with_its_buffers(
    clinic: Clinic, api: Api, ada: Person
) -> None:
    visit = await clinic.open(step_minutes=15, buffer_after_minutes=15)
    one, two = await taken(clinic, ada, visit), await taken(clinic, ada, visit, NINE + 5 * QUARTER)
    later = (one, NINE + 2 * QUARTER), (two, NINE + 7 * QUARTER)
    assert (await moved(api, ada, *later)).status == 200
    reply = await moved(api, ada, (one, NINE), (two, NINE + 4 * QUARTER))
    check_problem(reply, 409, "slot_taken", "times", "index")
    assert reply.json["index"] == 1
    assert await start(api, ada, two) == (clinic.provider_id, "10:45")


async def test_limits_do_not_count_what_is_moved(
    clinic: Clinic, api: Api, ada: Person, given: Given
) -> None:
    visit = await clinic.open(per_day=2, per_customer_day=1)
    zoe = await given.make_person(f"zoe{clinic.provider_id}")
    day = 24 * HOUR
    today, tomorrow = await taken(clinic, ada, visit), await taken(clinic, ada, visit, NINE + day)
    await taken(clinic, zoe, visit, NINE + HOUR)
    reply = await moved(api, ada, (today, NINE + day + HOUR), (tomorrow, NINE + 2 * HOUR))
    assert reply.status == 200, reply.json
    reply = await moved(api, ada, (today, NINE + 3 * HOUR), (tomorrow, NINE + 4 * HOUR))
    check_problem(reply, 422, "limit_reached", "limit", "index")
    assert reply.json["limit"] == "per_day", "one comes too many"
    far = NINE + 2 * day
    reply = await moved(api, ada, (today, far), (tomorrow, far + HOUR))
    check_problem(reply, 422, "limit_reached", "limit", "index")
    assert (reply.json["limit"], reply.json["index"]) == ("per_customer_day", 1)


async def test_a_full_group_lets_one_in_for_one_who_goes(
    clinic: Clinic, api: Api, ada: Person, ben: Person
) -> None:
    admin = await clinic.given.make_person(f"chief{clinic.provider_id}", role="admin")
    group = await clinic.open(capacity=2)
    hers, his = await taken(clinic, ada, group), await taken(clinic, ben, group)
    late = await taken(clinic, admin, group, NINE + HOUR)
    reply = await moved(api, admin, (late, NINE), (hers, NINE + HOUR), query="?expand=slot")
    assert reply.status == 200, reply.json
    assert [one["new_slot"]["remaining"] for one in reply.json] == [0, 1]
    assert [one["new_slot"]["capacity"] for one in reply.json] == [2, 2]
    assert await where(api, admin, late) == await where(api, ben, his)


async def test_slots_and_times_go_together(clinic: Clinic, api: Api, ada: Person) -> None:
    visit = await clinic.open()
    first, second = [await taken(clinic, ada, visit, NINE + n * HOUR) for n in range(2)]
    nine, ten = await where(api, ada, first, second)
    (published,) = await clinic.given.make_slots(
        1, provider_id=clinic.provider_id, starts_at=NINE + 2 * HOUR, minutes=60
    )
    seat = await clinic.given.make_appointment(ada, published)
    reply = await moved(api, ada, (first, NINE + 3 * HOUR), (second, nine))
    assert reply.status == 200, reply.json
    assert await start(api, ada, first) == (clinic.provider_id, "12:00")
    assert await where(api, ada, second) == [nine]
    check_problem(await api.get(f"/api/slots/{ten}/"), 404, "not_found")
    reply = await moved(api, ada, (first, published), (seat, NINE + HOUR))
    check_problem(reply, 422, "not_offered", "index")
    other = await clinic.visit()
    third = await taken(clinic, ada, other, NINE + HOUR)
    reply = await moved(api, ada, (third, nine), (second, NINE + 4 * HOUR))
    check_problem(reply, 422, "not_offered", "index")
    assert reply.json["index"] == 0, "that hour was made for another service"
