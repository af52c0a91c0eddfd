"""QUESTIONS sets how many are asked at least, QUESTIONS_SEED the dice."""

import os
import random
import time
from collections import Counter
from typing import Any

import pytest

from tests.sql.calendar.questions.ask import Asking
from tests.sql.calendar.questions.clinic import EACH, Clinic
from tests.sql.desk import Desk

QUESTIONS = int(os.environ.get("QUESTIONS", "300"))
SEED = int(os.environ.get("QUESTIONS_SEED", "1"))
ROUNDS = 20  # to one clinic: some questions at once, and one of which something may come


@pytest.mark.timeout(120 + QUESTIONS / 10)
def test_time_explain_the_list_a_dry_run_and_booking_say_the_same(desk: Desk) -> None:
    desk.prepared = set()
    dice, seen, began = random.Random(SEED), Counter[str](), time.monotonic()
    for number in range(-(-QUESTIONS // (ROUNDS * (EACH + 1)))):
        wrong: list[Any] = []
        clinic = Clinic(desk, dice)
        asking = Asking(clinic, seen, wrong)
        for _ in range(ROUNDS):
            asking.survey()
            asking.ask()
            assert not wrong, f"{wrong} in clinic {number}: {clinic.times.providers}"
        assert desk.run("invariants_broken") == []
        desk.cursor.connection.rollback()
    if "QUESTIONS" in os.environ:
        print(f"\n{QUESTIONS} questions in {time.monotonic() - began:.0f} s")
        print(*(f"{said}: {count}" for said, count in seen.most_common()), sep=", ")
    assert {"booked", "closed", "slot_taken", "listed", "move moved"} <= {*seen}
