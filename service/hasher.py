"""A process that does nothing but bcrypt: a password and a salt per line in, a hash per line out.

It ends with its input, so it never outlives the server. Not a thread: one that steps back for
bookings would do so while it holds the interpreter's lock, and keep them waiting for it.
"""

import contextlib
import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

import bcrypt

NICE = 19
TURN = 100_000_000  # nanoseconds on a core before others are due: the most that Linux grants
SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}  # the number of the system call


def main() -> None:
    """Answer each line, of a password and a salt in hexadecimal digits; a bad salt has no hash."""
    step_back()
    for line in sys.stdin.buffer:
        password, salt = (bytes.fromhex(word.decode()) for word in line[:-1].split(b" "))
        try:
            hashed = bcrypt.hashpw(password, salt)
        except ValueError:
            hashed = b""
        sys.stdout.buffer.write(hashed + b"\n")
        sys.stdout.buffer.flush()


def step_back() -> None:
    """Let everything else go first, PostgreSQL too, as far as this system can.

    Nice alone does not on Linux. It counts only within a session (sched(7), autogroup), and this
    process and each backend of PostgreSQL have one of their own, so the session gets a nice too.
    And whoever wakes up takes the core at once only from one whose turn is longer than its own.
    """
    os.nice(NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICE))
    number = SCHED_SETATTR.get(platform.machine())
    # Elsewhere, and for a program of 32 bits, the number is that of another call.
    if number and sys.platform == "linux" and sys.maxsize > 2**32:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        attributes = struct.pack("<IIQiIQQQ", 48, 0, 0, nice, 0, TURN, 0, 0)
        ctypes.CDLL(None).syscall(number, 0, attributes, 0)  # older kernels just ignore the turn


if __name__ == "__main__":
    main()
