"""Child processes that end with us, and the ones that a killed parent left behind."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from service.store.embedded.place.account import EmbeddedError
from service.store.embedded.place.files import Place

LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None) if LINUX else None
PR_SET_PDEATHSIG = 1
QUIET_ENV = {"PATH": os.defpath, "LC_ALL": "C"}  # PGPORT and its like must not reach a server


def start_child(
    place: Place,
    command: list[str],
    death_signal: signal.Signals,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes],
) -> subprocess.Popen[bytes]:
    """Start a command as the place's account, in a session of its own that Ctrl-C does not reach.

    Must be called from the main thread: the kernel sends death_signal when that thread ends.
    """
    uid, gid = place.account or (None, None)
    try:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=QUIET_ENV,
            start_new_session=True,
            umask=0o077,
            user=uid,
            group=gid,
            extra_groups=[] if place.account else None,
            preexec_fn=dies_with_us(death_signal),
        )
    except PermissionError as exc:
        raise EmbeddedError(
            f"{command[0]} can't be run ({exc.strerror}): is it on a file system mounted noexec?"
        ) from exc


def dies_with_us(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what a child runs before it becomes the server; macOS has nothing like it."""
    if LIBC is None:
        return None
    prctl, parent = LIBC.prctl, os.getpid()

    def inside_child() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # we died before the line above
            os._exit(1)

    return inside_child


def users_of(folder: Path, program: str) -> list[int]:
    """Return the live processes of the program that work in the folder; zombies don't count."""
    if not LINUX:
        return pid_in(folder / "postmaster.pid", program) + pid_in(folder / "server.pid", program)
    target = str(folder.resolve())
    return [
        int(entry.name)
        for entry in os.scandir("/proc")
        if entry.name.isdigit() and works_in(entry.path, target, program)
    ]


def works_in(entry: str, target: str, program: str) -> bool:
    """Tell whether a process of /proc has the folder as its own and is the program."""
    try:
        if os.readlink(f"{entry}/cwd") != target:
            return False
        return Path(os.readlink(f"{entry}/exe").removesuffix(" (deleted)")).name == program
    except OSError:
        return False  # gone, a zombie, or not ours to see


def pid_in(file: Path, program: str) -> list[int]:
    """Return the pid that a server wrote into its pid file, if it still is that server's."""
    try:
        pid = file.read_text().split()[0]
    except (OSError, IndexError):
        return []
    said = subprocess.run(["ps", "-o", "comm=", "-p", pid], capture_output=True, text=True)
    return [int(pid)] if program in said.stdout else []


def send_signal(pids: list[int], what: signal.Signals) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            continue
