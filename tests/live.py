"""A real process of `run.py serve`, and databases of its own to run it on."""

import contextlib
import functools
import os
import random
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from service.settings import Settings
from service.store.schema.migrate import migrate

ROOT = Path(__file__).resolve().parents[1]
# The servers of the tests are quick and not durable, no balancer has to be told of their end, and
# no password is worth a quarter of a second.
OURS = {
    "PYTHONUNBUFFERED": "1",
    "UNSAFE_DATABASE": "on",
    "READY_DOWN_SECONDS": "0",
    "BCRYPT_ROUNDS": "4",
}
# A machine that is busy with other tests is no server that hangs: who tests these sets others.
PATIENT = {
    "connect_timeout": 10.0,
    "lock_timeout": 8.0,
    "statement_timeout": 10.0,
    "request_deadline": 15.0,
    "redis_timeout": 5.0,
    "lock_ttl": 20.0,
}
PATIENTLY = {name.upper(): str(seconds) for name, seconds in PATIENT.items()}
LISTENING = re.compile(r"^listening on http://(\S+):(\d+)$", re.MULTILINE)


class Live:
    """A serving process: where it listens, what it said, how much memory it holds."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: Path, log: Path) -> None:
        self.process, self._said, self._log = process, said, log
        self.host, self.port = self._listening()
        self.url = f"http://{self.host}:{self.port}"

    def _listening(self, patience: float = 60.0) -> tuple[str, int]:
        until = time.monotonic() + patience
        while time.monotonic() < until and self.process.poll() is None:
            if found := LISTENING.search(self.said):
                return found[1], int(found[2])
            time.sleep(0.02)
        raise AssertionError(f"the server did not start: {self.log}")

    @property
    def said(self) -> str:
        """Everything on its standard output so far."""
        return self._said.read_text()

    @property
    def log(self) -> str:
        """Everything on its standard error so far."""
        return self._log.read_text()

    @property
    def memory(self) -> int:
        """Bytes it holds in memory now."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def unconfigured() -> dict[str, str]:
    """Our environment without anything that is a setting of the service."""
    ours = {entry.env for entry in Settings.entries()}
    return {name: value for name, value in os.environ.items() if name not in ours}


def free_port() -> int:
    """A free port that no outgoing connection will be given while its server is down."""
    try:
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        lowest = 32768
    while True:
        port = random.SystemRandom().randrange(lowest // 2, lowest)
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def served(folder: Path, environment: Mapping[str, str], *flags: str) -> Iterator[Live]:
    """`run.py serve` on any free port, with only these settings in its environment."""
    said, log = folder / "stdout.txt", folder / "stderr.txt"
    with said.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), "serve", "--port", "0", *flags],
            env=unconfigured() | OURS | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    try:
        live = Live(process, said, log)
        yield live
        assert live.stop() == 0, live.log
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextlib.contextmanager
def scratch_database(admin_url: str, database_url: str, *, migrated: bool = False) -> Iterator[str]:
    """The URL of a new database that belongs to the service's role, empty or with the schema in
    it; dropped afterwards."""
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    template = _with_schema(admin_url, database_url) if migrated else "template0"
    _make_database(admin_url, database_url, name, template)
    try:
        yield _url(database_url, name)
    finally:
        with connected(admin_url) as admin, admin.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@functools.cache
def _with_schema(admin_url: str, database_url: str) -> str:
    """The database that those with the schema are copies of: to migrate takes ten times as long."""
    name = f"schema_{uuid.uuid4().hex[:12]}"
    _make_database(admin_url, database_url, name, "template0")
    migrate(_url(database_url, name))
    return name


def _make_database(admin_url: str, database_url: str, name: str, template: str) -> None:
    owner = urlsplit(database_url).username
    with connected(admin_url) as admin, admin.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE {name} OWNER "{owner}" TEMPLATE {template}')


def _url(database_url: str, name: str) -> str:
    return urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))


@contextlib.contextmanager
def connected(database_url: str) -> Iterator[Any]:
    """An autocommitting connection, closed afterwards."""
    connection = psycopg2.connect(database_url, options="-c timezone=UTC")
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()
