"""Every order in which the steps of several sessions can really follow each other."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tests.races.sessions import Act, Hold, Session, Stuck

Acts = Sequence[Act | Hold]
History = tuple[tuple[int, tuple[int, ...]], ...]  # each turn: whose, and whose it could have been
IN_VAIN = 30  # plays that bring nothing new, until a rare outcome of a race is given up


class Play(NamedTuple):
    """One order as it was played, and what the sessions heard."""

    order: tuple[int, ...]
    said: str
    slot_ids: Sequence[int]


class Plan:
    """A tree of all turns: which were given, and which are left below each.

    When one session ends, chance may decide which of two that wait for it goes on. So a history
    is more than the turns given, and what happened once may have to be waited for.
    """

    def __init__(self) -> None:
        self._left: dict[History, list[int]] = {}
        self._below: dict[History, set[History]] = {}

    def turn(self, history: History, free: tuple[int, ...]) -> int:
        """Whose turn it is: one that was not given yet, else one with such a turn below."""
        left = self._left.setdefault(history, list(free))
        if left:
            return left.pop(0)
        below = self._below.get(history, set())
        return next((one[-1][0] for one in sorted(below)), free[0])

    def ended(self, history: History) -> None:
        """Forget what is complete, so that only what is left stays in the tree."""
        for length in range(len(history), 0, -1):
            here, above = history[:length], history[: length - 1]
            if self._left.get(here) or self._below.get(here):
                self._below.setdefault(above, set()).add(here)
            else:
                self._below.get(above, set()).discard(here)

    @property
    def complete(self) -> bool:
        return () in self._left and not self._left[()] and not self._below.get(())


def every_play(
    scene: Callable[[], tuple[Acts, Sequence[int]]],
    sessions: Sequence[Session],
    alike: Sequence[int] = (),
) -> Iterator[Play]:
    """Plays the scene, anew each time, in every order: whoever waits for a lock has no turn.

    Who did not wait but heard that something is locked comes again when all others have ended.
    Those alike begin one after the other: what else they could do is the same by other names.
    """
    plan, seen, in_vain = Plan(), set[History](), 0
    while not plan.complete and in_vain < IN_VAIN:
        acts, slot_ids = scene()
        history = _play(plan, acts, sessions, alike)
        plan.ended(history)
        in_vain = in_vain + 1 if history in seen else 0
        if not in_vain:
            seen.add(history)
            heard = [session.verdicts for session, _ in zip(sessions, acts, strict=False)]
            order = tuple(number for number, _ in history)
            yield Play(order, " ".join(word for words in heard for word in words), slot_ids)


def _play(plan: Plan, acts: Acts, sessions: Sequence[Session], alike: Sequence[int]) -> History:
    scripts = [deque(act.steps) for act in acts]
    waiting: set[int] = set()
    history: History = ()
    unbegun = list(alike)
    while any(scripts):
        idle = waiting.union(unbegun[1:])
        free = tuple(n for n, script in enumerate(scripts) if script and n not in idle)
        if not free:
            raise Stuck
        number = plan.turn(history, free)
        if number in unbegun:
            unbegun.remove(number)
        history = (*history, (number, free))
        session, script = sessions[number], scripts[number]
        if not session.step(script.popleft(), acts[number].parameters):
            waiting.add(number)
        elif session.empty_handed:  # nobody can be in its way any more, nor it in theirs
            while script:
                session.step(script.popleft(), acts[number].parameters)
        if not scripts[number]:  # it has ended, and its locks with it
            waiting = _left_waiting(waiting, len([one for one in scripts if one]), sessions)
    for session, act in zip(sessions, acts, strict=False):
        session.come_again(act)
    return history


def _left_waiting(waiting: set[int], unended: int, sessions: Sequence[Session]) -> set[int]:
    """Who still waits: never all that are left, though one may have just passed the other."""
    for _ in range(1000):
        left = {number for number in waiting if not sessions[number].ended()}
        if len(left) < unended or not left:
            return left
    raise Stuck
