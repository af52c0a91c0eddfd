"""The pages for people, taken apart: their sections, tables and blocks of commands."""

import itertools
import re
from pathlib import Path

from tests.contract.source import ROOT

README, CONTRIBUTING, CLIENTS, CALENDAR = (
    ROOT / name for name in ("README.md", "CONTRIBUTING.md", "docs/clients.md", "docs/calendar.md")
)
PAGES = (README, CONTRIBUTING, ROOT / "deploy" / "README.md", *sorted(ROOT.glob("docs/**/*.md")))


def section(title: str, page: Path = README) -> str:
    """The text under a heading of the second level, up to the next of that level."""
    parts = re.split(r"^## (.+)$", page.read_text(), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert title in sections, f"{page} has no section {title}"
    return sections[title]


def table(title: str, page: Path = README) -> list[list[str]]:
    """The rows of the first table in a section, without its head."""
    lines = section(title, page).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[first + 2 :])
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows]


def block(title: str, language: str = "sh", page: Path = README) -> str:
    """The first block of commands in a section, or of another language."""
    found = re.search(
        rf"^```{language}\n(.*?)^```$", section(title, page), re.MULTILINE | re.DOTALL
    )
    assert found, f"section {title} of {page} has no block of {language}"
    return found[1]
