"""Deletes what the embedded servers keep in a data directory, and nothing else in there."""

import os
import shutil
from pathlib import Path

from service.store.embedded.place import swap
from service.store.embedded.place.files import Place
from service.store.embedded.place.hold import hold
from service.store.embedded.postgres import Postgres
from service.store.embedded.valkey import Valkey

GONE = "postgres.new-erased"  # as what a start that was interrupted left: the next one removes it


def erase(data_dir: Path) -> list[Path]:
    """Delete the data and return what was deleted. Raises AlreadyRuns, EmbeddedError, OSError."""
    place = Place.find(data_dir, durable=True, brief=True)
    lock = hold(place)
    try:
        for kind in (Postgres, Valkey):
            kind(place, place.home, durable=True).clear_orphans()
        with place.as_keeper():
            found = [one for one in _ours(place.home) if one.is_dir()]
            for folder in found:
                _delete(folder)
        return found
    finally:
        place.leave(durable=True)
        os.close(lock)


def _ours(home: Path) -> list[Path]:
    """The folders that the servers may have, with those of before an upgrade."""
    names = (Postgres.name, Valkey.name, "log")
    return [*(home / name for name in names), *swap.beside(home), *home.glob("postgres.new-*")]


def _delete(folder: Path) -> None:
    """Delete a folder; half of a database is never taken for one."""
    if folder.name == Postgres.name:
        folder = folder.rename(folder.with_name(GONE))
    shutil.rmtree(folder)
