"""Runs the parts one after the other, keeps what each one found, and prints one table.

A part whose file is in the folder already is not measured again, so that a run that was
interrupted goes on where it was; take the file away to measure it once more.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.load.beside import allow_files
from tests.load.errors import LoadError
from tests.load.machine import machine
from tests.load.target import load_settings
from tests.load.targets.around import expiry, holds, waitlist
from tests.load.targets.big import size
from tests.load.targets.calendar_feed import calendar_feed
from tests.load.targets.calendars import calendars
from tests.load.targets.events import feed, log, streams
from tests.load.targets.lists import lists
from tests.load.targets.parts import Part, booking, hot, idle, latency, logins, moves, reads
from tests.load.targets.times import book_time, hours, times
from tests.load.targets.webhooks import webhooks

PARTS: dict[str, Part] = {
    "booking": booking,
    "moves": moves,
    "holds": holds,
    "expiry": expiry,
    "waitlist": waitlist,
    "reads": reads,
    "lists": lists,
    "times": times,
    "book-time": book_time,
    "hours": hours,
    "latency": latency,
    "logins": logins,
    "hot": hot,
    "idle": idle,
    "log": log,
    "feed": feed,
    "streams": streams,
    "webhooks": webhooks,
    "ics": calendar_feed,
    "calendars": calendars,
    "size": size,
}
LARGE = {"calendars", "size"}  # which grow so many rows
FILES = 11_000  # connections of the part that needs most


def run(folder: Path, *, repeat: int, seconds: float, rows: int, only: Sequence[str]) -> int:
    """Measure all parts, or only some; the exit code: 0 all targets reached, 1 some missed.

    Raises LoadError.
    """
    wanted = list(only) or [name for name in PARTS if rows or name not in LARGE]
    if unknown := set(wanted) - PARTS.keys():
        raise LoadError(f"No part is called {min(unknown)}: there are {', '.join(PARTS)}.")
    allow_files(FILES)
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(wanted, start=1):
        file = folder / f"{name}.json"
        if file.exists():
            continue
        sys.stderr.write(f"{number}/{len(wanted)} {name}: {PARTS[name].__doc__}\n")
        began = time.monotonic()
        settings = load_settings(os.environ)
        found = asyncio.run(PARTS[name](settings, repeat, seconds, rows))
        took = round(time.monotonic() - began, 1)
        part = {"name": name, "seconds": took, "rows": [row._asdict() for row in found]}
        file.write_text(json.dumps(part, indent=1))
        sys.stderr.write("\n".join(lines(part)) + "\n")
    # What an earlier run left in the folder belongs to the table.
    files = [folder / f"{name}.json" for name in PARTS]
    parts = [json.loads(file.read_text()) for file in files if file.exists()]
    report = table(parts)
    (folder / "targets.txt").write_text(report + "\n")
    print(report)
    missed = any(row["reached"] is False for part in parts for row in part["rows"])
    return 1 if missed else 0


def table(parts: list[dict[str, Any]]) -> str:
    """All targets: what was wanted, what was measured, the verdict."""
    about = machine()
    rows = [row for part in parts for row in part["rows"]]
    judged = [row for row in rows if row["reached"] is not None]
    reached = sum(row["reached"] for row in judged)
    head = [
        f"{about['processor']}, {about['cores']} cores, Python {about['Python']}",
        f"{'target':58}{'wanted':>16}{'measured':>16}",
    ]
    took = sum(part["seconds"] for part in parts)
    body = [line for part in parts for line in lines(part)]
    return "\n".join([*head, *body, f"{reached} of {len(judged)} targets reached in {took:.0f} s"])


def lines(part: dict[str, Any]) -> list[str]:
    """One line for each target of a part."""
    words = {True: "reached", False: "MISSED", None: ""}
    return [
        f"{row['target']:58}{row['wanted']:>16}{row['measured']:>16}  {words[row['reached']]}"
        for row in part["rows"]
    ]
