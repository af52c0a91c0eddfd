"""CUSTOMER_OVERLAP=refuse: nobody has two appointments at one time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.appointment.holds.scene import Clock, hold_slot, hold_time
from tests.api.calendar.times.scene import HOUR, NINE, Clinic
from tests.api.checks import check_problem
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply

pytestmark = pytest.mark.usefixtures("unbroken")

TEN = (datetime.now(UTC) + timedelta(days=9)).replace(hour=10, minute=0, second=0, microsecond=0)
HALF = timedelta(minutes=30)


def check_overlap(reply: Reply, *more: str) -> None:
    check_problem(reply, 422, "limit_reached", "limit", *more)
    assert reply.json["limit"] == "overlap"
    assert reply.json["detail"] == "You have another appointment at that time."


async def place(given: Given, at: datetime = TEN, **options: Any) -> int:
    """An hour of a provider of its own."""
    (slot_id,) = await given.make_slots(1, starts_at=at, minutes=60, **options)
    return slot_id


async def test_it_is_allowed_unless_told_otherwise(api: Api, given: Given) -> None:
    zoe = await given.make_person("zoe-allowed")
    for _ in range(2):
        assert (await api.book(zoe, await place(given))).status == 201


async def test_two_at_one_time_are_refused(given: Given, served: Served) -> None:
    zoe, yan = [await given.make_person(f"{one}-overlap") for one in ("zoe", "yan")]
    async with served(customer_overlap="refuse") as api:
        first = await api.book(zoe, await place(given))
        other = await place(given, TEN + HALF)
        check_overlap(await api.book(zoe, other))
        dry = {"slot": other}
        check_overlap(await api.post("/api/appointments/?dry_run=true", dry, who=zoe))
        assert (await api.book(zoe, await place(given, TEN + HOUR))).status == 201, "half-open"
        assert (await api.book(yan, other)).status == 201
        await api.cancel(zoe, first.json["id"])
        assert (await api.book(zoe, await place(given))).status == 201


async def test_what_is_held_or_asked_for_counts_until_it_runs_out(
    given: Given, api: Api, keeper: Person, served: Served, clock: Clock
) -> None:
    visit = await Clinic(api, given, keeper).open(approval_minutes=60, step_minutes=30)
    zoe = await given.make_person(f"zoe{visit}-tentative")
    async with served(customer_overlap="refuse") as strict:
        here = Clinic(strict, given, keeper)
        asked = await here.book(zoe, visit, NINE)
        assert asked.json["status"] == "pending"
        near = await place(given, NINE + HALF)
        check_overlap(await strict.book(zoe, near))
        check_overlap(await hold_slot(strict, zoe, near))
        check_overlap(await hold_time(here, zoe, visit, NINE + HALF, provider=None))
        await clock.run_out(asked.json["id"])
        held = await hold_slot(strict, zoe, near)
        assert held.status == 201
        check_overlap(await here.book(zoe, visit, NINE))
        other = await hold_slot(strict, zoe, await place(given, NINE), replaces=held.json["id"])
        assert other.status == 201, "in the place of the first"
        await clock.run_out(other.json["id"])
        assert (await here.book(zoe, visit, NINE)).status == 201


async def test_how_many_places_of_one_slot_somebody_has_is_up_to_the_slot(
    given: Given, served: Served
) -> None:
    zoe = await given.make_person("zoe-group")
    async with served(customer_overlap="refuse") as api:
        group = await place(given, capacity=3, per_person=2)
        assert [(await api.book(zoe, group)).status for _ in range(2)] == [201, 201]
        check_problem(await api.book(zoe, group), 409, "already_booked")


async def test_a_move_does_not_stand_in_its_own_way(given: Given, served: Served) -> None:
    zoe = await given.make_person("zoe-move")
    async with served(customer_overlap="refuse") as api:
        one = (await api.book(zoe, await place(given))).json["id"]
        two = (await api.book(zoe, await place(given, TEN + HOUR))).json["id"]
        assert (await api.reschedule(zoe, one, await place(given, TEN - HALF))).status == 200
        near = await place(given, TEN + HALF)
        check_overlap(await api.reschedule(zoe, one, near))
        far, early = await place(given, TEN + HOUR), await place(given, TEN)
        wanted = [{"appointment": one, "new_slot": far}, {"appointment": two, "new_slot": early}]
        assert (await api.post("/api/moves/", wanted, who=zoe)).status == 200
        again = [
            {"appointment": one, "new_slot": await place(given, TEN + 2 * HOUR)},
            {"appointment": two, "new_slot": await place(given, TEN + 2 * HOUR)},
        ]
        refused = await api.post("/api/moves/", again, who=zoe)
        check_overlap(refused, "index")
        assert refused.json["index"] == 1


async def test_times_are_refused_and_explained_alike(
    given: Given, api: Api, keeper: Person, served: Served
) -> None:
    clinic = Clinic(api, given, keeper)
    visit = await clinic.open(step_minutes=30)
    zoe = await given.make_person(f"zoe{clinic.provider_id}")
    path = f"/api/services/{visit}/explain/?provider={clinic.provider_id}&starts_at="
    async with served(customer_overlap="refuse") as strict:
        here = Clinic(strict, given, keeper)
        booked = await strict.book(zoe, await place(given, NINE))
        assert booked.status == 201
        at = NINE + HALF
        check_overlap(await here.book(zoe, visit, at))
        check_overlap(await here.book(zoe, visit, at, "?dry_run=true"))
        told = await strict.get(path + at.strftime("%Y-%m-%dT%H:%M:%SZ"), who=zoe)
        assert [(one["code"], one["detail"]) for one in told.json["reasons"]] == [
            ("limit_reached", "You have another appointment at that time.")
        ]
        mine = await here.book(zoe, visit, NINE + 2 * HOUR)
        move = {"starts_at": at.isoformat()}
        target = f"/api/appointments/{mine.json['id']}/reschedule/"
        check_overlap(await strict.patch(target, move, who=zoe))
        weekly = {"service": visit, "provider": clinic.provider_id, "count": 2}
        refused = await strict.post(
            "/api/series/", weekly | {"starts_at": NINE.isoformat()}, who=zoe
        )
        assert [one.get("limit") for one in refused.json["dates"]] == ["overlap", None]


async def test_staff_override_it_by_name(
    given: Given, keeper: Person, admin: Person, served: Served
) -> None:
    grace = await given.make_customer(keeper, "Grace")
    (slot_id,) = await given.make_slots(
        1, provider_id=keeper.session.provider_id, starts_at=NINE + 2 * HOUR, minutes=60
    )
    (elsewhere,) = await given.make_slots(1, starts_at=NINE + 2 * HOUR, minutes=60)
    async with served(customer_overlap="refuse") as strict:
        seat = {"slot": elsewhere, "customer": grace}
        assert (await strict.post("/api/appointments/", seat, who=admin)).status == 201
        wanted = {"slot": slot_id, "customer": grace}
        check_overlap(await strict.post("/api/appointments/", wanted, who=keeper))
        said = {"override": ["limit"], "reason": "both are short"}
        assert (await strict.post("/api/appointments/", wanted | said, who=keeper)).status == 201
