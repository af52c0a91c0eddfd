"""checker/hooks.py: it finds nothing in what was heard well, and each broken promise elsewhere."""

from collections.abc import Callable

import pytest

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.hooks import heard
from tests.prove.hooks.hearing import Heard
from tests.prove.witness import Transaction

HISTORY = [Transaction(n, n, [["appointment_history", "INSERT", 11]]) for n in (1, 2)]


def well() -> list[Heard]:
    """Two events of appointment 11, of which the first is taken when it comes again."""
    return [
        Heard(1.0, 1.1, 5, "slot.created", 0, 0, True, True),
        Heard(1.0, 1.1, 6, "appointment.booked", 11, 1, False, True),
        Heard(6.0, 6.1, 6, "appointment.booked", 11, 1, True, True),
        Heard(6.2, 6.3, 7, "appointment.cancelled", 11, 2, True, True),
        Heard(7.2, 7.3, 7, "appointment.cancelled", 11, 2, True, True),
    ]


def judged(came: list[Heard], **facts: int) -> list[str]:
    verdict = heard(Evidence([], HISTORY, heard=came, facts=facts))
    assert verdict.checked
    return [one.words for one in verdict.violations]


def test_what_was_heard_well_violates_nothing() -> None:
    assert judged(well()) == []


def test_what_nobody_heard_is_not_called_right() -> None:
    assert heard(Evidence([], HISTORY)).checked == 0


BAD: dict[str, Callable[[list[Heard]], object]] = {
    "event 6 was not taken": lambda came: came.pop(2),
    "came before 6 was taken": lambda came: setattr(came[3], "arrived_at", 6.05),
    "heard of versions [2]": lambda came: (came.pop(), came.pop()),
    "without a right signature": lambda came: setattr(came[0], "signed", False),
}


@pytest.mark.parametrize("words", BAD)
def test_each_broken_promise_is_found(words: str) -> None:
    came = well()
    BAD[words](came)
    assert any(words in one for one in judged(came))


def test_what_is_still_to_be_told_is_not_forgotten() -> None:
    assert judged(well(), untold=3) == ["3 are still to be told"]
