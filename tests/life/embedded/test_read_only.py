"""A checkout that can only be read, and a folder that its user may not write."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.life.servers import NOBODY, ROOT, as_another, parent
from tests.live import unconfigured
from tests.prove.disk import missing, mount, unmount

needs_mount = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture
def checkout(folder: Path) -> Iterator[Path]:
    """A copy of this checkout, without its environment, which can't be written."""
    copy = folder / "checkout"
    copy.mkdir()
    for name in ("run.py", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    for name in ("service", "sql", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    try:
        mount(copy, "bind", "--bind", str(copy))
        mount(copy, "remount,bind,ro")
    except OSError as exc:
        unmount(copy)
        pytest.skip(f"mounting is forbidden here: {exc}")
    yield copy
    unmount(copy)


def run(checkout: Path, python: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [python, str(checkout / "run.py"), *words],
        cwd=checkout,
        env=unconfigured(),
        capture_output=True,
        text=True,
        timeout=100,
    )


@needs_mount
@pytest.mark.parametrize("words", [[], ["test"]])
def test_without_an_environment_the_sentence_says_what_to_do(
    checkout: Path, words: list[str]
) -> None:
    bare = getattr(sys, "_base_executable", sys.executable)
    done = run(checkout, bare, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"Can't write {checkout}/.venv (Read-only file system). An environment of your own, "
        "anywhere, does: python3 -m venv ~/booking && "
        f"~/booking/bin/pip install -r {checkout}/requirements.txt && "
        f"~/booking/bin/python {checkout}/run.py\n"
    )


@needs_mount
def test_with_one_the_data_have_to_go_elsewhere(checkout: Path) -> None:
    done = run(checkout, sys.executable, "serve", "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"The data directory {checkout}/.data can't be used: Read-only file system. "
        "Choose another with --data-dir.\n"
    )


@needs_mount
def test_with_one_the_tests_run_as_anywhere(checkout: Path) -> None:
    done = run(checkout, sys.executable, "test", "tests/unit/store/test_memory.py")
    assert (done.returncode, done.stderr) == (0, "")


@as_another
def test_a_folder_that_its_user_may_not_write_is_one_sentence(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(pytest.fail.Exception):
        parent(folder / "data", str(NOBODY))
    assert (
        f"{folder}/data can't be used: Permission denied; it may belong to another user."
        in capfd.readouterr().err
    )
    assert not list(folder.iterdir())
