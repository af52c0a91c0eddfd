"""Whoever ends `run.py load` has ended the servers that it started."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import ROOT
from tests.life.servers import soon
from tests.live import unconfigured

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks its children up in /proc")
WORDS = "load --scenario book --rate 50 --seconds 60 --people 20 --out"


@pytest.fixture
def run(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A load run with a temporary folder of its own."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *WORDS.split(), str(tmp_path / "reports")],
        env=unconfigured() | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield process
    process.kill()
    process.wait()


def listening(folder: Path) -> bool:
    """Whether a server that was started there says that it listens."""
    return any("listening" in one.read_text() for one in folder.glob("booking-load-*/server.out"))


def children(pid: int) -> list[int]:
    """The processes that a process has started itself and that are still there."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_it_started_is_left(
    run: "subprocess.Popen[bytes]", tmp_path: Path, how: signal.Signals
) -> None:
    assert soon(lambda: listening(tmp_path), 60)
    started = children(run.pid)
    assert len(started) == 3  # PostgreSQL, Redis, the server
    run.send_signal(how)
    assert run.wait(20) == (128 + how if how == signal.SIGTERM else -how)
    assert soon(lambda: not any(alive(one) for one in started), 20)
    if how == signal.SIGTERM:
        assert not list(tmp_path.glob("booking-load-*"))
