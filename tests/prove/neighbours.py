"""How busy others keep the machine: where that is much, slowness is nobody's fault here."""

import asyncio
import os
import time
from types import TracebackType
from typing import Self

from tests.load.processes import busy, family_cpu

EVERY = 1.0  # seconds between two looks


class Neighbours:
    """Notes every second how many cores are used by processes that are none of ours."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []
        self.used = 0.0  # seconds of CPU that we and our children needed meanwhile
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._task = asyncio.get_running_loop().create_task(self._run())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()

    async def _run(self) -> None:
        before = look()
        while True:
            await asyncio.sleep(EVERY)
            now = look()
            seconds = now[0] - before[0]
            others = (now[1] - before[1] - (now[2] - before[2])) / seconds
            self.seen.append((now[0], round(max(others, 0.0), 2)))
            self.used += now[2] - before[2]
            before = now


def look() -> tuple[float, float, float]:
    """The time, the seconds that all cores have worked, and those of us and our children."""
    return time.monotonic(), busy(), family_cpu(os.getpid())
