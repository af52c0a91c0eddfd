"""A7: nobody learns who has an account or an appointment, not even from how long the answer takes.

TIMED_PAIRS sets the number of pairs; 2,000 tell a difference of three hundredths.
"""

import os
import time

import pytest

from tests.api.checks import NEVER
from tests.cast import PASSWORD, Api, Given, Person

PAIRS = int(os.environ.get("TIMED_PAIRS", "300"))
TOLERANCE = 0.05 if PAIRS < 2000 else 0.03
TRIES = 3  # whoever else uses the machine may tip one of them, not all the same way


def area(first: list[float], second: list[float]) -> float:
    """How often a time of the first is above one of the second: 0.5 tells nothing (AUC)."""
    ranked = sorted([(one, 0) for one in first] + [(one, 1) for one in second])
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, start=1) if which == 0)
    n, m = len(first), len(second)
    return (ranks - n * (n + 1) / 2) / (n * m)


async def _tells(
    api: Api, first: tuple[str, object], second: tuple[str, object], who: Person | None
) -> float:
    """The area between the times of two calls, asked for in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(PAIRS):
        for which in (number % 2, 1 - number % 2):
            path, body = (first, second)[which]
            began = time.perf_counter()
            reply = await api.call("POST" if body else "GET", path, body, who=who)
            times[which].append(time.perf_counter() - began)
            assert reply.status in (401, 404)
    return area(*times)


def test_the_measure_sees_a_difference() -> None:
    same = [float(n) for n in range(100)]
    assert area(same, same) == pytest.approx(0.5, abs=0.01)
    assert area([one + 20 for one in same], same) > 0.65
    assert area(same, [one + 20 for one in same]) < 0.35


async def test_a_wrong_password_takes_as_long_for_nobody_as_for_somebody(
    api: Api, ada: Person
) -> None:
    known = ("/api/login/", {"username": "ada", "password": "not the one"})
    unknown = ("/api/login/", {"username": "bda", "password": "not the one"})
    told = [abs(await _tells(api, known, unknown, None) - 0.5)]
    while told[-1] > TOLERANCE and len(told) < TRIES:
        told.append(abs(await _tells(api, known, unknown, None) - 0.5))
    assert min(told) <= TOLERANCE, told


async def test_someone_elses_appointment_takes_as_long_as_none(
    api: Api, given: Given, ada: Person, ben: Person
) -> None:
    appointment_id = await given.make_appointment(ada, (await given.make_slots(1))[0])
    theirs = (f"/api/appointments/{appointment_id:013}/", None)
    nobodys = (f"/api/appointments/{NEVER:013}/", None)
    told = [abs(await _tells(api, theirs, nobodys, ben) - 0.5)]
    while told[-1] > TOLERANCE and len(told) < TRIES:
        told.append(abs(await _tells(api, theirs, nobodys, ben) - 0.5))
    assert min(told) <= TOLERANCE, told


async def test_an_address_of_mail_that_is_known_is_not_told_at_registration(
    api: Api, ada: Person
) -> None:
    new = {"username": "namesake", "email": "ada@example.org", "password": PASSWORD}
    reply = await api.post("/api/register/", new)
    assert (reply.status, reply.json["email"]) == (201, "ada@example.org")
