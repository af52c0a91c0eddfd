"""CPU time and memory of groups of processes, from /proc; nothing where there is no /proc."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Usage(NamedTuple):
    """What a group has used: seconds of CPU since it began, bytes of memory now."""

    cpu: float
    memory: int


class Reading(NamedTuple):
    """One look at all groups and at the machine's own account of being busy."""

    groups: dict[str, Usage]
    busy: float  # seconds of all cores together

    def since(self, earlier: "Reading") -> dict[str, float]:
        """The CPU seconds of each group between two looks."""
        return {
            name: usage.cpu - earlier.groups[name].cpu
            for name, usage in self.groups.items()
            if name in earlier.groups
        }


def read(groups: Mapping[str, Iterable[int]]) -> Reading:
    """Look at each group of processes and all that descend from them.

    The time of children that have ended is in their parent's account, so none gets lost. A child
    that is the head of another group is counted there. This very process stands for itself alone.
    """
    rows = dict(filter(None, map(_stat, _pids())))
    heads = {pid for roots in groups.values() for pid in roots}
    children: dict[int, list[int]] = {}
    for pid, (parent, _, _) in rows.items():
        if pid not in heads:
            children.setdefault(parent, []).append(pid)
    found = {}
    for name, roots in groups.items():
        members = [rows[pid] for pid in _family(roots, children) if pid in rows]
        if members:
            found[name] = Usage(
                sum(cpu for _, cpu, _ in members), sum(memory for _, _, memory in members)
            )
    return Reading(found, _busy())


def family_cpu(pid: int) -> float:
    """The CPU seconds of a process and of all that descend from it, the dead included."""
    rows = dict(filter(None, (_stat(one, whole=True) for one in _pids())))
    children: dict[int, list[int]] = {}
    for one, (parent, _, _) in rows.items():
        children.setdefault(parent, []).append(one)
    found, left = 0.0, [pid]
    while left:
        one = left.pop()
        found += rows[one][1] if one in rows else 0.0
        left += children.get(one, [])
    return found


def busy() -> float:
    """The seconds that all cores together have worked, for whomever."""
    return _busy()


def _pids() -> list[int]:
    return [int(name) for name in os.listdir(PROC) if name.isdigit()] if PROC.exists() else []


def _family(roots: Iterable[int], children: Mapping[int, list[int]]) -> set[int]:
    found: set[int] = set()
    left = list(roots)
    while left:
        pid = left.pop()
        if pid not in found:
            found.add(pid)
            left += children.get(pid, []) if pid != os.getpid() else []
    return found


def _stat(pid: int, *, whole: bool = False) -> tuple[int, tuple[int, float, int]] | None:
    """A process's parent, CPU seconds and memory; None when it has gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # from field 3, the state, on
    last = 15 if whole or pid != os.getpid() else 13
    ticks = sum(map(int, fields[11:last]))  # utime, stime, and of ended children cutime, cstime
    return pid, (int(fields[1]), ticks * TICK, int(fields[21]) * PAGE)


def _busy() -> float:
    try:
        first = (PROC / "stat").read_text().split("\n", 1)[0].split()
    except OSError:
        return 0.0
    user, nice, system, _, _, irq, soft, steal = map(int, first[1:9])
    return (user + nice + system + irq + soft + steal) * TICK
