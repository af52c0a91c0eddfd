"""The server that is driven: one of our own on servers of its own, or one that runs already."""

import contextlib
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2.extensions import parse_dsn

from service.settings import Settings, SettingsError
from service.store.embedded import Embedded, EmbeddedError
from service.store.embedded.pair import speaks
from service.store.embedded.place.files import Place
from service.store.schema import migrate
from tests.load.children import Child, started
from tests.load.errors import LoadError

# What a server of our own is told whatever the environment says.
OURS = {"RATE_LIMIT": "off", "DEMO": "off", "PORT": "0", "HOST": "127.0.0.1"}
CHEAP = {"BCRYPT_ROUNDS": "4"}  # unless the environment says otherwise
GENERATOR, SERVER, POSTGRES, REDIS = "generator", "server", "PostgreSQL", "Redis"


@dataclass
class Target:
    """Where it listens, its databases where we may look, and its processes by name."""

    address: tuple[str, int]
    settings: Settings | None = None  # with both URLs, when the databases can be reached
    processes: dict[str, list[int]] = field(default_factory=dict)
    own: bool = False
    folder: Path = Path()

    @property
    def url(self) -> str:
        """The URL of the server."""
        host, port = self.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @contextlib.contextmanager
    def beside(self, name: str, changes: Mapping[str, str]) -> Iterator[Child]:
        """Another server on the same databases with some settings changed."""
        assert self.settings
        words = ["run.py", "serve"]
        with started(self.folder, name, words, environment(self.settings, changes)) as child:
            yield child


@contextlib.contextmanager
def own_target(settings: Settings, changes: Mapping[str, str] | None = None) -> Iterator[Target]:
    """Embedded servers in a temporary folder, durable as in production, and a server on them."""
    folder = Path(tempfile.mkdtemp(prefix="booking-load-"))
    folder.chmod(0o755)  # the embedded servers may be another account's
    try:
        embedded = Embedded.start(folder / "data")
    except EmbeddedError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise LoadError(str(error)) from error
    try:
        there = replace(
            settings,
            database_url=embedded.database_url or "",
            redis_url=embedded.redis_url or "",
        )
        migrate.migrate(there.database_url)
        with started(
            folder, "server", ["run.py", "serve"], environment(there, changes or {})
        ) as child:
            names = {"postgres": POSTGRES, "valkey": REDIS}
            found = {names[one.name]: [one.process.pid] for one in embedded.servers if one.process}
            processes = {
                SERVER: [child.pid],
                POSTGRES: found[POSTGRES],
                REDIS: found[REDIS],
                GENERATOR: [os.getpid()],
            }
            yield Target(child.address, there, processes, True, folder)
    finally:
        embedded.stop()
        home = embedded.place.home if embedded.place else folder
        for path in (folder, home):  # as root the data may be elsewhere
            shutil.rmtree(path, ignore_errors=True)


def environment(settings: Settings, changes: Mapping[str, str]) -> dict[str, str]:
    """The environment of a server of ours: the caller's, but our databases and no limits."""
    databases = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    return CHEAP | dict(os.environ) | databases | OURS | dict(changes)


def running_target(url: str, settings: Settings, data_dir: str | None) -> Target:
    """A server that somebody else started. Its databases are those of DATABASE_URL and REDIS_URL
    or of the data directory; without them only HTTP is used."""
    target = Target(loopback(url))
    note: dict[str, Any] = {}
    if data_dir:
        place = Place.find(settings.data_dir, True)
        note = place.note()
        if not note.get("ready") or not speaks(note):
            raise LoadError(f"No embedded servers run on {settings.data_dir}.")
        target.processes = {
            SERVER: [int(note["pid"])],
            POSTGRES: pid_of(place.home / "postgres" / "postmaster.pid"),
            REDIS: pid_of(place.home / "valkey" / "server.pid"),
        }
    target.processes[GENERATOR] = [os.getpid()]
    database_url = settings.database_url or note.get("database_url")
    redis_url = settings.redis_url or note.get("redis_url")
    if database_url and redis_url:
        check_databases(database_url, redis_url)
        target.settings = replace(settings, database_url=database_url, redis_url=redis_url)
    return target


def pid_of(file: Path) -> list[int]:
    """The process that wrote its number into a file; none where there is no such file."""
    try:
        return [int(file.read_text().split()[0])]
    except (OSError, ValueError, IndexError):
        return []


def loopback(url: str) -> tuple[str, int]:
    """The address of a URL, which must be this very machine. Raises LoadError."""
    parts = urlsplit(url if "//" in url else f"//{url}")
    if parts.scheme not in ("", "http") or not parts.hostname:
        raise LoadError(f"{url} is not like http://127.0.0.1:8000.")
    if not is_loopback(parts.hostname):
        raise LoadError(f"{parts.hostname} is not this machine: only loopback is ever loaded.")
    return parts.hostname, parts.port or 80


def is_loopback(host: str) -> bool:
    """Whether every address of a host is a loopback one."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


def check_databases(database_url: str, redis_url: str) -> None:
    """Raise LoadError unless both databases are on this machine, like the server."""
    hosts = parse_dsn(database_url).get("host", "").split(",")
    if not redis_url.startswith("unix:"):
        hosts.append(urlsplit(redis_url).hostname or "")
    if not all(host.startswith("/") or (host and is_loopback(host)) for host in hosts):
        raise LoadError("The databases are not on this machine: only loopback is ever loaded.")


@contextlib.contextmanager
def witness(settings: Settings) -> Iterator[Any]:
    """A connection of our own that looks behind the server, without its time limits."""
    try:
        connection = psycopg2.connect(settings.database_url, options="-c timezone=UTC")
    except psycopg2.Error as error:
        raise LoadError(f"PostgreSQL does not take the connection: {error}".strip()) from error
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def load_settings(environ: Mapping[str, str], **flags: Any) -> Settings:
    """The settings, as the command line gives them. Raises LoadError."""
    try:
        return Settings.load(environ, **flags)
    except SettingsError as error:
        raise LoadError(str(error)) from error
