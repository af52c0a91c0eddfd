"""`check`: formatter, linter and types, without the tests."""

import subprocess
import sys

from service.cli.commands.servers import FAILED
from service.settings import ROOT, Settings

CHECKS = (("ruff", "format", "--check", "."), ("ruff", "check", "."), ("mypy",))
FIXES = (("ruff", "check", "--fix-only", "--quiet", "."), ("ruff", "format", "--quiet", "."))


def check(settings: Settings, *, fix: bool) -> int:
    """Run all tools over the code and show what they find; 1 if any found something."""
    for tool in FIXES if fix else ():
        run(tool)
    found = [tool[:2] for tool in CHECKS if run(tool)]
    if found:
        print(f"found something: {', '.join(' '.join(tool) for tool in found)}")
    return FAILED if found else 0


def run(tool: tuple[str, ...]) -> int:
    """The exit code of a tool, which shows by itself what it finds."""
    return subprocess.run([sys.executable, "-m", *tool], cwd=ROOT).returncode
