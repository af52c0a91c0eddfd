"""The schema knows the actions and the statuses that the table has, and no others."""

from typing import Any

import pytest

from service.booking.actions import ACTIONS, CHANGES, ENDINGS, RESCHEDULE, Action
from service.booking.status import STATUSES
from tests.sql.desk import Desk

WORDS = {
    "appointment_history_action_known": CHANGES,
    "appointment_status_known": STATUSES,
}


@pytest.mark.parametrize("constraint", WORDS)
def test_the_schema_takes_the_words_of_the_table(constraint: str, desk: Desk) -> None:
    known = desk.one(
        "SELECT array_agg(word[1] ORDER BY word[1])"
        "  FROM pg_constraint, regexp_matches(pg_get_constraintdef(oid), '''(\\w+)''', 'g') AS word"
        " WHERE conname = %s",
        constraint,
    )
    assert known == sorted(WORDS[constraint])


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_what_an_action_can_begin_with_is_open(action: Action, desk: Desk) -> None:
    """By moving it, or coming to an end."""
    begins: set[Any] = {one.before for one in (RESCHEDULE, *ENDINGS.values())}
    assert desk.one("SELECT is_open(%s)", action.after) == (action.after in begins)
