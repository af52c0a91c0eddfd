"""The embedded PostgreSQL: what it needs in its folder and on its command line."""

import contextlib
import os
import signal
import struct
from pathlib import Path
from urllib.parse import quote

from service.store.embedded.cluster import binary, check_links, check_version, create
from service.store.embedded.memory import memory, shared_buffers
from service.store.embedded.place.account import may
from service.store.embedded.server import Server, answers

PORT = 5432  # only names the socket; nothing listens on TCP
SHM, SHM_ROOM = "/dev/shm", 16 * 1024**2  # bytes that workers of one query may share
# Every version knows these.
PRIVATE = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "log_timezone": "UTC",
    # What callers sent is theirs: no statement text, no key values in the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
SETTINGS = {
    **PRIVATE,
    "timezone": "UTC",
    "max_connections": "100",
    "shared_preload_libraries": "pg_stat_statements",
    "log_checkpoints": "off",
    # PostgreSQL's own collector opens its file anew when told: we rename it when it is long.
    "logging_collector": "on",
    "log_rotation_age": "0",
    "log_rotation_size": "0",
    # After a checkpoint the first change of each page logs it whole: only the clock makes one.
    "max_wal_size": "4GB",
    # After a quiet time so much of the log is still ready to be written over.
    "min_wal_size": "256MB",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """PostgreSQL on a private unix socket, with a database and a role named booking."""

    name = program = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: ends sessions instead of waiting for them

    def command(self) -> list[str]:
        """Return postgres with all its settings, so that none hides in a file."""
        settings = {
            **SETTINGS,
            **self.surroundings(),
            "shared_buffers": shared_buffers(memory()),
            "log_directory": str(self.logs),
            "log_filename": self.log.name,
            **({} if self.durable else NOT_DURABLE),
        }
        return [binary(self.place, "postgres"), *self.arguments(settings)]

    def arguments(self, settings: dict[str, str]) -> list[str]:
        """Return what any version takes behind the name of the program."""
        flags = [word for item in settings.items() for word in ("-c", "=".join(item))]
        return ["-D", str(self.folder), *flags]

    def surroundings(self) -> dict[str, str]:
        """Return the settings that say where on this machine it runs."""
        folder = str(self.sockets).replace('"', '""')
        return {
            "unix_socket_directories": f'"{folder}"',
            "dynamic_shared_memory_type": "posix" if self.shares_memory() else "mmap",
        }

    def shares_memory(self) -> bool:
        """Tell whether /dev/shm is there for the account and has room; a container may lack it."""
        with self.place.as_account(), contextlib.suppress(OSError):
            room = os.statvfs(SHM)
            return may(SHM, os.W_OK | os.X_OK) and room.f_bavail * room.f_frsize >= SHM_ROOM
        return False

    def prepare(self) -> None:
        """Make the data folder if it is new, else see that it is one for this server."""
        super().prepare()
        with self.place.as_keeper():
            new = not self.folder.exists()
        if new:
            create(self.place, self.folder, self.durable)
        self.place.folder(self.name)
        self.check_version()
        check_links(self.place, self.folder)

    def check_version(self) -> None:
        """Raise EmbeddedError when the data is not for these programs."""
        check_version(self.place, self.folder)

    def tidy(self) -> None:
        """Remove lock files: their pid may belong to somebody else by now."""
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        for file in self.sockets.glob(".s.PGSQL.*"):
            file.unlink()

    def reopen_log(self) -> None:
        """Do what `pg_ctl logrotate` does: the postmaster tells its collector."""
        if self.process:
            (self.folder / "logrotate").touch()
            os.kill(self.process.pid, signal.SIGUSR1)

    def is_ready(self) -> bool:
        """Tell whether the running postmaster says so in its own file."""
        try:
            with self.place.as_account():
                lines = (self.folder / "postmaster.pid").read_text(errors="replace").splitlines()
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
