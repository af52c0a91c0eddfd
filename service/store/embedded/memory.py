"""How much memory the embedded PostgreSQL takes for the pages that it works on."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

MIB = 1024**2
LEAST, MOST = 128, 4096  # MiB: PostgreSQL's own default, and room for ten million slots
SHARE = 8
# What a container may have: version 2 of cgroups, and 1. "max" is no number, and no limit.
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def shared_buffers(size: int) -> str:
    """An eighth of so many bytes, 128 MB to 4 GB, in PostgreSQL's units.

    It is taken page by page as there is data to keep in it.
    """
    return f"{max(LEAST, min(size // SHARE // MIB, MOST))}MB"


def memory(limits: Sequence[Path] = LIMITS) -> int:
    """Bytes that this machine has, or its container where that may have fewer."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in limits:
        with contextlib.suppress(OSError, ValueError):
            found.append(int(path.read_text()))
    return min(found)
