"""Processes of `run.py serve` that come back when they die, each on a port that stays its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from service.settings import ROOT
from service.store.embedded.process import dies_with_us
from tests.live import free_port, unconfigured

HOST = "127.0.0.1"
ENTRY = (sys.executable, str(ROOT / "run.py"))
STOPPING = 15.0  # seconds until a server that was asked to stop is killed
AGAIN = 0.2  # seconds between two starts of a server that dies at once


class AppServer:
    """One process of ours. Whoever kills it need not start it again: the stage does."""

    host = HOST

    def __init__(
        self, number: int, folder: Path, entry: list[str] | None, environment: Mapping[str, str]
    ) -> None:
        self.number, self.port = number, free_port()
        self.log = folder / f"server-{number}.log"
        self.clock: Path | None = None  # the file that says how far its clock is from ours
        self.wanted = False  # whether the stage should bring it back
        self.starts = 0
        self.ends: list[int] = []  # exit codes of those before the last
        self._entry = list(entry or ENTRY)
        self._environment = unconfigured() | {"PYTHONUNBUFFERED": "1"} | dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    def bend_clock(self, folder: Path) -> None:
        """Let its clock be what a file says, from its next start on; where that can't be, no."""
        if library := bent_clock():
            self.clock = folder / f"clock-{self.number}"
            self.clock.write_text("+0\n")
            self._environment |= {
                "LD_PRELOAD": library,
                "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_DISABLE_SHM": "1",
            }

    @property
    def pid(self) -> int:
        """The process that was started last."""
        assert self._process
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether its process is there; it may still be starting, or stopped by a signal."""
        return self._process is not None and self._process.poll() is None

    @property
    def listening(self) -> bool:
        """Whether it accepts connections."""
        with socket.socket() as connection:
            connection.settimeout(0.25)
            return connection.connect_ex((self.host, self.port)) == 0

    def start(self) -> None:
        """Start it unless it lives; it listens about a second later. From the main thread only."""
        self.wanted = True
        if self.alive:
            return
        if self._process is not None:
            self.ends.append(self._process.returncode)
        words = [*self._entry, "serve", "--host", self.host, "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                words,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl-C is for us
                preexec_fn=dies_with_us(signal.SIGKILL),
            )
        self.starts += 1
        self._started_at = time.monotonic()

    def revive(self) -> bool:
        """Start it if it should be there and is not; True when a process was started."""
        if not self.wanted or self.alive or time.monotonic() < self._started_at + AGAIN:
            return False
        self.start()
        return True

    def signal(self, number: signal.Signals) -> int:
        """Send it a signal; the pid that got it, 0 when there was none."""
        if not self.alive:
            return 0
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
        return self.pid

    def kill(self) -> int:
        """kill -9; the pid that died, 0 when there was none."""
        return self.signal(signal.SIGKILL)

    def stop(self) -> int | None:
        """SIGTERM, for good, and wait; its exit code, None when it never ran."""
        self.wanted = False
        if self._process is None:
            return None
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            return self._process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def bent_clock() -> str:
    """The library that bends clocks; empty where it is not installed."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return str(found[0]) if found else ""
