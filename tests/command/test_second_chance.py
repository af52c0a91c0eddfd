""".ci/tests: the few that failed by luck may pass alone, and nothing else may."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live import ROOT

RUN = """
import os, sys
os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[2:]])
"""
LUCK = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("which", ["a b - c", "d::e"])
def test_luck(which):
    seen = Path(__file__).with_name(which)
    again = seen.exists()
    seen.touch()
    assert again

def test_of_others():
    pass
"""
NO_LUCK = "def test_wrong():\n    assert False\n"


@pytest.mark.parametrize(
    ("files", "code", "last"),
    [
        (
            {"tests/api/test_a.py": LUCK},
            0,
            "failed once, passed alone: "
            "tests/api/test_a.py::test_luck[a b - c], tests/api/test_a.py::test_luck[d::e]",
        ),
        ({"tests/api/test_a.py": LUCK, "tests/api/test_b.py": NO_LUCK}, 1, "1 failed, 2 passed"),
        ({"tests/api/test_a.py": LUCK, "tests/sql/test_b.py": LUCK}, 1, "4 failed, 2 passed"),
        ({"tests/races/test_a.py": LUCK}, 1, "2 failed, 1 passed"),
    ],
    ids=["by luck", "twice", "too many", "in races"],
)
def test_what_failed_by_luck_passes_alone(
    tmp_path: Path, files: dict[str, str], code: int, last: str
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "tests", tmp_path / ".ci")
    (tmp_path / "run.py").write_text(RUN)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    words = [tmp_path / ".ci" / "tests", "-q", "--import-mode=importlib", "-p", "xdist"]
    done = subprocess.run(
        [sys.executable, *words, "-W", "ignore", "tests"],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout.splitlines()[-1][: len(last)]) == (code, last), done
