"""run.py doctor: each rule on facts, and the whole on real servers, well and ill."""

import json
import resource
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from service.booking.calendar.zones import offsets
from service.cli.diagnosis import machine, servers, zones
from service.settings import Settings
from service.store.checks.probe import Clock, PostgresFacts, RedisFacts, ZoneFacts
from tests.command.conftest import Booking

NOW = Clock(0.0, 0.001)
ABOUT: dict[str, Any] = {
    "version": "18.6",
    "version_number": 180006,
    "standby": False,
    "wal_level": "replica",
    "data_checksums": "on",
    "connections_left": 90,
    "role": "booking",
    "may_migrate": True,
}
INFO: dict[str, Any] = {
    "redis_version": "7.2.4",
    "role": "master",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "maxmemory_policy": "noeviction",
    "maxmemory": 0,
    "used_memory": 1000,
}


def _postgres(faults: list[str] | None = None, **about: Any) -> list[tuple[str, str]]:
    facts = PostgresFacts(SimpleNamespace(**ABOUT | about), faults or [], NOW, [])
    found = servers.of_postgres(facts, pool_size=8)
    return [(one.state, one.said) for one in found if one.state != "ok"]


def _redis(appendfsync: str = "everysec", **info: Any) -> list[tuple[str, str]]:
    found = servers.of_redis(RedisFacts(INFO | info, appendfsync, NOW))
    return [(one.state, one.said) for one in found if one.state != "ok"]


def test_servers_that_are_as_they_should_be_are_not_complained_of() -> None:
    assert _postgres() == []
    assert _redis() == []
    assert _redis(appendfsync="") == []  # CONFIG may be closed to us
    assert _redis(valkey_version="9.1.2") == []


@pytest.mark.parametrize(
    ("about", "state", "said"),
    [
        ({"standby": True}, "fail", "standby"),
        ({"wal_level": "minimal"}, "warn", "wal_level is minimal"),
        ({"data_checksums": "off"}, "warn", "checksums are off"),
        ({"connections_left": 7}, "warn", "7 connections left, POOL_SIZE is 8"),
        ({"may_migrate": False}, "warn", "may not change the schema"),
        ({"faults": ["PostgreSQL has fsync off, so it may lose: turn it on"]}, "fail", "fsync off"),
    ],
)
def test_what_is_wrong_with_postgresql_is_said(
    about: dict[str, Any], state: str, said: str
) -> None:
    [(found, words)] = _postgres(**about)
    assert (found, said in words) == (state, True)


@pytest.mark.parametrize(
    ("info", "state", "said"),
    [
        ({"redis_version": "5.0.1"}, "fail", "5.0.1 is too old"),
        ({"role": "slave"}, "fail", "replica"),
        ({"aof_enabled": 0}, "fail", "appendonly is off"),
        ({"aof_last_write_status": "err"}, "fail", "could not write"),
        ({"appendfsync": "no"}, "warn", "appendfsync is no"),
        ({"maxmemory_policy": "allkeys-lru"}, "fail", "maxmemory-policy is allkeys-lru"),
        ({"maxmemory": 1001}, "warn", "nearly full"),
    ],
)
def test_what_is_wrong_with_redis_is_said(info: dict[str, Any], state: str, said: str) -> None:
    [(found, words)] = _redis(**info)
    assert (found, said in words) == (state, True)


@pytest.mark.parametrize(
    ("ahead", "asked", "state"),
    [(0.1, 0.0, "ok"), (-0.9, 1.0, "ok"), (1.0, 0.0, "warn"), (-4.0, 0.0, "warn"), (-6, 0, "fail")],
)
def test_clocks_apart_are_told_as_far_as_asking_can_tell(
    ahead: float, asked: float, state: str
) -> None:
    assert servers.of_clock("Redis", Clock(ahead, asked)).state == state


def test_slots_at_another_time_of_day_than_was_promised_are_told_by_provider() -> None:
    assert zones.of_promises({}).state == "ok"
    found = zones.of_promises({one: 2 * one for one in range(1, 8)})
    assert found.state == "warn"
    assert "2 of provider 1, 4 of provider 2, " in found.said
    assert found.said.endswith("10 of provider 5 and of 2 more")


def test_zones_that_one_side_does_not_know_or_that_differ_are_told() -> None:
    berlin = offsets("Europe/Berlin", zones.compared_at("Europe/Berlin"))
    late = [*berlin[:-1], berlin[-1] + 1]
    facts = [
        ZoneFacts("Europe/Berlin", "Europe/Berlin", berlin),
        ZoneFacts("CET", "Europe/Berlin", berlin),
        ZoneFacts("Europe/Paris", "Europe/Paris", late),
        ZoneFacts("Mars/Olympus", "Mars/Olympus", [0]),
        ZoneFacts("Asia/Tokyo", "Asia/Tokyo", None),
    ]
    found = list(zones.of_zones(PostgresFacts(None, [], NOW, facts)))
    last = zones.compared_at("Europe/Paris")[-1]
    assert [(one.state, one.said) for one in found[:-1]] == [
        ("ok", "PostgreSQL shows CET by the clock of Europe/Berlin, which is the same"),
        ("fail", f"Python and PostgreSQL differ on Europe/Paris from {last:%Y-%m-%d}"),
        ("fail", "Python does not know Mars/Olympus, which a provider has"),
        ("fail", "PostgreSQL does not know Asia/Tokyo, which a provider has"),
    ]
    assert "agrees on 2 of 5" in found[-1].said


def test_settings_that_are_hardly_meant_are_told() -> None:
    careless = Settings(
        bcrypt_rounds=4, rate_limit=False, host="0.0.0.0", xheaders=True, redis_url="redis://cache"
    )
    assert [one.state for one in machine.of_settings(careless)] == ["warn"] * 4
    assert [one.state for one in machine.of_settings(Settings())] == ["ok"]
    (renamed,) = machine.of_settings(Settings.load({"BCRYPT_THREADS": "2"}))
    assert (renamed.state, "BCRYPT_PROCESSES" in renamed.said) == ("warn", True)


@pytest.mark.parametrize(("seconds", "state"), [(0.25, "ok"), (1.5, "warn"), (3.1, "fail")])
def test_slow_passwords_are_told(seconds: float, state: str) -> None:
    assert machine.of_passwords(seconds, "", Settings()).state == state


@pytest.mark.parametrize(("free", "state"), [(10**8, "fail"), (10**9, "warn"), (10**11, "ok")])
def test_a_full_disk_is_told(free: int, state: str) -> None:
    usage = namedtuple("usage", "total used free")(10**12, 0, free)
    with patch.object(machine.shutil, "disk_usage", return_value=usage):
        assert machine.of_disk(Path("/")).state == state


@pytest.mark.parametrize(("limit", "state"), [(256, "fail"), (1024, "warn"), (65536, "ok")])
def test_few_files_are_told(limit: int, state: str) -> None:
    with patch.object(resource, "getrlimit", return_value=(limit, limit)):
        assert machine.of_files().state == state


def test_servers_of_a_test_are_ill_and_it_says_how_to_mend_them(booking: Booking) -> None:
    """They are not durable: fsync and what belongs to it is off."""
    said = booking("doctor --json")
    found = json.loads(said.out)
    assert said.code == 1
    fails = {one["said"]: one["mend"] for one in found if one["state"] == "fail"}
    assert len(fails) == 2  # synchronous_commit is off too, but our sessions turn it on
    assert all("so a crash may lose bookings" in said for said in fails)
    assert set(fails.values()) == {"turn it on"}
    about = {one["about"] for one in found}
    assert {"settings", "machine", "passwords", "PostgreSQL", "Redis", "clocks"} <= about
    assert {"time zones", "schema"} <= about


@pytest.mark.parametrize(
    ("redis", "why"),
    [
        ("redis://127.0.0.1:1", "Error 111 connecting to 127.0.0.1:1."),
        ("redis+sentinel://127.0.0.1:1/booking", "No master found for 'booking'"),
        ("redis+cluster://127.0.0.1:1", "Redis Cluster cannot be connected."),
    ],
)
def test_servers_that_do_not_answer_are_told_each(booking: Booking, redis: str, why: str) -> None:
    said = booking("doctor", DATABASE_URL="postgresql://127.0.0.1:1/x", REDIS_URL=redis)
    assert said.code == 1
    assert "fail  PostgreSQL  connection to server at" in said.out
    assert f"fail  Redis       {why}" in said.out
    assert max(len(line) for line in said.out.splitlines()) < 80
    assert "\x1b" not in said.out


def test_a_schema_that_is_not_this_codes_is_told(booking: Booking, rows: Any) -> None:
    rows.execute("INSERT INTO schema_migration VALUES (9999, 'later', 'x')")
    try:
        assert "The schema is newer than this code" in booking("doctor").out
        status = booking("migrate --status")
        assert status.code == 1
        assert "9999  newer" in status.out
        refused = booking("user list")
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "newer than this code" in refused.err
        rows.execute("UPDATE schema_migration SET serves = 1 WHERE version = 9999")
        status = booking("migrate --status")
        assert status.code == 0
        assert "9999  ahead" in status.out
        assert "ahead of this code, and serves it" in status.out
        assert booking("user list").code == 0
    finally:
        rows.execute("DELETE FROM schema_migration WHERE version = 9999")
    rows.execute("UPDATE schema_migration SET checksum = 'x' || checksum WHERE version = 2")
    try:
        states = {one["version"]: one["state"] for one in json.loads(
            booking("migrate --status --json").out)}  # fmt: skip
        assert (states[1], states[2]) == ("applied", "changed")
    finally:
        rows.execute("UPDATE schema_migration SET checksum = substr(checksum, 2) WHERE version = 2")
    assert booking("migrate --status").code == 0
