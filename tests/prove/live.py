"""The line that tells how a run goes: operations, rate, faults, violations seen so far."""

import asyncio
import shutil
import sys
import time
from types import TracebackType
from typing import Any, Self

from tests.prove.crowd import Crowd
from tests.prove.records import Fault
from tests.prove.tables import Tables


class Live:
    """Rewrites one line on standard error; where there is no terminal, a line now and then."""

    def __init__(self, crowd: Crowd, tables: Tables, planned: int) -> None:
        self._crowd, self._tables, self._planned = crowd, tables, planned
        self._faults = self._unhealed = 0
        self._last = ""
        self._began = time.monotonic()
        self._at_terminal = sys.stderr.isatty()
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.get_running_loop().create_task(self._run())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
        self.say(self._line(self._crowd.count / max(time.monotonic() - self._began, 1e-9)))
        sys.stderr.write("\n")

    def struck(self, fault: Fault) -> None:
        """A fault is over."""
        self._faults += 1
        self._unhealed += not fault.healed_at
        self._last = fault.kind

    def say(self, words: str) -> None:
        """Put words in place of the line."""
        if self._at_terminal:
            room = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{words[:room]}")
        else:
            sys.stderr.write(f"{words}\n")
        sys.stderr.flush()

    async def _run(self) -> None:
        every, before = (1.0 if self._at_terminal else 15.0), 0
        while True:
            await asyncio.sleep(every)
            rate, before = (self._crowd.count - before) / every, self._crowd.count
            self.say(self._line(rate))

    def _line(self, rate: float) -> str:
        crowd = self._crowd
        shares: dict[str, int] = {}
        for (_, outcome), count in crowd.outcomes.items():
            shares[outcome] = shares.get(outcome, 0) + count
        told = ", ".join(f"{shares.get(one, 0):,} {one}" for one in ("ok", "fail", "info"))
        parts: list[Any] = [
            f"{crowd.count:,} of {crowd.wanted:,} operations ({told})",
            f"{rate:,.0f}/s",
            f"faults {self._faults}/{self._planned} {self._last}".strip(),
            f"{self._unhealed} slow to heal" if self._unhealed else "all healed in time",
            f"violations {self.seen}",
        ]
        return " | ".join(parts)

    @property
    def seen(self) -> int:
        """Violations that show while it runs; most are found by the judge afterwards."""
        bugs = sum(count for (_, status), count in self._crowd.statuses.items() if status == 500)
        return bugs + self._tables.broken
