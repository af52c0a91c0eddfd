"""How large and how slow a request may be."""

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Limits(NamedTuple):
    """Sizes in bytes, times in seconds."""

    target: int = 8 * 1024
    head: int = 32 * 1024
    discarded: int = 64 * 1024 * 1024  # of a body that was refused
    head_time: float = 10.0
    body_time: float = 10.0
    idle_time: float = 75.0  # nginx drops an idle connection after 60: never while we close it
    write_time: float = 30.0
    linger_time: float = 2.0


class Refused(Exception):
    """A request that never reaches the application; `status` is what its sender hears."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


Problem = Callable[[int], tuple[Mapping[str, str], bytes]]  # a status -> header fields, body
