"""Bugs that the prover has to catch, each put into a server of its own and nowhere else.

python -m tests.prove.planted.serve NAME serve --port 0
"""

from tests.prove.planted import (
    answers,
    around,
    bodies,
    events,
    hooks,
    keys,
    leaks,
    limits,
    reads,
    seats,
    shown,
    staff,
    times,
    tokens,
)
from tests.prove.planted.ground import BUGS, Bug, Ground, planted

__all__ = [
    "BUGS",
    "Bug",
    "Ground",
    "answers",
    "around",
    "bodies",
    "events",
    "hooks",
    "keys",
    "leaks",
    "limits",
    "planted",
    "reads",
    "seats",
    "shown",
    "staff",
    "times",
    "tokens",
]
