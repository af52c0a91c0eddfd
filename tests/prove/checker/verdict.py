"""What a check has found: how much it looked at, and what was wrong."""

from collections.abc import Iterable, Sequence

import msgspec

UNSEEN = "not looked at"
KEPT = 200  # violations of one invariant that are kept with their story


class Violation(msgspec.Struct):
    """One broken promise, in words, and the records that show it."""

    words: str
    operations: list[int] = []
    transactions: list[int] = []  # by their place in the stream


class Verdict(msgspec.Struct):
    """The outcome of one check: it holds only for what it has seen."""

    name: str
    title: str
    checked: int = 0
    wrong: int = 0
    violations: list[Violation] = []
    note: str = ""

    @property
    def outcome(self) -> str:
        """OK, VIOLATED, or not looked at: what nothing came up for is not right."""
        return "VIOLATED" if self.wrong else "OK" if self.checked else UNSEEN

    def see(self, count: int = 1) -> None:
        """So many more were looked at."""
        self.checked += count

    def violated(
        self, words: str, operations: Iterable[int] = (), transactions: Sequence[int] = ()
    ) -> None:
        """One of them was wrong."""
        self.wrong += 1
        if len(self.violations) < KEPT:
            self.violations.append(Violation(words, list(operations), list(transactions)))

    def expect(self, holds: bool, words: str, *operations: int) -> None:
        """One was looked at, and holds or not."""
        self.checked += 1
        if not holds:
            self.violated(words, operations)
