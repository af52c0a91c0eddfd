"""A machine to throw away, with a real systemd as PID 1, on a copy of this one: see boot.sh."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SYSTEMD = Path("/lib/systemd/systemd")
PYTHON = Path("/usr/bin/python3")  # the system's: the unit may not look into anybody's home
BOOT = Path(__file__).with_name("boot.sh")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Where packages come from, and whom to believe there.
PASSED_ON = ("PIP_", "SSL_CERT_", "REQUESTS_CA_", "http_proxy", "https_proxy", "no_proxy")
PATIENCE = 30.0  # seconds for systemd to have booted


def missing() -> str:
    """What this system lacks for such a machine; empty if nothing."""
    if os.geteuid() != 0:
        return "a machine with systemd of its own needs root"
    if not SYSTEMD.exists() or not shutil.which("unshare"):
        return "systemd is not installed"
    if "overlay" not in Path("/proc/filesystems").read_text():
        return "this kernel has no overlay file system"
    probe = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"
    if subprocess.run([PYTHON, "-c", probe], capture_output=True).returncode:
        return f"{PYTHON} is older than 3.11 or has no ensurepip (python3-venv)"
    return ""


class Machine:
    """The machine: what its root says, and its files."""

    def __init__(self, init: int) -> None:
        self.init = init  # the pid of its PID 1, as we see it

    def path(self, name: str) -> Path:
        """One of its files, as we reach it."""
        return Path(f"/proc/{self.init}/root{name}")

    def ask(self, script: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Let its root run lines of bash; nothing of our environment but where packages are."""
        passed = [f"{name}={value}" for name, value in os.environ.items() if _passes(name)]
        entered = ["nsenter", f"--target={self.init}", "--all", "env", "-i"]
        return subprocess.run(
            [*entered, f"PATH={PATH}", *passed, "bash", "-euc", script],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=100,
        )

    def run(self, script: str, stdin: str = "") -> str:
        """What the lines print; they must not fail."""
        done = self.ask(script, stdin)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def show(self, unit: str, figure: str) -> str:
        """What systemd says of a unit: ActiveState, MainPID, NRestarts, ..."""
        return self.run(f"systemctl show --value --property={figure} {unit}").strip()

    def status(self, unit: str) -> dict[str, str]:
        """/proc/PID/status of the main process of a unit."""
        text = self.path(f"/proc/{self.show(unit, 'MainPID')}/status").read_text()
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def _passes(name: str) -> bool:
    return name.startswith(PASSED_ON) or name.lower() in PASSED_ON


@contextlib.contextmanager
def booted() -> Iterator[Machine]:
    """A running machine; afterwards nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="booking-machine-"))
    said = folder / "console.txt"
    with said.open("wb") as console:
        process = subprocess.Popen(
            ["unshare", "--mount", "bash", str(BOOT), str(folder)],
            stdin=subprocess.PIPE,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
    try:
        machine = Machine(_init_of(process, said))
        _settle(machine, said)
        yield machine
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(20)
        shutil.rmtree(folder)


def _init_of(process: "subprocess.Popen[bytes]", said: Path) -> int:
    """The pid, as we see it, of the machine's PID 1 once it is systemd."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        for unshare in _children(process.pid):
            for init in _children(unshare):
                with contextlib.suppress(OSError):
                    if Path(f"/proc/{init}/comm").read_text() == "systemd\n":
                        return init
        time.sleep(0.05)
    raise AssertionError(f"the machine did not boot: {said.read_text()}")


def _settle(machine: Machine, said: Path) -> None:
    until = time.monotonic() + PATIENCE
    state = ""
    while time.monotonic() < until:
        state = machine.ask("systemctl is-system-running").stdout.strip()
        if state in ("running", "degraded"):
            return
        time.sleep(0.1)
    raise AssertionError(f"systemd is {state}: {said.read_text()}")


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []
