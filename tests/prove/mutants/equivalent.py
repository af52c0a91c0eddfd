"""Mutants that do the same as the source, each with the reason: nobody can notice them."""

import tomllib
from pathlib import Path

LIST = Path(__file__).with_suffix(".toml")


def equivalents() -> dict[tuple[str, str, str], str]:
    """The reason of each, by what Mutant.words tells of it."""
    entries = tomllib.loads(LIST.read_text(encoding="utf-8"))["mutant"]
    return {(one["in"], one["was"], one["is"]): one["why"] for one in entries}
