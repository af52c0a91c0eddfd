"""How large and how slow a request may be."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple


class Phase(Enum):
    """What a connection waits for; each has its own patience."""

    IDLE = "the next request"
    HEAD = "the rest of a head"
    BODY = "the rest of a body"
    BUSY = "the application"
    BLOCKED = "the client to read"
    LINGER = "the client to hear why it was refused"


class Limits(NamedTuple):
    """Sizes in bytes, times in seconds."""

    target: int = 8 * 1024
    head: int = 32 * 1024
    discarded: int = 64 * 1024 * 1024  # of a body that was refused
    unread: int = 48 * 1024 * 1024  # of all answers together that wait for clients to read
    unfinished: int = 64 * 1024 * 1024  # of all bodies together that are still coming in
    head_time: float = 10.0
    body_time: float = 10.0
    idle_time: float = 75.0  # nginx drops an idle connection after 60: never while we close it
    write_time: float = 30.0  # in which a client who is sent something reads some of it
    linger_time: float = 2.0


LIMITS = Limits()  # as we serve


class Refused(Exception):
    """A request that never reaches the application; `status` is what its sender hears."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


Problem = Callable[[int], tuple[Mapping[str, str], bytes]]  # a status -> header fields, body
