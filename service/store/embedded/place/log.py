"""The logs of the servers: kept for a while, and the line in them that says why one ended."""

import contextlib
import re
from pathlib import Path

LIMIT = 16 * 1024 * 1024  # bytes
KEPT = 5  # logs of before: postgres.log.1 is the youngest
# When, and which process: a person who reads one line here and now knows.
OF_VALKEY = r"\d+:[A-Z] \d+ \w+ \d{4} [\d:.]+ "
STAMP = re.compile(rf"^(\d{{4}}-\d\d-\d\d [\d:.]+ \w+ \[\d+\] |{OF_VALKEY}[#*.-] )")
MIGHTY = re.compile(r"(ERROR|FATAL|PANIC):  ")
TELLING = re.compile(rf"error|invalid|can't|cannot|could not|failed|^{OF_VALKEY}# ", re.IGNORECASE)
NEVER_WHY = re.compile(r"WARNING|^\*\*\*")  # Valkey warns of settings of the machine; its banners


def full(log: Path) -> bool:
    """Tell whether a log has grown over its limit."""
    try:
        return log.stat().st_size > LIMIT
    except FileNotFoundError:
        return False


def set_aside(log: Path) -> None:
    """Rename a log and those before it, of which the oldest goes; its server opens a new one."""
    for number in range(KEPT - 1, 0, -1):
        with contextlib.suppress(FileNotFoundError):
            numbered(log, number).replace(numbered(log, number + 1))
    log.replace(numbered(log, 1))


def numbered(log: Path, number: int) -> Path:
    """Return the name of a log that was set aside."""
    return log.with_name(f"{log.name}.{number}")


def last_words(said: str) -> str:
    """Return the line of what a server said that tells best why it ended."""
    lines = [line for line in said.splitlines() if line.strip()]
    told = [line for line in lines if STAMP.sub("", line) and not NEVER_WHY.search(line)]
    mighty = [line for line in told if MIGHTY.search(line)][:1]  # of PostgreSQL: the rest follows
    telling = [line for line in told if TELLING.search(line)]
    best = (mighty or telling or lines or ["it said nothing"])[-1]
    return STAMP.sub("", best).strip().rstrip(".")
