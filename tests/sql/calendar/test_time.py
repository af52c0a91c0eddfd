"""sql/queries/calendar/time.sql"""

import json
from typing import Any

from tests.sql.desk import DAY, HOUR, NINE, Desk


def starts(times: list[dict[str, Any]]) -> list[str]:
    return [one["start_time"] for one in times]


def test_time_list_has_what_is_open_less_what_is_taken(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    desk.taken(ada, visit, clinic, NINE + HOUR)
    desk.slot(provider_id=clinic, start=NINE + 3 * HOUR)
    assert starts(desk.times(visit, clinic)) == [
        "09:00",
        "11:00",
        "13:00",
        "14:00",
        "15:00",
        "16:00",
    ]


def test_time_list_gives_each_start_once_for_any_provider(desk: Desk, ada: int) -> None:
    one, other = desk.provider(), desk.provider()
    visit = desk.visit(one, other)
    desk.taken(ada, visit, one, NINE)
    found = desk.times(visit)
    assert [(time["providers"], time["remaining"]) for time in found[:2]] == [(1, 1), (2, 2)]
    assert "provider" not in found[0]


def test_time_list_shows_a_class_with_its_slot(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    group = desk.visit(clinic, capacity=3)
    _, slot_id = desk.taken(ada, group, clinic, NINE)
    first, second, *_ = desk.times(group, clinic)
    assert (first["remaining"], first["slot"]) == (2, slot_id)
    assert "slot" not in second


def test_time_list_skips_days_that_have_as_many_as_they_may(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, per_day=1)
    desk.taken(ada, visit, clinic, NINE)
    dates = {one["date"] for one in desk.times(visit, clinic, to_at=NINE + 2 * DAY)}
    assert dates == {(NINE + DAY).date().isoformat()}


def test_time_list_skips_closures(desk: Desk) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    desk.cursor.execute(
        "INSERT INTO closure (starts_at, ends_at, actor_id) VALUES (%s, %s, 1)",
        [NINE + HOUR, NINE + 7 * HOUR],
    )
    assert starts(desk.times(visit, clinic)) == ["09:00", "16:00"]


def test_time_moving_is_of_ones_own_and_spares_a_slot_that_would_go(
    desk: Desk, ada: int, ben: int
) -> None:
    clinic = desk.provider()
    visit, group = desk.visit(clinic), desk.visit(clinic, capacity=2)
    alone, slot_id = desk.taken(ada, visit, clinic, NINE)
    shared, _ = desk.taken(ada, group, clinic, NINE + HOUR)
    desk.taken(ben, group, clinic, NINE + HOUR)

    def moving(appointment: int, who: int) -> list[int]:
        asked = {"appointment_id": appointment, "account_id": who, "staff_of": 0}
        return [row.slot_id for row in desk.run("time_moving", **asked)]

    assert (moving(alone, ada), moving(shared, ada), moving(alone, ben)) == ([slot_id], [0], [])
    assert starts(desk.times(visit, clinic, except_slot_id=slot_id))[0] == "09:00"


def test_time_service_knows_the_clock_of_a_provider(desk: Desk) -> None:
    clinic = desk.provider(time_zone="Asia/Kathmandu")
    visit, retired = desk.visit(clinic), desk.visit(clinic, horizon_days=8)
    desk.send("service_retire", service_id=retired)
    rows = desk.run("time_service", service_id=[visit, retired, 0], provider_id=[0, 0, clinic])
    assert [row.zone for row in rows] == ["Asia/Kathmandu", None, None]
    assert [row.horizon_days is None for row in rows] == [False, True, True]


def test_time_near_looks_two_weeks_ahead(desk: Desk) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    asked = {"service_id": visit, "provider_id": 0, "size": 1}
    near = desk.run("time_near", near=NINE + 7 * HOUR, **asked)[0][0]
    assert starts(json.loads(near)) == ["16:00", "09:00", "10:00"]
    assert desk.run("time_near", near=NINE + 3 * DAY, **asked)[0][0] == "[]"
