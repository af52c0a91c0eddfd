"""POST /api/moves/ and /api/series/ where times are held or have to be approved."""

from tests.api.appointment.holds.scene import Clock, hold_slot, hold_time
from tests.api.appointment.sets.test_moves import moved, seats, where
from tests.api.appointment.sets.test_series import WEEK, series, stranger
from tests.api.calendar.times.scene import HOUR, NINE, Clinic
from tests.api.checks import check_problem
from tests.cast import Api, Given, Person


async def test_what_is_held_or_asked_for_moves_in_no_set(
    clinic: Clinic, api: Api, given: Given, unbroken: None
) -> None:
    visit = await clinic.open(approval_minutes=60)
    zoe = await stranger(clinic)
    (mine,), (home, empty, other) = await seats(given, zoe, 1, empty=2)
    asked = (await clinic.book(zoe, visit)).json["id"]
    refused = await moved(api, zoe, (mine, empty), (asked, home))
    check_problem(refused, 409, "not_active", "index")
    assert (refused.json["index"], await where(api, zoe, mine)) == (1, [home])
    held = (await hold_slot(api, zoe, other)).json["id"]
    missing = await moved(api, zoe, (mine, empty), (held, home))
    check_problem(missing, 404, "not_found", "index")
    assert await where(api, zoe, mine) == [home]


async def test_what_was_declined_moves_in_no_set(
    clinic: Clinic, api: Api, given: Given, clock: Clock, unbroken: None
) -> None:
    visit = await clinic.open(approval_minutes=60)
    zoe = await stranger(clinic)
    (mine,), (home, empty) = await seats(given, zoe, 1)
    asked = (await clinic.book(zoe, visit)).json["id"]
    await clock.run_out(asked)
    refused = await moved(api, zoe, (asked, home), (mine, empty))
    check_problem(refused, 409, "not_active", "index")
    assert (refused.json["index"], await where(api, zoe, mine)) == (0, [home])


async def test_a_set_takes_the_place_of_what_has_run_out(
    api: Api, given: Given, ada: Person, clock: Clock, unbroken: None
) -> None:
    (one, two), (first, second, last) = await seats(given, ada, 2)
    lost = await hold_slot(api, await given.make_person(f"loser{last}"), last)
    moves = (one, second), (two, last)
    check_problem(await moved(api, ada, *moves), 409, "slot_taken", "index", "alternatives")
    await clock.run_out(lost.json["id"])
    assert (await moved(api, ada, *moves)).status == 200
    assert await where(api, ada, one, two) == [second, last]
    assert (await api.get(f"/api/slots/{first}/")).json["status"] == "free"


async def test_a_set_takes_a_time_that_somebody_leaves_and_whose_other_places_have_run_out(
    clinic: Clinic, api: Api, ada: Person, clock: Clock, unbroken: None
) -> None:
    group = await clinic.open(capacity=2, party_max=2)
    visit = await clinic.visit()
    here = (await clinic.book(ada, group, NINE)).json["id"]
    there = (await clinic.book(ada, visit, NINE + HOUR)).json["id"]
    lost = await hold_time(clinic, await stranger(clinic), group, NINE)
    await clock.run_out(lost.json["id"])
    reply = await moved(api, ada, (here, NINE + HOUR), (there, NINE))
    assert reply.status == 200, reply.json
    listed = await api.get(f"/api/slots/?provider={clinic.provider_id}")
    assert sorted((one["start_time"], one["remaining"]) for one in listed.json) == [
        ("09:00", 0),
        ("10:00", 1),
    ]


async def test_a_series_is_asked_for_where_its_service_wants_approval(
    clinic: Clinic, api: Api, clock: Clock, unbroken: None
) -> None:
    visit, zoe = await clinic.open(approval_minutes=60), await stranger(clinic)
    made = await series(clinic, zoe, visit, count=3)
    assert [one["result"] for one in made.json["dates"]] == ["booked"] * 3
    path = f"/api/series/{made.json['id']}/"
    dates = (await api.get(path, who=zoe)).json["dates"]
    assert [one["status"] for one in dates] == ["pending"] * 3
    await clock.run_out(dates[0]["appointment_id"])
    dates = (await api.get(path, who=zoe)).json["dates"]
    assert [one["status"] for one in dates] == ["declined", "pending", "pending"]
    last = {"from": (NINE + 2 * WEEK).date().isoformat()}
    dates = (await api.post(f"{path}cancel/", last, who=zoe)).json["dates"]
    assert [one["status"] for one in dates] == ["declined", "pending", "cancelled"]


async def test_a_series_tells_of_which_dates_somebody_has_asked_for_too_many(
    clinic: Clinic, unbroken: None
) -> None:
    visit, zoe = await clinic.open(approval_minutes=60), await stranger(clinic)
    refused = await series(clinic, zoe, visit, count=6)
    check_problem(refused, 409, "series_conflict", "dates")
    assert [one.get("limit") for one in refused.json["dates"]] == [None] * 5 + ["pending"]
    made = await series(clinic, zoe, visit, count=6, conflicts="skip")
    assert [one["result"] for one in made.json["dates"]] == ["booked"] * 5 + ["skipped"]
