"""run.py check: the formatter, the linter and the type checker, each to its end."""

import shutil
from pathlib import Path

import pytest

from service.cli.commands import check
from service.settings import ROOT, Settings

pytest.importorskip("mypy", reason="`run.py check` has not installed its tools here yet")

UNTYPED = (
    '"""Not typed, not formatted, and with an import too many."""\nimport os\ndef f(x):return x\n'
)
TYPED = '"""As it should be."""\n\n\ndef f(x: int) -> int:\n    return x\n'


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only module of a checkout that has our configuration."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "run.py").write_text('"""Nothing."""\n')
    (tmp_path / "service").mkdir()
    monkeypatch.setattr(check, "ROOT", tmp_path)
    return tmp_path / "service" / "one.py"


def test_all_three_look_and_any_of_them_fails_it(
    module: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    module.write_text(UNTYPED)
    assert check.check(Settings(), fix=False) == 1
    said = capfd.readouterr().out
    assert "found something: ruff format, ruff check, mypy\n" in said
    assert "would be reformatted" in said
    assert "F401" in said
    assert "missing a type annotation" in said
    assert module.read_text() == UNTYPED
    module.write_text(TYPED)
    assert check.check(Settings(), fix=False) == 0


def test_what_the_tools_can_mend_is_mended(module: Path, capfd: pytest.CaptureFixture[str]) -> None:
    module.write_text(UNTYPED)
    assert check.check(Settings(), fix=True) == 1
    assert "found something: mypy\n" in capfd.readouterr().out
    assert "import os" not in module.read_text()
    module.write_text(TYPED.replace("    return", "  return"))
    assert check.check(Settings(), fix=True) == 0
    assert module.read_text() == TYPED
