"""run.py and its command line: what is decided before anything is installed or started."""

import ast
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
