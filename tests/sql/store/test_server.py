"""sql/queries/server.sql and schema.sql"""

from datetime import UTC, datetime

from service.store.schema.migrate import latest_version
from tests.sql.desk import Desk


def test_server_facts_tell_version_role_and_clock(desk: Desk) -> None:
    [row] = desk.run("server_facts")
    assert row.version_number >= 150000
    assert row.version.startswith(str(row.version_number // 10000))
    assert (row.standby, row.role, row.may_migrate, row.has_clocks) == (
        False,
        "booking",
        True,
        True,
    )
    assert abs((row.clock - datetime.now(UTC)).total_seconds()) < 60
    assert 0 < row.connections_left <= 100


def test_schema_version_is_the_last_migration(desk: Desk) -> None:
    [row] = desk.run("schema_version")
    assert row.version == latest_version()
    assert row.serves <= row.version
