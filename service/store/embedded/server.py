"""One server in its folder, however it or we may end."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from service.store.embedded.place.account import EmbeddedError
from service.store.embedded.place.files import Place
from service.store.embedded.place.home import private
from service.store.embedded.place.log import full, last_words, set_aside
from service.store.embedded.process import send_signal, start_child, users_of

MIB = 1024**2

DYING = 30.0  # seconds: a killed process that waits for its disk goes when that has answered


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
        self.logs = place.home / "log"
        self.log = self.logs / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.spawned_at = 0.0
        self.said_before = 0  # bytes in its log when it was started

    def command(self) -> list[str]:
        """Return the command line of the server."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Make its folders if they are new, or see that they are as it needs them."""
        self.clear_orphans()
        self.place.folder("log")

    def is_ready(self) -> bool:
        """Tell whether the running server takes requests."""
        raise NotImplementedError

    def tidy(self) -> None:
        """Remove what a killed server left; called only when none of its processes lives."""

    def reopen_log(self) -> None:
        """Let the running server open its log anew; nothing to do for one that always does."""

    def spawn(self) -> None:
        """Start the process, as a child that gets stop_signal when we die."""
        command = self.command()
        with self.place.as_account():
            self.tidy()
            self.sockets.mkdir(mode=0o700, exist_ok=True)  # tmp may have been swept
            if self.sockets.lstat().st_uid != os.geteuid():
                raise PermissionError(f"{self.sockets} belongs to somebody else")
            handle = private(str(self.log), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with os.fdopen(handle, "ab") as output:
            self.said_before = output.tell()
            self.spawned_at = time.monotonic()
            self.process = start_child(self.place, command, self.stop_signal, stdout=output)

    def await_ready(self, seconds: float = 60.0) -> None:
        """Return when it is ready; raise EmbeddedError if it ends or takes too long."""
        assert self.process
        until = time.monotonic() + seconds
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise EmbeddedError(f"The embedded {self.name} did not start: {self.trouble()}.")
            time.sleep(0.01)

    def trouble(self) -> str:
        """Return what it said last since it was started, and where there is more to read."""
        with self.place.as_account(), open(self.log, "rb", opener=private) as log:
            log.seek(self.said_before)
            words = last_words(log.read().decode(errors="replace"))
        return f"{words} ({self.room() or self.log})"

    def room(self) -> str:
        """Return that there is no room on the disk, if so: then a log holds nothing of it."""
        free = shutil.disk_usage(self.place.home).free
        return f"{free / MIB:.1f} MiB are free in {self.place.home}" if free < MIB else ""

    def revive(self) -> bool:
        """Start it again if it died, without waiting; True when a new process was started."""
        if self.process is None or self.process.poll() is None:
            self.turn_log()
            return False
        if time.monotonic() < self.spawned_at + self.pause:
            return False
        if orphans := users_of(self.folder, self.program):
            # Backends of a killed postmaster: they hold its memory.
            send_signal(orphans, signal.SIGQUIT)
            return False
        try:
            self.spawn()
        except OSError:  # no process or no disk space just now; the next call tries again
            return False
        return True

    def turn_log(self) -> None:
        """Set a long log aside and let the server begin another: no line of it is lost."""
        if full(self.log) and self.is_ready():
            with self.place.as_account():
                set_aside(self.log)
                self.reopen_log()

    def clear_orphans(self, patience: float = 5.0) -> None:
        """End the processes that a killed parent left in the folder; the caller has the lock."""
        until = time.monotonic() + patience
        send_signal(users_of(self.folder, self.program), self.stop_signal)
        while orphans := users_of(self.folder, self.program):
            if time.monotonic() > until:
                send_signal(orphans, signal.SIGKILL)
            if time.monotonic() > until + patience + DYING:
                raise EmbeddedError(f"Process {orphans[0]} still uses {self.folder}: end it first.")
            time.sleep(0.01)

    def ask_to_stop(self) -> None:
        """Tell it to stop; await_stop sees to it."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def await_stop(self, patience: float = 10.0) -> None:
        """Return when all of it is gone, killed after patience: the next start is slower then."""
        if self.process is None:
            return
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            patience = 0.0
        self.clear_orphans(patience)  # the one who writes PostgreSQL's log goes last
        self.process = None


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
