"""`run.py test` on a few small tests: what runs beside what, what is said, and how it ends."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import ROOT
from tests.side_by_side import ALONE, LONG

TESTS = """
import json, pathlib, time, pytest

@pytest.mark.parametrize("number", range(3))
def test_times(number):
    began = time.monotonic()
    time.sleep(0.2)
    with open({times!r}, "a") as told:
        told.write(json.dumps([__file__, began, time.monotonic()]) + "\\n")
    assert number != {failing}
"""
PLUGINS = ["tests.side_by_side", "tests.progress"]
LONE = "tests/frozen/test_lone.py"  # in a folder that is in ALONE
STRANGE = f"-c {os.devnull} --import-mode=importlib -W ignore -p xdist"
LAST = re.compile(r"=* ?1 failed, 8 passed in \S+( \(\S+\))? ?=*")


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest there with our plugins, and with none of our own configuration."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", str(folder), *STRANGE.split(), *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three files of tests; one of them is to run alone, and its last test fails."""
    folder = tmp_path_factory.mktemp("sample")
    (folder / "conftest.py").write_text(f"pytest_plugins = {PLUGINS}")
    for name in ("tests/api/test_a.py", "tests/api/test_b.py", LONE):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        failing = 2 if name == LONE else None
        file.write_text(TESTS.format(times=str(folder / "times"), failing=failing))
    return folder


@pytest.fixture(scope="module")
def done(sample: Path) -> "subprocess.CompletedProcess[str]":
    """What came of running all of it on two workers."""
    return run(sample, "-n", "2", "tests")


def test_what_is_about_time_runs_when_nothing_else_does(
    sample: Path, done: "subprocess.CompletedProcess[str]"
) -> None:
    told = [json.loads(line) for line in (sample / "times").read_text().splitlines()]
    assert len(told) == 9, done.stdout
    ends = {Path(file).name: end for file, _, end in told}
    begins = {Path(file).name: begin for file, begin, _ in reversed(told)}
    assert begins["test_a.py"] < ends["test_b.py"]
    assert begins["test_b.py"] < ends["test_a.py"]
    assert begins["test_lone.py"] > max(ends["test_a.py"], ends["test_b.py"])


def test_the_last_line_counts_all_and_the_exit_code_tells_of_those_alone(
    done: "subprocess.CompletedProcess[str]",
) -> None:
    assert LAST.fullmatch(done.stdout.splitlines()[-1]), done.stdout
    assert done.returncode == 1


def test_a_pipe_sees_the_folders_and_at_once_what_failed(
    done: "subprocess.CompletedProcess[str]",
) -> None:
    said = re.findall(r"^\d+:\d\d +(\d+)%  (.*)$", done.stdout, re.MULTILINE)
    assert ("66", "tests/api: 6 done") in said
    assert said[-2:] == [
        ("88", f"FAILED {LONE}::test_times[2]"),
        ("100", "tests/frozen: 3 done"),
    ]


@pytest.mark.parametrize("words", ["tests/api/test_a.py", "tests -s", "tests -k test_a"])
def test_who_chooses_or_wants_to_see_gets_no_workers(sample: Path, words: str) -> None:
    said = run(sample, *words.split()).stdout
    assert "3 passed" in said or "8 passed" in said
    assert "worker" not in said


def test_who_runs_a_folder_gets_workers_if_it_has_files_for_them(sample: Path) -> None:
    assert "2 workers" in run(sample, "tests/api").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "3 passed, 3 skipped"),
        ("--long", "6 passed"),
        ("tests/ha", "3 passed"),
        ("-k test_times", "6 passed"),
    ],
)
def test_what_takes_long_waits_for_whoever_asks_for_it(
    tmp_path: Path, words: str, said: str
) -> None:
    (tmp_path / "conftest.py").write_text(f"pytest_plugins = {PLUGINS}")
    for name in ("tests/api/test_a.py", LONG[-1]):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(TESTS.format(times=str(tmp_path / "times"), failing=None))
    done = run(tmp_path, "-o", "testpaths=tests", "-n", "0", *words.split())
    assert said in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("beginning", ALONE + LONG)
def test_what_is_to_run_alone_or_first_is_there(beginning: str) -> None:
    path, _, name = beginning.partition("::")
    assert (ROOT / path).exists()
    assert not name or f"def {name}" in (ROOT / path).read_text()
