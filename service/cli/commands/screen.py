"""How results look: tables, JSON, marks, and a line of progress on a terminal."""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, Self

EVERY = 0.1  # seconds between two looks of a progress line, at least
BAR = 24  # columns
COLOURS = {"ok": 32, "warn": 33, "fail": 31, "pending": 33, "ahead": 33, "newer": 31, "changed": 31}


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows under their heads, in columns; numbers to the right."""
    rows = [list(row) for row in rows]
    cells = [list(heads), *([str(cell) for cell in row] for row in rows)]
    wide = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    right = [bool(rows) and all(isinstance(row[n], int) for row in rows) for n in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, wide, right, strict=True)
        ).rstrip()
        for line in cells
    )


def json_text(value: Any) -> str:
    """JSON to read and to pipe; instants in ISO 8601."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=lambda one: one.isoformat())


def counted(number: int, thing: str) -> str:
    """1 slot, 1,000 slots."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def megabytes(size: int) -> str:
    """A size in bytes, in MB."""
    return f"{size / 1e6:,.1f} MB"


def agreed(question: str) -> bool:
    """Ask on a terminal; where there is none, nobody is to be asked."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return True
    return answered(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def answered(question: str) -> str:
    """What is typed. Ctrl-C ends the command at once, also while a loop runs, which would take
    it for a wish to be cancelled when it goes on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return input(question)
    finally:
        signal.signal(signal.SIGINT, before)


def mark(state: str, width: int = 0) -> str:
    """A state's name, in its colour on a terminal; NO_COLOR and TERM=dumb turn that off."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    code = COLOURS.get(state)
    text = state.ljust(width)
    return text if plain or not code or not sys.stdout.isatty() else f"\x1b[{code}m{text}\x1b[m"


class Progress:
    """One line on standard error that says how far the work is; silent where no terminal is.

    Inside `with` it is what to call with how much is done.
    """

    def __init__(self, total: int, things: str) -> None:
        self._total, self._things = total, things
        self._began = time.monotonic()
        self._shown = 0.0
        self._seen = sys.stderr.isatty()
        self.done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._seen:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __call__(self, done: int) -> None:
        """Show that this much is done."""
        self.done, now = done, time.monotonic()
        if not self._seen or (now - self._shown < EVERY and done < self._total):
            return
        self._shown = now
        room = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r\x1b[K{self._line(now - self._began)[:room]}")
        sys.stderr.flush()

    def _line(self, seconds: float) -> str:
        full = BAR * self.done // self._total
        left = seconds / self.done * (self._total - self.done)
        bar = "#" * full + "." * (BAR - full)
        return f"[{bar}] {self.done:,} of {self._total:,} {self._things}, {left:.0f} s left"
