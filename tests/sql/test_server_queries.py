"""sql/queries/server.sql"""

from datetime import UTC, datetime

from tests.sql.desk import NOON, Desk


def test_server_facts_tell_version_role_and_clock(desk: Desk) -> None:
    [row] = desk.run("server_facts")
    assert row.version_number >= 140000
    assert row.version.startswith(str(row.version_number // 10000))
    assert (row.standby, row.role, row.may_migrate, row.has_providers) == (
        False,
        "booking",
        True,
        True,
    )
    assert abs((row.clock - datetime.now(UTC)).total_seconds()) < 60
    assert 0 < row.connections_left <= 100


def test_server_zones_tell_which_are_known(desk: Desk) -> None:
    desk.provider("One", "Asia/Kolkata")
    desk.provider("Two", "Mars/Olympus")
    known = {row.name: row.known for row in desk.run("server_zones")}
    assert (known["Asia/Kolkata"], known["Mars/Olympus"]) == (True, False)


def test_server_wall_clocks_show_each_zone_at_each_instant(desk: Desk) -> None:
    rows = desk.run("server_wall_clocks", zones=["UTC", "Asia/Kolkata"], instants=[NOON])
    assert [(row.name, row.at, row.shown) for row in rows] == [
        ("Asia/Kolkata", NOON, "17:30"),
        ("UTC", NOON, "12:00"),
    ]
