"""Commands as processes, on the embedded servers of one that serves, and after it has ended."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import ROOT, Live, served, unconfigured

PUBLISH = (
    "slots publish --provider 1 --days mon-sun --from 00:00 --to 24:00 --every 15m "
    "--start 2030-01-01 --until 2030-01-31"
)
ENVIRONMENT = {name: value for name, value in unconfigured().items() if name != "NO_COLOR"}
ENVIRONMENT |= {"BCRYPT_ROUNDS": "4", "BOOKING_PASSWORD": "correct horse", "TERM": "xterm"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A process that serves from `data` in its folder."""
    folder = tmp_path_factory.mktemp("live")
    with served(folder, {"BCRYPT_ROUNDS": "4"}, "--data-dir", str(folder / "data")) as live:
        live.folder = folder  # type: ignore[attr-defined]
        yield live


@pytest.fixture(scope="module")
def data(live: Live) -> Path:
    return Path(live.folder / "data")  # type: ignore[attr-defined]


def run(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *words, "--data-dir", str(data)],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def at_its_terminal() -> None:
    """Make standard input the terminal that sends a process the signal of Ctrl-C.

    A script that starts the tests with & has that ignored, in here, too: a shell at one has not.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def on_a_terminal(
    data: Path, *words: str, answer: str = "", question: str = "[y/N]", **more: str
) -> tuple[int, str]:
    """The exit code and everything that a terminal of 80 columns got to show."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *words, "--data-dir", str(data)],
        env=ENVIRONMENT | {"COLUMNS": "80"} | more,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=at_its_terminal,
    )
    os.close(theirs)
    shown = ""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                shown += os.read(ours, 65536).decode()
            except OSError:  # the other end is closed
                break
        if answer and question in shown:
            os.write(ours, f"{answer}\n".encode())
            answer = ""
    os.close(ours)
    return process.wait(10), shown


def test_the_servers_of_a_running_process_are_well_and_used(data: Path) -> None:
    doctor = run(data, "doctor")
    about = f"database: embedded, {data}\n"
    assert (doctor.returncode, doctor.stderr) == (0, about), doctor.stdout
    assert "0 failed" in doctor.stdout
    made = run(data, "user", "create", "--username=ada", "--email=a@b.c", "--role=admin")
    assert re.fullmatch(r"created admin ada with id \d{12,}\n", made.stdout), made
    assert run(data, "user", "disable", "ada").returncode == 0


def test_on_a_terminal_publishing_asks_first_and_shows_how_far_it_is(data: Path) -> None:
    code, shown = on_a_terminal(data, *PUBLISH.split(), answer="n")
    assert (code, shown.splitlines()[-1]) == (0, "nothing was published")
    code, shown = on_a_terminal(data, *PUBLISH.split(), answer="y")
    assert (code, shown.splitlines()[-1].endswith("published 2,976 slots")) == (0, True)
    assert re.search(r"\[#+\.*\] [\d,]+ of 2,976 slots published, \d+ s left", shown)
    visible = re.sub(r"\x1b\[\w*", "", shown).replace("\r", "\n")
    ours = [line for line in visible.splitlines() if str(data) not in line]
    assert max(map(len, ours)) <= 80


@pytest.mark.parametrize(
    ("words", "question"),
    [(PUBLISH.replace("2030", "2031"), "[y/N]"), ("user password ada", "Password:")],
)
def test_ctrl_c_at_a_question_ends_the_command(data: Path, words: str, question: str) -> None:
    nobody = {"BOOKING_PASSWORD": ""}
    code, shown = on_a_terminal(data, *words.split(), answer="\x03", question=question, **nobody)
    assert (code, "Traceback" in shown) == (130, False), shown
    assert question in shown


def test_colours_are_for_terminals_that_want_them(data: Path) -> None:
    assert "\x1b[32mok" in on_a_terminal(data, "doctor")[1]
    assert "\x1b" not in on_a_terminal(data, "doctor", NO_COLOR="1")[1]


def test_a_reader_that_has_seen_enough_is_no_error(data: Path) -> None:
    words = ["slots", "list", "--provider=2", "--limit=500", "--json", "--data-dir"]
    command = [sys.executable, str(ROOT / "run.py"), *words, str(data)]
    process = subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.wait(60) in (0, 141)
    assert process.stderr.read() == f"database: embedded, {data}\n".encode()
    process.stderr.close()


def test_without_a_process_the_servers_are_started_as_long_as_needed(
    live: Live, data: Path
) -> None:
    assert live.stop() == 0
    listed = run(data, "user", "list")
    assert (listed.returncode, listed.stderr) == (0, f"database: embedded, {data}\n")
    assert re.search(r"ada +admin .* disabled", listed.stdout)
    assert not list(data.glob("postgres/postmaster.pid"))
