"""Who starts while a command has the embedded servers for a moment waits until it is done."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from service.store.embedded import AlreadyRuns, Embedded, EmbeddedError
from service.store.embedded.place.files import Place
from service.store.embedded.place.hold import hold
from tests.life.servers import ROOT, close, parent, remember, remembers
from tests.live import served, unconfigured


def test_serve_waits_for_a_command_and_starts_when_it_is_done(kept: Path, tmp_path: Path) -> None:
    command = parent(kept, how="attach_or_start")
    timer = threading.Timer(2.0, close, [command])
    timer.start()
    began = time.monotonic()
    with served(tmp_path, {"DATA_DIR": str(kept), "BCRYPT_ROUNDS": "4"}, "--no-demo"):
        assert time.monotonic() - began > 2.0
        assert command.poll() == 0
        remember(Embedded.attach_or_start(kept), "after the command")
    running = Embedded.start(kept)
    try:
        assert remembers(running, "after the command")
    finally:
        running.stop()


def test_a_command_that_takes_too_long_is_named_and_serve_may_be_tried_again(kept: Path) -> None:
    command = parent(kept, how="attach_or_start")
    try:
        with pytest.raises(EmbeddedError, match=rf"^Process {command.pid} still works") as caught:
            hold(Place.find(kept, durable=True), patience=0.5)
        assert not isinstance(caught.value, AlreadyRuns), "systemd would not try again"
    finally:
        close(command)


@pytest.mark.parametrize("words", ["serve --port 0", "restore b.gz --replace --yes", "upgrade"])
def test_nobody_waits_for_a_process_that_serves(kept: Path, words: str, backup: Path) -> None:
    other = parent(kept)
    try:
        refused = command(words.replace("b.gz", str(backup)), kept)
    finally:
        assert close(other) == 0
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"Process {other.pid} already runs the embedded servers of {kept}." in refused.stderr


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a database that has the schema and nothing else of ours."""
    folder = tmp_path_factory.mktemp("backup")
    data, file = folder / "data", folder / "b.gz"
    Embedded.start(data).stop()
    assert command("migrate", data).returncode == 0
    assert command(f"backup {file}", data).returncode == 0
    return file


def command(words: str, data: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *words.split(), "--data-dir", str(data)],
        env=unconfigured(),
        capture_output=True,
        text=True,
        timeout=60,
    )
