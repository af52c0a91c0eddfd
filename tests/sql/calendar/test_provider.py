"""sql/queries/calendar/provider.sql"""

from datetime import timedelta
from typing import Any

import psycopg2.errors
import pytest

from tests.sql.desk import NOON, Desk


def test_provider_create_returns_the_provider(desk: Desk) -> None:
    kolkata = "Asia/Kolkata"
    given = {"name": "Dr Grey", "time_zone": kolkata, "kind": "room", "per_day": 3}
    [row] = desk.run("provider_create", **given, clock=kolkata)
    assert row._asdict() == {"id": row.id, **given}


def test_provider_get_returns_one_provider(desk: Desk) -> None:
    provider_id = desk.provider("Dr Grey")
    [row] = desk.run("provider_get", provider_id=provider_id)
    assert row == (provider_id, "Dr Grey", "UTC", "person", None, 1)
    assert desk.run("provider_get", provider_id=0) == []


def test_provider_list_goes_on_after_an_id(desk: Desk) -> None:
    first, second, third = (desk.provider() for _ in range(3))
    page = desk.run("provider_list", after_id=first - 1, limit=2)
    assert [row.id for row in page] == [first, second]
    page = desk.run("provider_list", after_id=second, limit=2)
    assert [row.id for row in page] == [third]


def test_provider_change_leaves_what_is_not_given(desk: Desk) -> None:
    one = desk.provider("Before", "UTC")
    usual = ("person", None)
    assert _changed(desk, one, name="After") == [(one, "After", "UTC", *usual, 2)]
    tokyo = "Asia/Tokyo"
    assert _changed(desk, one, time_zone=tokyo, clock=tokyo) == [(one, "After", tokyo, *usual, 3)]
    assert _changed(desk, one, kind="thing") == [(one, "After", tokyo, "thing", None, 4)]
    assert _changed(desk, one, per_day=5) == [(one, "After", tokyo, "thing", 5, 5)]
    assert _changed(desk, one, name="Last") == [(one, "Last", tokyo, "thing", 5, 6)]
    assert _changed(desk, one, per_day=None) == [(one, "Last", tokyo, "thing", None, 7)]
    assert _changed(desk, 0, name="x") == []


def test_provider_change_shows_in_the_version_of_the_calendar(desk: Desk) -> None:
    one = desk.provider("One", "Mars/Olympus")
    _changed(desk, one, name="After")
    desk.send("provider_set_clock", time_zone="Mars/Olympus", clock="UTC")
    assert desk.one("SELECT calendar_version FROM provider WHERE id = %s", one) == 3


def test_provider_change_is_made_to_the_version_that_was_meant(desk: Desk) -> None:
    one = desk.provider("Before", "UTC")
    assert _changed(desk, one, name="After", version=2) == []
    [row] = _changed(desk, one, name="After", version=1)
    assert (row.name, row.version) == ("After", 2)
    assert _changed(desk, one, name="Again", version=1) == []


def test_provider_set_clock_is_a_change_like_any_other(desk: Desk) -> None:
    one = desk.provider("One", "Mars/Olympus")
    for _ in range(2):
        desk.send("provider_set_clock", time_zone="Mars/Olympus", clock="UTC")
    assert desk.one("SELECT version FROM provider WHERE id = %s", one) == 2


def _changed(desk: Desk, provider_id: int, version: int = 0, **changes: Any) -> list[Any]:
    given = {"name": "", "time_zone": "", "clock": "", "kind": "", "per_day": 0} | changes
    return desk.run("provider_change", provider_id=provider_id, version=version, **given)


def test_provider_zones_tell_whose_clock_each_is_shown_by(desk: Desk) -> None:
    desk.provider("One", "Asia/Kolkata")
    desk.provider("Two", "Mars/Olympus")
    desk.send("provider_set_clock", time_zone="Mars/Olympus", clock="UTC")
    clocks = {row.time_zone: row.clock for row in desk.run("provider_zones")}
    assert (clocks["Asia/Kolkata"], clocks["Mars/Olympus"]) == ("Asia/Kolkata", "UTC")


def test_provider_set_clock_of_the_zone_itself_takes_another_one_away(desk: Desk) -> None:
    one = desk.provider("One", "Mars/Olympus")
    for clock, kept in (("UTC", "UTC"), ("Mars/Olympus", None)):
        desk.send("provider_set_clock", time_zone="Mars/Olympus", clock=clock)
        assert desk.one("SELECT clock FROM provider WHERE id = %s", one) == kept


def test_provider_change_of_the_zone_changes_the_clock_with_it(desk: Desk) -> None:
    one = desk.provider("One", "UTC")
    changes = [("CET", "Europe/Berlin", "Europe/Berlin"), ("", "", "Europe/Berlin"),
               ("Asia/Tokyo", "Asia/Tokyo", None)]  # fmt: skip
    for time_zone, clock, kept in changes:
        _changed(desk, one, time_zone=time_zone, clock=clock)
        assert desk.one("SELECT clock FROM provider WHERE id = %s", one) == kept


def test_provider_zone_offsets_are_those_of_the_clock_at_each_instant(desk: Desk) -> None:
    instants = [NOON, NOON + timedelta(days=183)]
    [(offsets,)] = desk.run("provider_zone_offsets", time_zone="Europe/Berlin", instants=instants)
    assert offsets == [7200, 3600]
    with pytest.raises(psycopg2.errors.InvalidParameterValue):
        desk.run("provider_zone_offsets", time_zone="Mars/Olympus", instants=instants)


def test_provider_zone_twin_is_known_and_shows_the_same(desk: Desk) -> None:
    names = ["CET", "Europe/Berlin", "Europe/London", "Europe/Paris", "Mars/Olympus"]
    found = {"instants": [NOON], "offsets": [7200], "names": names}
    assert desk.run("provider_zone_twin", **found) == [("Europe/Berlin",)]
    assert desk.run("provider_zone_twin", **found | {"offsets": [-7200]}) == []
