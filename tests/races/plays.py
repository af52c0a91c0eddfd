"""Every order in which the steps of several sessions can really follow each other."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tests.races.sessions import Act, Hold, Session, Stuck

Acts = Sequence[Act | Hold]


class Play(NamedTuple):
    """One order as it was played, and what each session heard in the end."""

    order: tuple[int, ...]
    said: str
    slot_ids: Sequence[int]


class Turn(NamedTuple):
    """Whose turn it was, and whose it might have been."""

    number: int
    free: tuple[int, ...]


def every_play(
    scene: Callable[[], tuple[Acts, Sequence[int]]], sessions: Sequence[Session]
) -> Iterator[Play]:
    """Plays the scene, anew each time, in every order: whoever waits for a lock has no turn.

    Each play follows the one before up to the last turn that might have been another's.
    """
    begin: list[int] = []
    while True:
        acts, slot_ids = scene()
        turns = _play(begin, acts, sessions)
        said = " ".join(
            word for session, _ in zip(sessions, acts, strict=False) for word in session.verdicts
        )
        yield Play(tuple(turn.number for turn in turns), said, slot_ids)
        while turns and turns[-1].number == turns[-1].free[-1]:
            turns.pop()
        if not turns:
            return
        last = turns.pop()
        begin = [turn.number for turn in turns] + [last.free[last.free.index(last.number) + 1]]


def _play(begin: Sequence[int], acts: Acts, sessions: Sequence[Session]) -> list[Turn]:
    scripts = [deque(act.steps) for act in acts]
    waiting: set[int] = set()
    turns: list[Turn] = []
    while any(scripts) or waiting:
        free = tuple(n for n, script in enumerate(scripts) if script and n not in waiting)
        if not free:
            raise Stuck
        number = begin[len(turns)] if len(turns) < len(begin) else free[0]
        turns.append(Turn(number, free))
        if not sessions[number].step(scripts[number].popleft(), acts[number].parameters):
            waiting.add(number)
        if not scripts[number]:  # it has ended, and its locks with it
            waiting = {other for other in waiting if not sessions[other].ended()}
    return turns
