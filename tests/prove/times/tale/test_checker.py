"""The checker of times: nothing in an honest history, and each broken promise in a bad one."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.prove.checker.judge import judge
from tests.prove.story import Story, honest
from tests.prove.times.tale.story import ELEVEN, HOUR, ONE, Clinic, with_times

BAD: list[tuple[str, Callable[[Clinic], object]]] = []


def violates(*names: str) -> Callable[[Callable[[Clinic], object]], Callable[[Clinic], object]]:
    """What follows spoils an honest history so that these invariants are violated."""

    def keep(spoil: Callable[[Clinic], object]) -> Callable[[Clinic], object]:
        BAD.extend((name, spoil) for name in names)
        return spoil

    return keep


def day() -> Clinic:
    story = honest()
    clinic = with_times(story)
    story.finish()
    return clinic


def outcomes(story: Story) -> dict[str, Any]:
    return {one.name: one for one in judge(story.evidence())}


def asked(clinic: Clinic, verb: str, nth: int = 0) -> Any:
    return [one for one in clinic.story.operations if one.verb == verb][nth]


def commit(clinic: Clinic, table: str, number: int, nth: int = 0) -> Any:
    """The nth commit with a row of this table about this number."""
    return [
        one
        for one in clinic.story.stream
        if any(row[0] == table and row[2] == number for row in one.rows)
    ][nth]


def test_an_honest_day_violates_nothing_and_shows_something_of_everything() -> None:
    found = outcomes(day().story)
    assert [(name, one.outcome) for name, one in found.items()][:29] == [
        (f"I{n}", "OK") for n in range(1, 30)
    ], [one.violations for one in found.values() if one.wrong]


@violates("I23", "I4")
def two_times_overlap(clinic: Clinic) -> None:
    clinic.taken(30, "ada", 60, ONE + HOUR, "t90")


@violates("I24")
def a_slot_stays_when_the_last_one_has_left(clinic: Clinic) -> None:
    commit(clinic, "slot", 50, 1).rows[1][7][10] = False


@violates("I24")
def a_room_stays_when_its_slot_is_gone(clinic: Clinic) -> None:
    commit(clinic, "slot", 51, 1).rows[2][7][10] = False


@violates("I24")
def a_slot_goes_with_somebody_in_it(clinic: Clinic) -> None:
    commit(clinic, "slot", 54).rows[2][7][10] = True


@violates("I25", "I9")
def explain_says_no_where_booking_says_yes(clinic: Clinic) -> None:
    asked(clinic, "explain", 1).body = {
        "bookable": False, "reasons": [["closed", 1]], "times": []
    }  # fmt: skip


@violates("I25", "I9")
def the_list_leaves_out_what_can_be_booked(clinic: Clinic) -> None:
    asked(clinic, "times", 1).body["times"].clear()


@violates("I9")
def a_list_shows_what_is_taken(clinic: Clinic) -> None:
    asked(clinic, "times").body["times"].insert(0, [ELEVEN - HOUR, 1, 1, 0])


@violates("I9")
def a_dry_run_names_somebody_else(clinic: Clinic) -> None:
    asked(clinic, "dry").body["provider"] = 9


@violates("I9")
def what_is_offered_instead_is_taken(clinic: Clinic) -> None:
    asked(clinic, "take", 1).body["times"][0][0] -= HOUR


@violates("I10")
def a_free_time_is_refused(clinic: Clinic) -> None:
    asked(clinic, "take", 1).args["at"] = ELEVEN


@violates("I10")
def a_time_is_refused_for_another_reason(clinic: Clinic) -> None:
    asked(clinic, "take", 1).body = {"code": "closed"}


@violates("I26")
def hours_that_change_cancel_somebody(clinic: Clinic) -> None:
    row = clinic.story.rows[21]
    commit(clinic, "schedule_day", 1, 1).rows.append(["appointment", "UPDATE", *row])


@violates("I26")
def hours_that_change_do_not_tell_who_is_outside(clinic: Clinic) -> None:
    commit(clinic, "schedule_day", 1, 1).rows[0][5] = "10:00:00"  # when they close


@violates("I27")
def somebody_has_more_than_the_service_allows(clinic: Clinic) -> None:
    clinic.taken(30, "ben", 60, ONE + 2 * HOUR, "t90")
    clinic.taken(31, "ben", 62, ONE + 26 * HOUR, "t91")


@violates("I28")
def a_time_is_taken_without_its_room(clinic: Clinic) -> None:
    commit(clinic, "slot", 53).rows.pop(1)


@violates("I29")
def a_turn_is_not_counted(clinic: Clinic) -> None:
    rows = commit(clinic, "slot", 52).rows
    rows[:] = [row for row in rows if row[0] != "service_provider"]


@violates("I29")
def a_turn_is_counted_twice(clinic: Clinic) -> None:
    row = next(row for row in commit(clinic, "slot", 52).rows if row[0] == "service_provider")
    row[5] += 1


@violates("I3")
def a_time_that_was_promised_is_another(clinic: Clinic) -> None:
    asked(clinic, "take").args["at"] += HOUR


@violates("I4")
def hours_become_others(clinic: Clinic) -> None:
    asked(clinic, "hours").args["daily"] = [["09:00", "16:00"]]


@violates("I19")
def a_time_is_given_that_is_too_far(clinic: Clinic) -> None:
    rows = clinic.story.stream
    document = next(row for one in rows for row in one.rows if row[0] == "service_version")
    document[4] = document[4] | {"lead_minutes": 60 * 24}


@pytest.mark.parametrize(("name", "spoil"), BAD, ids=lambda one: getattr(one, "__name__", one))
def test_it_sees(name: str, spoil: Callable[[Clinic], object]) -> None:
    clinic = day()
    spoil(clinic)
    assert outcomes(clinic.story)[name].outcome == "VIOLATED"


def test_every_invariant_of_times_has_a_history_that_violates_it() -> None:
    assert {f"I{n}" for n in range(23, 30)} <= {name for name, _ in BAD}
