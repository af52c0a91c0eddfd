"""The checker of what happens around a booking: it finds each broken promise, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.prove.around.tale.story import ADA, BEN, CY, Line, day
from tests.prove.checker.judge import judge

BAD: list[tuple[str, Callable[[Line], object]]] = []


def violates(name: str) -> Callable[[Callable[[Line], object]], Callable[[Line], object]]:
    """What follows spoils an honest history so that this invariant, and no other, is violated."""

    def keep(spoil: Callable[[Line], object]) -> Callable[[Line], object]:
        BAD.append((name, spoil))
        return spoil

    return keep


def outcomes(line: Line) -> dict[str, str]:
    found = {one.name: one.outcome for one in judge(line.story.evidence())}
    return {f"I{n}": found[f"I{n}"] for n in range(30, 35)}


def rows(line: Line, when: float) -> list[list[Any]]:
    """The rows of the commit of that moment."""
    return next(one.rows for one in line.story.stream if one.committed == when)


def without(line: Line, when: float, *wanted: tuple[str, int]) -> None:
    """Take rows of some tables about some numbers out of a commit."""
    found = rows(line, when)
    found[:] = [row for row in found if (row[0], row[2]) not in wanted]


def test_an_honest_day_violates_nothing_and_shows_something_of_everything() -> None:
    assert outcomes(day()) == {f"I{n}": "OK" for n in range(30, 35)}


@violates("I30")
def a_hold_is_confirmed_after_its_end(line: Line) -> None:
    rows(line, 10)[0][-1] = 13.0


@violates("I30")
def a_hold_is_refused_before_its_end(line: Line) -> None:
    refused = {"code": "hold_expired"}
    line.story.asked("seal", "ada", 14.0, 409, refused, tag="s9", nonce="s9", appointment=10)


@violates("I30")
def somebody_loses_to_nobody(line: Line) -> None:
    refused = {"code": "slot_taken"}
    line.story.asked("grab", "cy", 20.0, 409, refused, tag="g9", nonce="g9", place=2)


@violates("I31")
def what_is_left_is_free_for_a_moment(line: Line) -> None:
    found = rows(line, 30)
    later = found[4:]
    del found[4:]
    line.story.commit(*later).committed = 30.5
    stream = line.story.stream
    stream.insert(stream.index(next(one for one in stream if one.committed == 32)), stream.pop())


@violates("I31")
def the_second_in_line_is_offered_it(line: Line) -> None:
    offer = rows(line, 30)[4:]
    offer[0][5], offer[2][2], offer[2][3] = CY, 2, CY
    without(line, 96, ("waiting", 2), ("appointment", 12))
    rows(line, 96).append(["waiting", "UPDATE", 1, BEN, 1, 0, 0, 100.0, 200.0, 1, 12, 0.0])


@violates("I31")
def what_has_run_out_goes_to_a_stranger(line: Line) -> None:
    without(line, 96, ("waiting", 2))
    next(row for row in rows(line, 96) if row[:3] == ["appointment", "INSERT", 12])[5] = ADA


@violates("I32")
def half_a_set_is_moved(line: Line) -> None:
    without(line, 120, ("appointment", 13), ("appointment_history", 13))


@violates("I33")
def a_date_of_a_series_is_not_there(line: Line) -> None:
    without(line, 130, ("appointment", 15), ("appointment_history", 15))


@violates("I34")
def a_success_is_not_in_the_log(line: Line) -> None:
    found = rows(line, 32)
    found[:] = [row for row in found if row[0] != "idempotency"]


@violates("I34")
def what_nobody_asked_for_is_there(line: Line) -> None:
    line.story.operations = [one for one in line.story.operations if one.args.get("tag") != "g1"]


@pytest.mark.parametrize(("name", "spoil"), BAD, ids=[spoil.__name__ for _, spoil in BAD])
def test_a_broken_promise_is_found(name: str, spoil: Callable[[Line], object]) -> None:
    line = day()
    spoil(line)
    found = outcomes(line)
    assert [one for one, outcome in found.items() if outcome == "VIOLATED"] == [name]
