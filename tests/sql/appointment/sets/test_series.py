"""sql/queries/appointment/sets/series.sql"""

import pytest

from tests.sql.desk import DAY, HOUR, NINE, Desk
from tests.sql.sets import series


@pytest.fixture
def clinic(desk: Desk) -> int:
    return desk.provider()


def test_series_create_keeps_dates_with_and_without_an_appointment(
    desk: Desk, ada: int, clinic: int
) -> None:
    visit = desk.visit(clinic)
    one, _ = desk.taken(ada, visit, clinic, NINE)
    series_id = series(desk, visit, clinic, one)
    rows = desk.run("series_get", series_id=series_id, account_id=ada, staff_of=0)
    assert [(row.service_id, row.provider_id) for row in rows] == [(visit, clinic)] * 2
    assert [(row.day, row.starts_at, row.appointment_id, row.code, row.status) for row in rows] == [
        (NINE.date(), NINE, one, None, "booked"),
        ((NINE + 7 * DAY).date(), NINE + 7 * DAY, None, "slot_taken", None),
    ]


def test_series_get_shows_appointments_where_they_are_now(
    desk: Desk, ada: int, clinic: int
) -> None:
    visit = desk.visit(clinic)
    one, here = desk.taken(ada, visit, clinic, NINE)
    series_id = series(desk, visit, clinic, one)
    desk.retime((one, here, 0, NINE + DAY + HOUR), who=ada)
    [row, _] = desk.run("series_get", series_id=series_id, account_id=ada, staff_of=0)
    tomorrow = (NINE + DAY).date()
    assert (row.day, row.starts_at, row.coming_on) == (NINE.date(), NINE + DAY + HOUR, tomorrow)
    desk.end(one, who=ada)
    [row, _] = desk.run("series_get", series_id=series_id, account_id=ada, staff_of=0)
    assert (row.status, row.coming_on) == ("cancelled", None)


def test_series_get_is_for_its_owner_and_for_staff(
    desk: Desk, ada: int, ben: int, clinic: int
) -> None:
    visit = desk.visit(clinic)
    one, _ = desk.taken(ada, visit, clinic, NINE)
    series_id = series(desk, visit, clinic, one)
    asking = {(ada, 0): 2, (ben, 0): 0, (ben, clinic): 2, (ben, desk.provider()): 0, (ben, -1): 2}
    for (who, staff_of), count in asking.items():
        rows = desk.run("series_get", series_id=series_id, account_id=who, staff_of=staff_of)
        assert len(rows) == count, (who, staff_of)
