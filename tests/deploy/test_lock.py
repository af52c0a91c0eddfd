"""requirements.lock: what a machine that serves installs, and nothing of the tests."""

import os
import re
import subprocess
import venv
from pathlib import Path

import pytest

import run
from service.settings import Settings
from tests.live import ROOT, Live, unconfigured

LOCK = ROOT / "deploy" / "requirements.lock"
PINNED = re.compile(r"^([\w.-]+)==([\w.]+)( ; [^\\]+)?(?: \\)?$", re.MULTILINE)


def names(lines: list[str]) -> set[str]:
    return {re.split(r"[\[=<>]", line)[0].replace("_", "-").lower() for line in lines}


def test_it_has_what_serving_needs_and_nothing_of_the_tests_or_the_embedded_servers() -> None:
    locked = {found[1] for found in PINNED.finditer(LOCK.read_text())}
    serving = names(run.wanted(whole=False))
    assert serving <= locked
    assert not locked & (names(run.wanted(whole=True)) - serving)


def test_its_versions_are_those_that_requirements_txt_allows() -> None:
    locked = {found[1]: found[2] for found in PINNED.finditer(LOCK.read_text())}
    for line in run.wanted(whole=False):
        name = names([line]).pop()
        bounds = re.sub(r"^[\w.-]+(\[[\w,]+\])?", "", line).split(",")
        assert all(run.allows(bound.strip(), locked[name]) for bound in bounds), line


def test_each_line_has_hashes_and_none_names_an_index() -> None:
    text = LOCK.read_text()
    entries = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(PINNED.findall(text))
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


@pytest.mark.timeout(300)
def test_with_nothing_but_it_the_server_starts_and_installs_nothing(
    tmp_path: Path, settings: Settings
) -> None:
    fresh = tmp_path / "fresh"
    venv.create(fresh, with_pip=True)
    python = fresh / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", LOCK]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    environment = unconfigured() | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "UNSAFE_DATABASE": "on",
        "READY_DOWN_SECONDS": "0",
    }
    for name in ("PYTHONUNBUFFERED", "PYTHONPATH", run.MOVED):
        environment.pop(name, None)
    said, log = tmp_path / "said.txt", tmp_path / "log.txt"
    with said.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(
            [python, ROOT / "run.py", "serve", "--port", "0"],
            env=environment,
            stdout=out,
            stderr=err,
        )
    try:
        live = Live(process, said, log)
        ours = Path(f"/proc/{process.pid}/environ").read_bytes()
        assert os.readlink(f"/proc/{process.pid}/exe") == os.path.realpath(python)
        assert run.MOVED.encode() not in ours
        assert "Installing" not in live.log
        assert live.stop() == 0
    finally:
        process.kill()
        process.wait()
