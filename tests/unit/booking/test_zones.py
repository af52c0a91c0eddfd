"""booking/calendar/zones.py: what Python takes the clocks of a zone to show."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from service.booking.calendar import zones
from tests.live import ROOT

SINCE = date(2027, 1, 1)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("Europe/Berlin", ["2027-03-28T01:00Z", "2027-10-31T01:00Z"]),
        ("Australia/Lord_Howe", ["2027-04-03T15:00Z", "2027-10-02T15:30Z"]),
        ("Asia/Tokyo", []),
    ],
)
def test_each_change_of_the_clocks_is_looked_at_from_both_sides(
    name: str, changes: list[str]
) -> None:
    instants = zones.instants(name, SINCE)
    found = [at for at in instants if (at - instants[0]) % zones.WEEK and at.year == 2027]
    looked_at = [datetime.fromisoformat(change) for change in changes]
    assert found == sorted(looked_at + [at - SECOND for at in looked_at])
    assert instants == sorted(instants)
    assert instants[-1] - instants[0] >= timedelta(days=364 * zones.YEARS - 7)


def test_offsets_are_those_of_the_zone_at_each_instant() -> None:
    at = [datetime(2027, 1, 5, tzinfo=UTC), datetime(2027, 7, 5, tzinfo=UTC)]
    assert zones.offsets("Pacific/Chatham", at) == [49500, 45900]


def test_twins_show_the_same_all_the_time() -> None:
    twins = zones.twins("CET", SINCE)
    assert {"Europe/Berlin", "Europe/Paris"} <= set(twins)
    assert not {"CET", "Europe/London", "Africa/Algiers"} & set(twins)
    assert "Australia/LHI" in zones.twins("Australia/Lord_Howe", SINCE)


@pytest.mark.parametrize(("system", "used"), [("1999a", "package"), ("9999z", "system")])
def test_the_newer_of_the_systems_data_and_the_packages_is_used(
    tmp_path: Path, system: str, used: str
) -> None:
    """In a process of its own, since it is decided once."""
    (tmp_path / "tzdata.zi").write_text(f"# version {system}\nZ Etc/UTC 0 - UTC\n")
    program = f"""
import zoneinfo
zoneinfo.reset_tzpath(to=[{str(tmp_path)!r}])
from service.booking.calendar import zones
from tests.live import ROOT
print(zones.version() == {system!r}, zones.version() == zones.package_version())
"""
    said = subprocess.check_output([sys.executable, "-c", program], text=True, cwd=ROOT, timeout=60)
    assert said.split() == [str(used == "system"), str(used == "package")]
