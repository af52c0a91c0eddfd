"""run.py reset: the embedded data is deleted, when it is meant and nobody uses it."""

from pathlib import Path

import pytest

from tests.command.conftest import Booking
from tests.command.test_processes import on_a_terminal, run
from tests.live import Live, served

QUICK = {"BCRYPT_ROUNDS": "4"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, from which nobody serves any more."""
    folder = tmp_path_factory.mktemp("reset")
    data = folder / "data"
    with served(folder, QUICK, "--data-dir", str(data)) as live:
        refuses(data, live)
    return data


def refuses(data: Path, live: Live) -> None:
    """Refuse to take the data away from whoever serves it."""
    said = run(data, "reset", "--yes")
    assert (said.returncode, said.stdout) == (2, "")
    assert f"Process {live.process.pid} already runs the embedded servers" in said.stderr
    assert (home(data) / "postgres" / "PG_VERSION").exists()


def home(data: Path) -> Path:
    """Where the files are: elsewhere, where root keeps them for an account that can't get in."""
    pointer = data / "elsewhere"
    return Path(pointer.read_text().strip()) if pointer.exists() else data


def test_it_asks_first_and_needs_somebody_to_ask(data: Path) -> None:
    code, shown = on_a_terminal(data, "reset", answer="n")
    assert (code, shown.splitlines()[-1]) == (0, "nothing was deleted")
    said = run(data, "reset")
    assert (said.returncode, "--yes" in said.stderr) == (2, True)
    assert (home(data) / "postgres" / "PG_VERSION").exists()


def test_it_deletes_what_the_servers_keep_and_nothing_else(data: Path, tmp_path: Path) -> None:
    (home(data) / "postgres.15").mkdir()
    (home(data) / "mine").mkdir()
    said = run(data, "reset", "--yes")
    assert said.returncode == 0, said
    names = ("postgres", "valkey", "log", "postgres.15")
    assert said.stdout.splitlines() == [f"deleted {home(data) / name}" for name in names]
    assert {path.name for path in home(data).iterdir()} == {"lock", "mine"}
    assert "There is no embedded PostgreSQL" in run(data, "reset", "--yes").stderr
    with served(tmp_path, QUICK, "--data-dir", str(data)):
        assert run(data, "user", "list").stdout == "There is no such account.\n"


def test_no_database_but_the_embedded_one_is_emptied(booking: Booking) -> None:
    said = booking("reset --yes")
    assert (said.code, said.out) == (2, "")
    assert "not ours to empty" in said.err
