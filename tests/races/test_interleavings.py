"""Two and three sessions on real PostgreSQL, step by step.

First the plain story: A has decided but not committed, B comes and has to wait, or hears that
something is locked and comes again; A ends, and B hears the truth. Then every order in which the
steps of two transactions can follow each other; the table says which verdicts there may be, and
each of them must come about. So do those of three.

TRIOS=all plays the long scenes of three too, and those alike in every order of theirs, some 20,000
orders.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from service.settings import Settings
from service.store.postgres import dsn
from tests.races.conftest import calm
from tests.races.plays import every_play
from tests.races.scenes import SCENES, Scene
from tests.races.sessions import QUERIES, Act, Session
from tests.races.stage import Stage
from tests.races.trios import LONG, SHORT, Trio

EVERY_SCENE = pytest.mark.parametrize(
    ("scene", "first", "alone", "others"), SCENES, ids=[scene.__name__ for scene, *_ in SCENES]
)

ALL = os.environ.get("TRIOS") == "all"
PLAYED = [*SHORT, *LONG] if ALL else SHORT
EVERY_TRIO = pytest.mark.parametrize("trio", PLAYED, ids=[one.scene.__name__ for one in PLAYED])


@pytest.fixture(scope="module")
def watcher(settings: Settings) -> Iterator[Any]:
    connection = psycopg2.connect(dsn(settings))  # with plans that are made once
    connection.autocommit = True
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def sessions(settings: Settings, watcher: Any) -> Iterator[Sequence[Session]]:
    sessions = [Session(dsn(settings), watcher) for _ in range(3)]
    yield sessions
    for session in sessions:
        session.close()


@pytest.fixture(scope="module", autouse=True)
def unbroken_in_the_end(watcher: Any, postgres_log: Path) -> Iterator[None]:
    with calm(postgres_log):
        yield
    with watcher.cursor() as cursor:
        cursor.execute(QUERIES["invariants_broken"].text)
        assert cursor.fetchall() == []


@pytest.fixture(scope="module")
def stage(watcher: Any) -> Stage:
    return Stage(watcher)


def right(stage: Stage, slot_ids: Sequence[int]) -> bool:
    """Whether each slot's counter is the number of its appointments."""
    return all(len(set(stage.counted(slot_id))) == 1 for slot_id in slot_ids)


@EVERY_SCENE
def test_who_comes_while_another_is_deciding_hears_the_truth_when_that_has_ended(
    scene: Scene,
    first: str,
    alone: str,
    others: set[str],
    stage: Stage,
    sessions: Sequence[Session],
) -> None:
    for end in ("COMMIT", "ROLLBACK"):
        (a, b), slot_ids = scene(stage)
        one, other, _ = sessions
        for text in a.steps[:-1]:
            assert one.step(text, a.parameters)
        steps = iter(b.steps)
        waits = not all(other.step(text, b.parameters) for text in steps)
        assert waits or "locked" in other.verdicts
        assert one.step(end, {})
        if waits:
            assert other.ended()
        for text in steps:
            assert other.step(text, b.parameters)
        other.come_again(b)
        said = " ".join(one.verdicts + other.verdicts)
        assert said == (first if end == "COMMIT" else " ".join([*one.verdicts, alone]))
        assert right(stage, slot_ids)


@EVERY_SCENE
def test_every_order_of_steps_comes_to_a_right_end(
    scene: Scene,
    first: str,
    alone: str,
    others: set[str],
    stage: Stage,
    sessions: Sequence[Session],
) -> None:
    seen: set[str] = set()
    for play in every_play(lambda: scene(stage), sessions):
        seen.add(play.said)
        assert right(stage, play.slot_ids), play.order
    assert seen == {first} | others


@EVERY_TRIO
@pytest.mark.timeout(3600)
def test_every_order_of_three_comes_to_a_right_end(
    trio: Trio, stage: Stage, sessions: Sequence[Session]
) -> None:
    seen: Counter[str] = Counter()
    for play in every_play(lambda: trio.scene(stage), sessions, () if ALL else trio.alike):
        seen[play.said] += 1
        assert right(stage, play.slot_ids), play.order
    if ALL:
        print(f"\n{trio.scene.__name__}: {seen.total()} orders, {dict(seen)}")
        assert set(seen) == trio.said
    assert trio.heard(seen) == trio.heard(trio.said)


def test_a_confirmation_that_began_before_the_end_and_is_decided_after_it_comes_too_late(
    stage: Stage, sessions: Sequence[Session]
) -> None:
    """Others have counted without it since. They do not take the place from under it, but wait."""
    slot = stage.slot()
    late = stage.waiting(slot, seconds=1)
    confirm, book = stage.confirm(late), stage.book(slot)
    one, other, _ = sessions
    *locks, decide, commit = confirm.steps
    for text in locks:
        assert one.step(text, confirm.parameters)
    time.sleep(1.1)
    for text in book.steps:
        assert other.step(text, book.parameters)
    assert other.verdicts == ["locked"]
    for text in (decide, commit):
        assert one.step(text, confirm.parameters)
    assert one.verdicts == ["locked"]
    other.come_again(book)
    assert other.verdicts == ["booked"]
    one.come_again(confirm)
    assert one.verdicts == ["hold_expired"]


def test_a_key_that_comes_free_between_lock_and_look_is_still_in_flight(
    stage: Stage, sessions: Sequence[Session]
) -> None:
    """What its last holder committed may be too new to be seen."""
    claim = Act("idempotency_claim", {"account_id": stage.actor, "key": "k", "fingerprint": "f"})
    one, other, _ = sessions
    lock, look, commit = claim.steps
    assert one.step(lock, claim.parameters)
    assert one.step(look, claim.parameters)
    assert one.verdicts == [None]
    assert other.step(lock, claim.parameters)
    assert one.step("ROLLBACK", {})
    assert other.step(look, claim.parameters)
    assert other.verdicts == ["key_in_flight"]
    assert other.step(commit, {})
