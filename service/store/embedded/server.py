"""One server in its folder, however it or we may end."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from service.store.embedded.files import EmbeddedError, Place
from service.store.embedded.process import start_child, tell, users_of

LOG_LIMIT = 16 * 1024 * 1024


class Server:
    """A server in its folder: prepare, spawn, await_ready, then revive until stop."""

    name = "server"
    program = "server"  # the name of its executable
    stop_signal = signal.SIGTERM
    pause = 0.5  # seconds between two attempts to bring a dead one back

    def __init__(self, place: Place, sockets: Path, durable: bool) -> None:
        """Remember where it lives; nothing is started yet."""
        self.place, self.sockets, self.durable = place, sockets, durable
        self.folder = place.home / self.name
        self.log = place.home / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.spawned_at = 0.0

    def command(self) -> list[str]:
        """Return the command line of the server."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Make the data folder if it is new."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Tell whether the running server takes requests."""
        raise NotImplementedError

    def tidy(self) -> None:
        """Remove what a killed server left; called only when none of its processes lives."""

    def spawn(self) -> None:
        """Start the process, as a child that gets stop_signal when we die."""
        self.tidy()
        if not self.sockets.exists():  # swept away by whoever cleans temporary folders
            self.sockets.mkdir(mode=0o700)
            self.place.own(self.sockets)
        self.spawned_at = time.monotonic()
        self.process = start_child(self.place, self.command(), self.log, self.stop_signal)

    def await_ready(self, seconds: float = 60.0) -> None:
        """Return when it is ready; raise EmbeddedError if it ends or takes too long."""
        assert self.process
        until = time.monotonic() + seconds
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise EmbeddedError(
                    f"The embedded {self.name} did not start: {last_words(self.log)} ({self.log})"
                )
            time.sleep(0.01)

    def revive(self) -> bool:
        """Start it again if it died, without waiting; True when a new process was started."""
        if self.process is None or self.process.poll() is None:
            keep_short(self.log)
            return False
        if time.monotonic() < self.spawned_at + self.pause:
            return False
        if orphans := users_of(self.folder, self.program):
            tell(orphans, signal.SIGQUIT)  # backends of a killed postmaster: they hold its memory
            return False
        try:
            self.spawn()
        except OSError:  # no process or no disk space just now; the next call tries again
            return False
        return True

    def clear_orphans(self, patience: float = 5.0) -> None:
        """End the processes that a killed parent left in the folder; the caller has the lock."""
        until = time.monotonic() + patience
        tell(users_of(self.folder, self.program), self.stop_signal)
        while orphans := users_of(self.folder, self.program):
            if time.monotonic() > until:
                tell(orphans, signal.SIGKILL)
            if time.monotonic() > until + patience:
                raise EmbeddedError(f"Process {orphans[0]} still uses {self.folder}: end it first.")
            time.sleep(0.01)

    def ask_to_stop(self) -> None:
        """Tell it to stop; await_stop sees to it."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def await_stop(self, patience: float = 10.0) -> None:
        """Return when it is gone, killed after patience: that only makes the next start slow."""
        if self.process is None:
            return
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.clear_orphans(0.0)
        self.process = None


def keep_short(log: Path) -> None:
    """Empty a log that has grown over its limit."""
    try:
        if log.stat().st_size > LOG_LIMIT:
            os.truncate(log, 0)
    except FileNotFoundError:
        return


def last_words(log: Path) -> str:
    """Return the line of a log that tells best why its server ended."""
    lines = log.read_text(errors="replace").splitlines()[-20:]
    fatal = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (fatal or lines or ["it said nothing"])[-1].strip()


def answers(path: Path, question: bytes, expected: bytes) -> bool:
    """Tell whether the server behind a unix socket begins its answer as expected."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2.0)
        try:
            connection.connect(str(path))
            connection.sendall(question)
            return connection.recv(64).startswith(expected)
        except OSError:
            return False
