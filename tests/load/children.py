"""Server processes of our own: started, found listening, stopped."""

import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from service.settings import ROOT
from service.store.embedded.process import dies_with_us
from tests.load.errors import LoadError

LISTENING = re.compile(r"^listening on http://(\S+):(\d+)$", re.MULTILINE)
PATIENCE = 60.0  # seconds until it listens
STOPPING = 20.0  # seconds until it is killed


class Child:
    """A process that listens."""

    def __init__(self, process: "subprocess.Popen[bytes]", address: tuple[str, int]) -> None:
        self.process, self.address = process, address
        self.pid = process.pid


@contextlib.contextmanager
def started(
    folder: Path, name: str, words: list[str], environment: Mapping[str, str]
) -> Iterator[Child]:
    """This Python run with these words until it listens; stopped on the way out.

    What it says goes to files in the folder. Raises LoadError when it does not start, or when it
    does not end well.
    """
    said, log = folder / f"{name}.out", folder / f"{name}.err"
    with said.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=dict(environment) | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,  # as under systemd: what nice means is told within a session
            preexec_fn=dies_with_us(signal.SIGTERM),
        )
    try:
        yield Child(process, address_of(process, name, said, log))
        process.terminate()
        if process.wait(STOPPING):
            raise LoadError(f"The {name} ended with {process.returncode}: {last_line(log)}")
    except subprocess.TimeoutExpired:
        raise LoadError(f"The {name} did not stop within {STOPPING:.0f} seconds.") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def address_of(
    process: "subprocess.Popen[bytes]", name: str, said: Path, log: Path
) -> tuple[str, int]:
    """Where it says that it listens."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if found := LISTENING.search(said.read_text()):
            return found[1], int(found[2])
        time.sleep(0.02)
    raise LoadError(f"The {name} did not start: {last_line(log)}")


def last_line(log: Path) -> str:
    """The last line of a log."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
