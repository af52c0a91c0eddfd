"""Servers of Debian's packages, started for one test on free ports of this machine."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest

from tests.live import free_port

PLACES = "/usr/sbin:/usr/local/sbin:/usr/lib/postgresql/17/bin:/usr/lib/postgresql/15/bin"


def program(name: str) -> str | None:
    """Where a server's program is, or None."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{PLACES}")


def needs(*names: str, package: str) -> pytest.MarkDecorator:
    """Skip what needs a program that is not here."""
    missing = [name for name in names if program(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{package} is not installed")


class Engine:
    """One server process with its children and a folder; as root it runs as nobody."""

    def __init__(self, folder: Path, name: str, command: Sequence[str]) -> None:
        self._command = [program(command[0]) or command[0], *command[1:]]
        self._log = folder / f"{name}.log"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, ready: Callable[[], bool], patience: float = 30.0) -> None:
        """Start it and wait until it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **as_nobody(),  # type: ignore[call-overload]
            )
        wait(ready, patience, lambda: self._log.read_text()[-2000:])

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and its children; PostgreSQL's lead groups of their own."""
        assert self._process
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(one, number)

    def deafen(self) -> None:
        """Freeze it without its children: PostgreSQL takes no new connections then."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """kill -9, all of it; nothing happens when it is dead already."""
        if self._process:
            with suppress(ProcessLookupError):
                self.send(signal.SIGKILL)
            self._process.wait()
            self._process = None


class Postgres:
    """A PostgreSQL of its own, or the standby of another one."""

    def __init__(self, folder: Path, name: str, *settings: str) -> None:
        self.port, self._data, self.name = free_port(), folder / name, name
        own = ("-p", str(self.port), "-c", "listen_addresses=127.0.0.1")
        given = [part for one in settings for part in ("-c", one)]
        at = ("-D", str(self._data), "-k", "", "-c", f"cluster_name={name}")
        self.engine = Engine(folder, name, ["postgres", *at, *own, *given])

    def create(self) -> None:
        """Make an empty one with the service's role and database, and start it."""
        run("initdb", "-D", str(self._data), "-A", "trust", "-U", "postgres", "-E", "UTF8")
        self.start()
        self.sql("CREATE ROLE booking LOGIN")
        self.sql("CREATE DATABASE booking OWNER booking")

    def follow(self, primary: "Postgres") -> None:
        """Become the standby of another one, and start."""
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={self.name}"
        run(
            "pg_basebackup", "-D", str(self._data), "-R", "-X", "stream", "-c", "fast", "-d", source
        )
        self.start()

    def start(self) -> None:
        self.engine.start(self._accepts)

    def sql(self, text: str) -> list[tuple[object, ...]]:
        """Run one statement as superuser; its rows."""
        link = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname="postgres"
        )
        try:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(text)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            link.close()

    def _accepts(self) -> bool:
        try:
            return bool(self.sql("SELECT 1"))
        except psycopg2.OperationalError:
            return False


def as_nobody() -> dict[str, object]:
    """How a process is started that refuses to be root."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def run(name: str, *arguments: str) -> None:
    """Run a tool to its end."""
    done = subprocess.run(
        [program(name) or name, *arguments],
        capture_output=True,
        cwd="/",
        check=False,
        **as_nobody(),  # type: ignore[call-overload]
    )
    assert done.returncode == 0, done.stderr.decode()


def wait(true: Callable[[], bool], patience: float, why: Callable[[], str] = lambda: "") -> None:
    """Wait until it is true."""
    until = time.monotonic() + patience
    while not true():
        assert time.monotonic() < until, why()
        time.sleep(0.05)


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder that nobody may write into."""
    with tempfile.TemporaryDirectory(prefix="ha-") as name:
        if not os.geteuid():
            nobody = pwd.getpwnam("nobody")
            os.chown(name, nobody.pw_uid, nobody.pw_gid)
        yield Path(name)
