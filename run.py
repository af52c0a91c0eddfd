#!/usr/bin/env python3
"""The way in: makes .venv, installs requirements.txt when it changed, goes on there as a command.

What `check` runs is in pyproject.toml, and installed when somebody first checks.

Where the packages are installed already (a container, an activated environment, a .venv made from
deploy/requirements.lock) it installs nothing. Until they are there it uses the standard library
only; old Pythons can read this file.
"""

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

if sys.platform == "win32":
    sys.stderr.write("This needs Linux or macOS; on Windows, run it inside WSL.\n")
    sys.exit(2)
if sys.version_info < (3, 11):  # noqa: UP036 that is what it is for
    sys.stderr.write(f"This needs Python 3.11 or newer, not {sys.version.split()[0]}.\n")
    sys.exit(2)

ROOT = Path(__file__).resolve().parent
REQUIREMENTS = ROOT / "requirements.txt"
PROJECT = ROOT / "pyproject.toml"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MARK = VENV / "requirements.sha256"  # what was installed for which Python, or UNFINISHED
UNFINISHED = "unfinished"
# The heading in requirements.txt; what is below it only `test` and embedded servers need.
EMBEDDED = "# The embedded servers"
MOVED = "RUN_PY_MOVED"  # holds our pid, which an exec keeps: we never move twice
COMPARE = {"==": tuple.__eq__, ">=": tuple.__ge__, "<": tuple.__lt__}


class SetupError(Exception):
    """The environment can't be made; the message is one sentence for a person."""


def main() -> int:
    """Run the command line where the packages are; return its exit code."""
    try:
        open_standard_streams()
        command = sys.argv[1:2]
        enter_environment(whole=command == ["test"], tools=command == ["check"])
        sys.path.insert(0, str(ROOT))
        from service.cli.main import main as command_line

        return command_line(sys.argv[1:])
    except SetupError as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def open_standard_streams() -> None:
    """Open those that are closed to nothing: else the next file or socket takes their place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def enter_environment(whole: bool, tools: bool = False) -> None:
    """Return if the packages are here, else become .venv's Python, which is made if need be.

    Not the whole of requirements.txt is: an environment made for serving alone will do. The tools
    of `check` are asked for beside it.
    """
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if os.environ.get(MOVED) == str(os.getpid()) or (inside and ready(whole, tools)):
        return
    if not inside and satisfied(wanted(whole, tools), sys.path):
        return
    if not ready(whole, tools):
        prepare(whole, tools)
    os.environ[MOVED] = str(os.getpid())
    os.environ.pop("__PYVENV_LAUNCHER__", None)  # macOS would start the old Python again
    try:
        os.execv(PYTHON, [str(PYTHON), *sys.orig_argv[1:]])
    except OSError as exc:
        raise SetupError(f"{PYTHON} can't run here ({exc.strerror}): delete {VENV}.") from exc


def ready(whole: bool, tools: bool = False) -> bool:
    """Tell whether .venv holds requirements.txt as it is now, or was made by hand and will do."""
    if not os.path.exists(PYTHON):  # False, too, when it is not ours to see
        return False
    if MARK.exists():
        return mark() == fingerprint() and (not tools or satisfied(developing(), venv_path()))
    return satisfied(wanted(whole, tools), venv_path())


def mark() -> str:
    """Return what the last start noted in .venv; empty if nothing."""
    return MARK.read_text() if MARK.exists() else ""


def fingerprint() -> str:
    """Return what the mark of a complete .venv says."""
    return f"{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()} {os.path.realpath(PYTHON)}"


def venv_path() -> "list[str]":
    """Return where .venv keeps its packages."""
    return [str(found) for found in VENV.glob("lib/python*/site-packages")]


def wanted(whole: bool, tools: bool = False) -> "list[str]":
    """Return the lines of requirements.txt: all, or those that serving can't do without."""
    text = REQUIREMENTS.read_text()
    lines = (text if whole else text.split(EMBEDDED)[0]).splitlines()
    packages = [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]
    return packages + (developing() if tools else [])


def developing() -> "list[str]":
    """Return the packages that `check` runs: those of the dependency group check (PEP 735)."""
    import tomllib  # there since 3.11

    if not PROJECT.exists():
        raise SetupError(f"What `check` runs is named in {PROJECT}, which is not here.")
    found: list[str] = tomllib.loads(PROJECT.read_text())["dependency-groups"]["check"]
    return found


def satisfied(lines: "list[str]", path: "list[str]") -> bool:
    """Tell whether every requirement is completely installed, in a right version, on the path."""
    from importlib import metadata  # slow to import, and most starts don't get here

    for line in lines:
        parts = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?\s*([^;]*)(?:;.*)?", line)
        found = parts and next(iter(metadata.distributions(name=parts[1], path=path)), None)
        if not parts or not found or not found.read_text("RECORD"):  # pip writes RECORD last
            return False
        if not all(allows(bound.strip(), found.version) for bound in parts[2].split(",")):
            return False
    return True


def allows(bound: str, version: str) -> bool:
    """Tell whether a version is within one bound such as >=4.0.3; unknown kinds are refused."""
    parts = re.fullmatch(r"(==|>=|<)\s*([\w.]+)", bound)
    return not bound or bool(parts and COMPARE[parts[1]](numbers(version), numbers(parts[2])))


def numbers(version: str) -> "tuple[int, ...]":
    """Return the numbers of a version, in order."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def prepare(whole: bool, tools: bool = False) -> None:
    """Make .venv complete; a second start waits here for the first."""
    import fcntl

    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ready(whole, tools):
            return
        try:
            ours = mark().endswith(os.path.realpath(PYTHON)) or not mark()
            if not os.path.exists(PYTHON) or not ours:  # interrupted, or its Python is gone
                shutil.rmtree(VENV, ignore_errors=True)
            VENV.mkdir(exist_ok=True)
            MARK.write_text(UNFINISHED)
            sys.stderr.write("Installing the packages into .venv (once, some 15 seconds) ...\n")
            install(lock.fileno(), developing() if tools else [])
            MARK.write_text(fingerprint())
        except OSError as exc:
            raise SetupError(
                f"Can't write {VENV} ({exc.strerror}). An environment of your own, anywhere, does: "
                f"python3 -m venv ~/booking && ~/booking/bin/pip install -r {quoted(REQUIREMENTS)} "
                f"&& ~/booking/bin/python {quoted(__file__)}"
            ) from exc


def quoted(path: "str | Path") -> str:
    """Return a path as a shell takes it."""
    return shlex.quote(os.path.abspath(path))


def install(lock: int, more: "list[str]") -> None:
    """Make the environment if it is new and run pip; both keep the lock if we are killed."""
    base = getattr(sys, "_base_executable", sys.executable)
    whole = importlib.util.find_spec("ensurepip") is not None  # Debian has it in python3-venv
    if not PYTHON.exists():
        step([base, "-m", "venv", *([] if whole else ["--without-pip"]), str(VENV)], lock)
    if list(VENV.glob("lib/python*/site-packages/pip")):
        pip = [str(PYTHON), "-m", "pip"]
    elif importlib.util.find_spec("pip"):
        pip = [base, "-m", "pip", "--python", str(PYTHON)]
    else:
        raise SetupError(
            "This Python has neither ensurepip nor pip: install your system's "
            "python3-venv package and start again."
        )
    quiet = ["-q", "--disable-pip-version-check"]
    step([*pip, "install", *quiet, "-r", str(REQUIREMENTS), *more], lock)


def step(command: "list[str]", lock: int) -> None:
    """Run one command of the installation; its own words are shown only when it fails."""
    done = subprocess.run(command, pass_fds=[lock], capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-5:]
        raise SetupError("\n".join([*said, f"Installing failed: {' '.join(command)}"]))


if __name__ == "__main__":
    sys.exit(main())
