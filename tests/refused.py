"""Refuses system calls to a thread and all it starts, as SystemCallFilter= of systemd does."""

import ctypes
import errno
import platform
import struct
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

NUMBERS = {
    "x86_64": {"setpriority": 141, "sched_setattr": 314, "prctl": 157},
    "aarch64": {"setpriority": 140, "sched_setattr": 274, "prctl": 167},
}.get(platform.machine(), {})
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # of the machine that BPF describes
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NO_NEW_PRIVS, SECCOMP, FILTER = 38, 22, 2  # of prctl(2)


def refusing(*calls: str, act: Callable[[], Result], error: int = errno.EPERM) -> Result:
    """What `act` comes to in a thread that may not make these calls."""
    found: list[Result | BaseException] = []

    def run() -> None:
        try:
            _refuse(calls, error)
            found.append(act())
        except BaseException as wrong:
            found.append(wrong)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def _refuse(calls: tuple[str, ...], error: int) -> None:
    steps = [(LOAD, 0, 0, 0)]  # the number of the call
    for call in calls:
        steps += [(EQUAL, 0, 1, NUMBERS[call]), (RETURN, 0, 0, ERRNO | error)]
    steps.append((RETURN, 0, 0, ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HL", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((NO_NEW_PRIVS, 1, 0, 0, 0), (SECCOMP, FILTER, program, 0, 0)):
        if libc.prctl(*words):
            raise OSError(ctypes.get_errno(), "prctl")
