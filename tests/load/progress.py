"""The line that tells a person at a terminal how the run goes."""

import asyncio
import shutil
import sys
import time
from collections import Counter
from types import TracebackType
from typing import Self

from tests.load.recorder import Recorder
from tests.load.report.words import duration
from tests.load.wire import WORDS

EVERY = 0.5  # seconds


class Progress:
    """Rewrites one line on standard error while inside; silent where there is no terminal."""

    def __init__(self, title: str, recorder: Recorder) -> None:
        self._title, self._recorder = title, recorder
        self._task: asyncio.Task[None] | None = None
        self._cpu = time.process_time()

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._task = asyncio.get_running_loop().create_task(self._run())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        if self._task:
            self._task.cancel()
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            room = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{self._line()[:room]}")
            sys.stderr.flush()

    def _line(self) -> str:
        recorder = self._recorder
        now = asyncio.get_running_loop().time() - recorder.zero
        share, self._cpu = time.process_time() - self._cpu, time.process_time()
        if now < 0:
            return f"{self._title}  warming up, {recorder.warm_up:,} answers"
        latest = recorder.latest()
        histogram = latest.histogram()
        parts = [
            f"{self._title}  {min(now, recorder.seconds):.1f}/{recorder.seconds:g} s",
            f"{histogram.total / recorder.width:,.0f}/s",
            f"p50 {duration(histogram.at(50))}",
            f"p99 {duration(histogram.at(99))}",
            told(latest.counts()),
            f"generator {share / EVERY:.0%}",
        ]
        return "  ".join(part for part in parts if part)


def told(counts: Counter[int]) -> str:
    """The shares of the statuses."""
    total = sum(counts.values())
    return " ".join(
        f"{WORDS.get(status, status)}: {count / total:.0%}" for status, count in counts.items()
    )
