"""Only this machine is loaded, and only within bounds."""

from typing import Any

import pytest

from tests.load.errors import LoadError
from tests.load.plan import Plan
from tests.load.target import check_databases, loopback


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("http://localhost", ("localhost", 80)),
        ("127.1.2.3:81", ("127.1.2.3", 81)),
        ("http://[::1]:8000/", ("::1", 8000)),
    ],
)
def test_this_machine_may_be_loaded(url: str, address: tuple[str, int]) -> None:
    assert loopback(url) == address


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1:8000", "http://0.0.0.0:1", "https://localhost", "http://", "ftp://x"]
)
def test_nothing_else_may(url: str) -> None:
    with pytest.raises(LoadError):
        loopback(url)


def test_databases_elsewhere_are_refused() -> None:
    check_databases("postgresql://b@/b?host=/run/pg", "unix:///run/redis.sock")
    check_databases("postgresql://b@127.0.0.1/b", "redis://127.0.0.1:6379")
    with pytest.raises(LoadError):
        check_databases("postgresql://b@192.0.2.1/b", "redis://127.0.0.1")
    with pytest.raises(LoadError):
        check_databases("postgresql://b@127.0.0.1/b", "redis://192.0.2.1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": 0.5},
        {"connections": 100_000},
        {"seconds": 10_000.0},
        {"ramp": True, "rate": 5.0},
        {"limits": True, "url": "http://127.0.0.1"},
    ],
)
def test_a_plan_out_of_bounds_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(LoadError):
        Plan(scenario="book", **wrong)


def test_a_scenario_has_its_own_number_of_connections() -> None:
    assert Plan(scenario="book").load.connections == 64
    assert Plan(scenario="hot").load.connections == 500
    assert Plan(scenario="hot", rate=100.0).load.connections == 256
    assert Plan(scenario="hot", connections=7).load.connections == 7
