"""Every kind of trouble that a proof makes."""

from tests.prove.faults import clock, databases, disk, ours, redis, sessions, ways
from tests.prove.faults.kind import KINDS, FaultKind, NoEffect, Turn

__all__ = [
    "KINDS",
    "FaultKind",
    "NoEffect",
    "Turn",
    "clock",
    "databases",
    "disk",
    "ours",
    "redis",
    "sessions",
    "ways",
]
