"""A process that does nothing but bcrypt: a password and a salt per line in, a hash per line out.

Its first line says what it was refused: to step back is a kindness, never a condition. It ends with
its input, so it never outlives the server. Not a thread: one that steps back for bookings would do
so while it holds the interpreter's lock, and keep them waiting for it.
"""

import ctypes
import os
import platform
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bcrypt

NICE = 19
TURN = 100_000_000  # nanoseconds on a core before others are due: the most that Linux grants
SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}  # the number of the system call
AUTOGROUP = Path("/proc/self/autogroup")
AGAIN = 0.11  # seconds; Linux lets ordinary users set one autogroup in 0.1 s, all of them together
TRIES = 10


def main() -> None:
    """Answer each line, of a password and a salt in hexadecimal digits; a bad salt has no hash."""
    steps = [take_long_turns] if "--keeps-up" in sys.argv else [*STEPS_BACK, take_long_turns]
    answer("; ".join(refusals(steps)).encode())
    for line in sys.stdin.buffer:
        password, salt = (bytes.fromhex(word.decode()) for word in line[:-1].split(b" "))
        try:
            answer(bcrypt.hashpw(password, salt))
        except ValueError:
            answer(b"")


def answer(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def refusals(steps: list[Callable[[], None]]) -> Iterator[str]:
    """Take each step that this system grants; says which ones it refuses, and why."""
    for step in steps:
        try:
            step()
        except OSError as error:
            yield f"{step.__name__}: {error.strerror}"


def lower_priority() -> None:
    """Let everything else of this session go first."""
    os.setpriority(os.PRIO_PROCESS, 0, NICE)


def lower_session() -> None:
    """Let other sessions go first, those of PostgreSQL too: on Linux, nice counts only within one
    (sched(7), autogroup), and this process and each backend of PostgreSQL have their own."""
    tries = TRIES if AUTOGROUP.exists() else 0  # elsewhere nice counts everywhere
    while tries:
        tries -= 1
        try:
            AUTOGROUP.write_text(str(NICE))
            return
        except BlockingIOError:
            if not tries:
                raise
            time.sleep(AGAIN)


def take_long_turns() -> None:
    """Whoever wakes up takes the core at once only from one whose turn is longer than its own."""
    number = SCHED_SETATTR.get(platform.machine())
    # Elsewhere, and for a program of 32 bits, the number is that of another call.
    if number and sys.platform == "linux" and sys.maxsize > 2**32:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        attributes = struct.pack("<IIQiIQQQ", 48, 0, 0, nice, 0, TURN, 0, 0)
        # Older kernels just ignore the turn.
        if ctypes.CDLL(None, use_errno=True).syscall(number, 0, attributes, 0):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


STEPS_BACK = [lower_priority, lower_session]


if __name__ == "__main__":
    main()
