"""Verdicts become answers or errors, one that nobody knows is no reason to decide again, and rows
become pages."""

import logging

import pytest

from service import errors
from service.booking.answer import REFUSED, Answer, Page, judged_all, ruled
from service.lane import AGAIN


def test_each_item_has_its_own_result() -> None:
    rows = [
        (1, "booked", '{"id":1}', 1),
        (2, "slot_taken", "[]", None),
        (3, "again", None, None),
        (4, "replayed", '{"id":2}', 3),
    ]
    booked, taken, again, replayed = judged_all(rows)
    assert booked == Answer('{"id":1}', 1)
    assert isinstance(taken, errors.SlotTaken)
    assert again is AGAIN
    assert replayed == Answer('{"id":2}', 3, replayed=True)


@pytest.mark.parametrize(("verdict", "kind"), REFUSED.items())
def test_each_refusal_is_an_error_of_its_own(verdict: str, kind: type[errors.DomainError]) -> None:
    [result] = judged_all([(1, verdict, None, None)])
    assert type(result) is kind


@pytest.mark.parametrize(("verdict", "kind"), [*REFUSED.items(), ("slot_taken", errors.SlotTaken)])
def test_a_lone_refusal_is_raised(verdict: str, kind: type[errors.DomainError]) -> None:
    with pytest.raises(kind):
        ruled(verdict, None, None)


def test_a_lone_answer_is_returned() -> None:
    assert ruled("changed", '{"id":1}', 2) == Answer('{"id":1}', 2)
    assert ruled("replayed", None, None) == Answer("", replayed=True)


def test_a_verdict_that_nobody_knows_leaves_the_outcome_unknown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(errors.OutcomeUnknown):
        judged_all([(1, "booked", "{}", 1), (2, "surprise", None, None)])
    assert "a verdict could not be read" in caplog.text


@pytest.mark.parametrize(("rows", "shown", "following"), [(0, 0, None), (2, 2, None), (3, 2, 102)])
def test_a_page_says_where_the_next_one_begins_if_there_is_one(
    rows: int, shown: int, following: int | None
) -> None:
    page = Page.of([1, 2, 3][:rows], 2, lambda row: row + 100)
    assert page == Page([1, 2, 3][:shown], following)
