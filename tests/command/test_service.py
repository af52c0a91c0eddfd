"""run.py service ..."""

import json
from typing import Any

from tests.command.conftest import Booking


def _create(booking: Booking, terms: str) -> int:
    said = booking(f"service create --name Massage --minutes 30 {terms}")
    assert said.code == 0, said
    return int(said.out.split()[-1])


def _listed(booking: Booking, flags: str = "") -> list[Any]:
    said = booking(f"service list --json {flags}")
    assert said.code == 0, said
    return list(json.loads(said.out))


def test_a_service_is_created_listed_and_retired(booking: Booking) -> None:
    terms = "--step 15 --before 5 --after 10 --lead 60 --horizon 30 --capacity 4"
    made = _create(booking, f"{terms} --provider 1:50 --need room=2")
    (found,) = [one for one in _listed(booking) if one["id"] == made]
    assert (
        found.items()
        >= {
            "name": "Massage",
            "duration_minutes": 30,
            "step_minutes": 15,
            "buffer_before_minutes": 5,
            "buffer_after_minutes": 10,
            "lead_minutes": 60,
            "horizon_days": 30,
            "capacity": 4,
            "providers": [{"provider": 1, "weight": 50}],
            "needs": {"room": [2]},
        }.items()
    )
    assert booking(f"service retire {made}").out == f"service {made} is retired\n"
    assert made not in [one["id"] for one in _listed(booking)]


def test_what_is_not_said_is_as_usual(booking: Booking) -> None:
    made = _create(booking, "--provider 1 --provider 2")
    (found,) = [one for one in _listed(booking) if one["id"] == made]
    assert [offer["weight"] for offer in found["providers"]] == [100, 100]
    assert (found["step_minutes"], found["horizon_days"], found["needs"]) == (30, 90, {})


def test_the_list_is_a_table_and_may_be_of_one_provider(booking: Booking) -> None:
    other = int(booking("provider create --name Somebody --zone UTC").out.split()[-1])
    assert "There is no such service" in booking(f"service list --provider {other}").out
    made = _create(booking, f"--provider {other} --provider 1")
    assert booking(f"service list --provider {other}").out == (
        f"id  name     minutes  step  providers\n{made:2}  Massage       30    30  1, {other}\n"
    )


def test_what_is_wrong_is_one_sentence(booking: Booking) -> None:
    for line, code, word in (
        ("service create --name X --minutes 30 --provider me", 2, "is not a provider like 7"),
        ("service create --name X --minutes 30 --need room", 2, "is not a need like room=21,22"),
        ("service create --name X --minutes 0", 2, "greater than or equal to 1"),
        ("service create --name X --minutes 30 --provider 999", 2, "There is no provider 999"),
        ("service retire 999", 1, "There is no service 999"),
    ):
        said = booking(line)
        assert (said.code, said.out, said.err.count("\n")) == (code, "", 1), said
        assert word in said.err
