"""When which version of a row may have been the current one, as far as clients can tell.

A commit lies between two instants: no earlier than the request was sent that caused it, no later
than its success was heard. The WAL tells the order of all commits, so no commit is earlier than
any before it could have been.
"""

from bisect import bisect_left, bisect_right
from typing import Any

NEVER = float("inf")
ALWAYS = float("-inf")


class Timeline:
    """The versions of one row, oldest first: 1, 2, 3 and so on."""

    __slots__ = ("earliest", "first", "latest", "states", "transactions")

    def __init__(self) -> None:
        self.first = 1  # the number of the oldest version
        self.states: list[Any] = []
        self.transactions: list[int] = []
        self.earliest: list[float] = []
        self.latest: list[float] = []

    def add(self, transaction: int, state: Any) -> None:
        """The next version."""
        self.transactions.append(transaction)
        self.states.append(state)

    def set(self, transaction: int, state: Any, version: int) -> None:
        """This version: once more where one commit wrote it twice, as often as it counts where
        several things of it ended at once."""
        if len(self.states) == version:
            self.states[-1] = state
        while len(self.states) < version:
            self.add(transaction, state)

    def date(self, earliest: list[float], latest: list[float]) -> None:
        """Find the bounds, from those of all transactions."""
        self.earliest = [earliest[one] for one in self.transactions]
        self.latest = [latest[one] for one in self.transactions]
        for at in range(len(self.latest) - 2, -1, -1):
            # The next version was decided on this one, so this one was there before it.
            self.latest[at] = min(self.latest[at], self.latest[at + 1])

    def between(self, began: float, ended: float) -> range:
        """The places of all versions that may have been current at some instant in between.

        Empty where the row did not exist yet; the row may not have existed yet where `sure` says
        so.
        """
        last = bisect_right(self.earliest, ended) - 1
        return range(max(bisect_left(self.latest, began) - 1, 0), last + 1)

    def sure(self, began: float) -> bool:
        """Whether the row surely existed at that instant."""
        return bool(self.latest) and self.latest[0] < began

    def states_between(self, began: float, ended: float) -> list[Any]:
        """The states that may have been seen in between."""
        return [self.states[at] for at in self.between(began, ended)]
