"""The table of targets: what was missed is said, and what was measured is not measured again."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.load.errors import LoadError
from tests.load.targets import command
from tests.load.targets.stand import Row


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts that were measured, with two parts in place of the real ones."""
    found: list[str] = []

    async def good(*_: Any) -> list[Row]:
        """what is good"""
        found.append("good")
        return [Row("answers", "≥ 1", "2", True), Row("told only", "", "3")]

    async def bad(*_: Any) -> list[Row]:
        """what is bad"""
        found.append("bad")
        return [Row("seconds", "≤ 1", "2", False)]

    monkeypatch.setattr(command, "PARTS", {"good": good, "bad": bad})
    monkeypatch.setattr(command, "allow_files", lambda _: None)
    return found


def run(folder: Path, *only: str) -> int:
    return command.run(folder, repeat=1, seconds=1.0, rows=0, only=only)


def test_a_missed_target_is_said(
    tmp_path: Path, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path) == 1
    said = capsys.readouterr().out
    assert "1 of 2 targets reached" in said
    assert [line.split()[0] for line in said.splitlines() if "MISSED" in line] == ["seconds"]
    assert (tmp_path / "targets.txt").read_text() == said


def test_it_goes_on_where_it_was(tmp_path: Path, asked: list[str]) -> None:
    assert run(tmp_path, "good") == 0
    assert run(tmp_path) == 1
    assert asked == ["good", "bad"]
    (tmp_path / "bad.json").unlink()
    run(tmp_path)
    assert asked == ["good", "bad", "bad"]
    assert json.loads((tmp_path / "good.json").read_text())["rows"][0]["measured"] == "2"


def test_a_part_that_does_not_exist_is_refused(tmp_path: Path, asked: list[str]) -> None:
    with pytest.raises(LoadError, match="nothing"):
        run(tmp_path, "nothing")
    assert asked == []
