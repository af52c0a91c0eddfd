"""README.md, taken apart: its sections, tables and blocks of commands."""

import re

from tests.contract.source import ROOT

TEXT = (ROOT / "README.md").read_text()


def section(title: str) -> str:
    """The text under a heading of the second level, up to the next of that level."""
    parts = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert title in sections, f"README.md has no section {title}"
    return sections[title]


def table(title: str) -> list[list[str]]:
    """The rows of the first table in a section, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return rows[2:]


def block(title: str, language: str = "sh") -> str:
    """The first block of commands in a section, or of another language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", section(title), re.MULTILINE | re.DOTALL)
    assert found, f"section {title} has no block of {language}"
    return found[1]
