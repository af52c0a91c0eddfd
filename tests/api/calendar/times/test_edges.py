"""Booking times over HTTP, where a rule just holds or just does not."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.calendar.hours.scene import day_after, every_day, path
from tests.api.calendar.times.scene import HOUR, NINE, QUARTER, Clinic
from tests.api.calendar.times.test_book import rows
from tests.api.checks import check_problem
from tests.cast import Api, Given, Person

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


async def test_a_second_off_the_grid_is_off_it(clinic: Clinic, ada: Person) -> None:
    visit = await clinic.open()
    for at in (NINE + SECOND, NINE + HOUR - SECOND):
        check_problem(await clinic.book(ada, visit, at), 422, "off_grid")


async def test_the_last_start_that_fits_is_offered_and_booked(clinic: Clinic, ada: Person) -> None:
    visit = await clinic.open(step_minutes=1)
    span = f"from={NINE + 6 * HOUR:%Y-%m-%dT%H:%M:%SZ}&to={(NINE + 24 * HOUR).date()}"
    assert (await clinic.starts(visit, f"provider={clinic.provider_id}&{span}"))[-1] == "16:00"
    check_problem(await clinic.book(ada, visit, NINE + 7 * HOUR + MINUTE), 422, "closed")
    assert (await clinic.book(ada, visit, NINE + 7 * HOUR)).status == 201


async def test_it_has_to_be_booked_so_long_before(clinic: Clinic, ada: Person) -> None:
    lead = (NINE - datetime.now(UTC)) // MINUTE
    visit = await clinic.open(lead_minutes=lead + 1)
    check_problem(await clinic.book(ada, visit), 422, "too_soon")
    soon = await clinic.visit(lead_minutes=lead - 1)
    assert (await clinic.book(ada, soon)).status == 201


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
async def test_the_horizon_is_a_day_of_the_provider(
    clinic: Clinic, api: Api, given: Given, admin: Person, ada: Person, zone: str
) -> None:
    provider_id = await given.make_provider(time_zone=zone)
    terms = {"duration_minutes": 1, "step_minutes": 1, "horizon_days": 30}
    visit = await given.make_service(provider_id, **terms)
    always = every_day("00:00", "24:00")
    assert (await api.call("PUT", path(provider_id), always, who=admin)).status == 200
    midnight = day_after(31, 0, zone)
    wanted = {"provider": provider_id}
    assert (await clinic.book(ada, visit, midnight - MINUTE, **wanted)).status == 201
    check_problem(await clinic.book(ada, visit, midnight, **wanted), 422, "too_far")


async def test_the_limit_of_a_day_is_counted_on_the_provider_s_day(
    clinic: Clinic, api: Api, given: Given, admin: Person, ada: Person
) -> None:
    zone = "Australia/Brisbane"
    provider_id = await given.make_provider(time_zone=zone)
    visit = await given.make_service(provider_id, duration_minutes=30, per_day=1)
    always = every_day("00:00", "24:00")
    assert (await api.call("PUT", path(provider_id), always, who=admin)).status == 200
    midnight = day_after(8, 0, zone)  # 14:00 in London
    wanted = {"provider": provider_id}
    assert (await clinic.book(ada, visit, midnight - 2 * QUARTER, **wanted)).status == 201
    full = await clinic.book(ada, visit, midnight - HOUR, **wanted)
    check_problem(full, 422, "limit_reached", "limit")
    assert (await clinic.book(ada, visit, midnight, **wanted)).status == 201


async def test_a_buffer_reaches_into_the_span_that_is_listed(clinic: Clinic, ada: Person) -> None:
    """From an appointment that is outside of it, on either side."""
    visit = await clinic.open(duration_minutes=60, step_minutes=60, buffer_after_minutes=30)
    await clinic.book(ada, visit, NINE)
    await clinic.book(ada, visit, NINE + 4 * HOUR)
    for begins, ends in ((1, 2), (3, 4)):
        span = [f"{NINE + n * HOUR:%Y-%m-%dT%H:%M:%SZ}" for n in (begins, ends)]
        asked = f"provider={clinic.provider_id}&from={span[0]}&to={span[1]}"
        assert await clinic.starts(visit, asked) == []
        check_problem(
            await clinic.book(ada, visit, NINE + begins * HOUR), 409, "slot_taken", "times"
        )


async def test_a_published_slot_in_the_hours_is_booked_by_its_id(
    clinic: Clinic, api: Api, given: Given, ada: Person
) -> None:
    await clinic.open()
    [slot_id] = await given.make_slots(1, provider_id=clinic.provider_id, starts_at=NINE)
    assert (await api.book(ada, slot_id)).status == 201


async def test_a_full_day_lets_its_own_be_moved_within_it(
    clinic: Clinic, api: Api, ada: Person
) -> None:
    visit = await clinic.open(per_day=1, per_customer_day=1, per_customer_open=1)
    booked = (await clinic.book(ada, visit)).json["id"]
    target = f"/api/appointments/{booked}/reschedule/"
    moved = await api.patch(target, {"starts_at": (NINE + 2 * HOUR).isoformat()}, who=ada)
    assert moved.status == 200
    assert await clinic.starts(visit) == []


async def test_what_is_booked_keeps_its_time_its_buffers_and_its_notice(
    clinic: Clinic, api: Api, ada: Person, admin: Person
) -> None:
    """However the service changes meanwhile."""
    visit = await clinic.open()
    plain = await clinic.visit()
    old = (await clinic.book(ada, visit)).json
    changes = {"duration_minutes": 30, "buffer_after_minutes": 60, "notice_minutes": 30 * 24 * 60}
    changed = await api.patch(f"/api/services/{visit}/", changes, who=admin)
    assert changed.status == 200, changed.json
    slot = (await api.get(f"/api/slots/{old['slot']['id']}/")).json
    assert (slot["start_time"], slot["end_time"]) == ("09:00", "10:00")
    assert (await clinic.book(ada, plain, NINE + HOUR)).status == 201
    new = (await clinic.book(ada, visit, NINE + 4 * HOUR)).json
    for action, body in (("cancel", None), ("reschedule", {"starts_at": NINE.isoformat()})):
        target = f"/api/appointments/{new['id']}/{action}/"
        method = "PATCH" if body else "POST"
        check_problem(await api.call(method, target, body, who=ada), 422, "too_late")
    assert (await api.cancel(ada, old["id"])).status == 200
    assert (await api.cancel(admin, new["id"])).status == 200


async def test_its_notice_holds_for_moving_to_a_slot(
    clinic: Clinic, api: Api, given: Given, ada: Person
) -> None:
    visit = await clinic.open(notice_minutes=30 * 24 * 60)
    booked = (await clinic.book(ada, visit)).json["id"]
    [slot_id] = await given.make_slots(1)
    check_problem(await api.reschedule(ada, booked, slot_id), 422, "too_late")


async def test_a_party_that_is_too_many_hears_so_and_fewer_are_let_in(
    clinic: Clinic, ada: Person, ben: Person
) -> None:
    group = await clinic.open(capacity=5, party_max=3)
    assert (await clinic.book(ada, group, size=3)).status == 201
    lost = await clinic.book(ben, group, size=3)
    check_problem(lost, 409, "slot_taken", "times", "remaining")
    assert lost.json["remaining"] == 2
    assert (await clinic.times(group)).json[0]["remaining"] == 2
    assert (await clinic.book(ben, group, size=2)).status == 201


async def test_a_room_that_is_taken_is_named_and_another_one_is_tried(
    clinic: Clinic, given: Given, api: Api, ada: Person, ben: Person, database: Any
) -> None:
    one, other = await given.make_provider("Room 1"), await given.make_provider("Room 2")
    visit = await clinic.open(needs={"room": [one, other]})
    busy = [await given.make_slots(1, provider_id=each, starts_at=NINE) for each in (one, other)]
    lost = await clinic.book(ada, visit)
    check_problem(lost, 409, "slot_taken", "times")
    assert lost.json["detail"] == "No room is free then."
    made = "SELECT provider_id FROM slot WHERE service_id = %s AND deleted_at IS NULL ORDER BY id"
    assert rows(database, made, visit) == []
    await api.delete(f"/api/slots/{busy[1][0]}/", who=await given.make_person("roomer", "admin"))
    assert (await clinic.book(ben, visit)).status == 201
    assert rows(database, made, visit) == [(clinic.provider_id,), (other,)]


async def test_whose_turn_it_is_goes_by_weight(
    clinic: Clinic, api: Api, given: Given, admin: Person, ada: Person, database: Any
) -> None:
    providers = [clinic.provider_id, *[await given.make_provider() for _ in range(3)]]
    visit = await clinic.open(*providers[1:], duration_minutes=15, step_minutes=15)
    offers = [
        {"provider": one, "weight": weight}
        for one, weight in zip(providers, (200, 100, 100, 50), strict=True)
    ]
    await api.patch(f"/api/services/{visit}/", {"providers": offers}, who=admin)
    for n in range(18):
        booked = await clinic.book(ada, visit, NINE + n * QUARTER, provider=None)
        assert booked.status == 201
        gone = await clinic.book(ada, visit, NINE + (n + 1) * QUARTER, provider=None)
        await api.cancel(ada, gone.json["id"])
    count = (
        "SELECT count(*) FROM slot WHERE service_id = %s AND deleted_at IS NULL"
        " GROUP BY provider_id ORDER BY provider_id"
    )
    assert [one for (one,) in rows(database, count, visit)] == [8, 4, 4, 2]


async def test_what_overlaps_by_override_is_told_and_stays_in_the_way(
    clinic: Clinic, api: Api, ada: Person, ben: Person, database: Any
) -> None:
    visit = await clinic.open()
    await clinic.book(ada, visit)
    wanted = {"override": ["overlap"], "reason": "a patient in pain"}
    check_problem(await clinic.book(ben, visit, **wanted), 403, "permission_denied")
    made = await clinic.book(clinic.keeper, visit, **wanted)
    assert made.status == 201
    history = await api.get(f"/api/appointments/{made.json['id']}/history/", who=clinic.keeper)
    assert history.json[0]["reason"] == "a patient in pain"
    noted = "SELECT overrides FROM appointment_history WHERE appointment_id = %s"
    assert rows(database, noted, made.json["id"]) == [(["overlap"],)]
    check_problem(await clinic.book(ben, visit), 409, "slot_taken", "times")
    await api.cancel(ada, (await api.get("/api/appointments/", who=ada)).json[-1]["id"])
    check_problem(await clinic.book(ben, visit), 409, "slot_taken", "times")


async def test_a_dry_run_says_of_everything_what_the_real_call_says(
    clinic: Clinic, api: Api, given: Given, ada: Person, ben: Person, database: Any
) -> None:
    visit = await clinic.open(per_customer_open=1)
    limited = await clinic.visit(per_day=1, buffer_after_minutes=30)
    lead = await clinic.visit(lead_minutes=300 * 24 * 60)
    near = await clinic.visit(horizon_days=1)
    group = await clinic.visit(capacity=2, party_max=2)
    elsewhere = await given.make_provider()
    await clinic.book(ben, limited, NINE)
    await clinic.book(ben, group, NINE + 6 * HOUR)
    await clinic.book(ada, visit, NINE + 5 * HOUR)
    wishes: list[tuple[str, Person, int, datetime, dict[str, Any]]] = [
        ("slot_taken", ada, group, NINE, {}),
        ("slot_taken", ben, group, NINE + 6 * HOUR, {"size": 2}),
        ("already_booked", ben, group, NINE + 6 * HOUR, {}),
        ("booked", ada, group, NINE + 6 * HOUR, {}),
        ("party_too_large", ben, group, NINE + 6 * HOUR, {"size": 3}),
        ("limit_reached", ada, visit, NINE + 3 * HOUR, {}),
        ("limit_reached", ada, limited, NINE + 3 * HOUR, {}),
        ("too_soon", ada, lead, NINE + 3 * HOUR, {}),
        ("too_far", ada, near, NINE + 3 * HOUR, {}),
        ("closed", ada, group, NINE + 9 * HOUR, {}),
        ("off_grid", ada, group, NINE + 3 * HOUR + MINUTE, {}),
        ("slot_in_past", ada, group, NINE - 240 * HOUR, {}),
        ("not_offered", ada, group, NINE, {"provider": elsewhere}),
        ("not_found", ada, 1 << 40, NINE, {}),
        ("not_found", clinic.keeper, group, NINE, {"customer": 1 << 40}),
        ("permission_denied", ada, group, NINE, {"customer": ben.id}),
        ("permission_denied", ada, group, NINE, {"override": ["closed"], "reason": "x"}),
        ("booked", clinic.keeper, group, NINE + 9 * HOUR, {"override": ["closed"], "reason": "x"}),
    ]
    there = "SELECT (SELECT count(*) FROM slot), (SELECT count(*) FROM appointment)"
    for code, who, service_id, at, more in wishes:
        before = rows(database, there)
        keyed = {"headers": {"Idempotency-Key": "dry"}}
        tried = await clinic.book(who, service_id, at, "?dry_run=true", **more, **keyed)
        assert rows(database, there) == before, code
        real = await clinic.book(who, service_id, at, **more)
        assert real.json.get("code", "booked") == code, real.json
        if code == "booked":
            assert (tried.status, real.status) == (200, 201)
            continue
        told = {name: said for name, said in real.json.items() if name != "request_id"}
        assert tried.status == real.status
        assert {name: said for name, said in tried.json.items() if name != "request_id"} == told
    assert rows(database, "SELECT key FROM idempotency WHERE key = 'dry'") == []
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    assert rows(database, waiting) == [(0,)]


async def test_every_path_to_one_start_comes_into_one_slot(
    clinic: Clinic, api: Api, given: Given, database: Any
) -> None:
    """By its service, by anybody of it, by the id of the slot; the last who leaves releases it."""
    group = await clinic.open(capacity=6)
    people = [await given.make_person(f"path{clinic.provider_id}-{n}") for n in range(6)]
    first = await clinic.book(people[0], group)
    slot_id = first.json["slot"]["id"]
    replies = [first] + await asyncio.gather(
        *(clinic.book(one, group) for one in people[1:3]),
        *(clinic.book(one, group, provider=None) for one in people[3:5]),
        api.book(people[5], slot_id),
    )
    assert {(one.status, one.json["slot"]["id"]) for one in replies} == {(201, slot_id)}
    for who, one in zip(people, replies, strict=True):
        await api.cancel(who, one.json["id"])
    made = "SELECT deleted_at IS NOT NULL, booked FROM slot WHERE service_id = %s"
    assert rows(database, made, group) == [(True, 0)]
