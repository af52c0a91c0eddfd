"""One command of the command line, as it is told apart, explained and carried out."""

import argparse
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

Parser = argparse.ArgumentParser
Values = argparse.Namespace


def nothing(parser: Parser) -> None:
    """Adds no argument: for a command that has none of its own."""


def consistent(values: Values) -> str:
    """What contradicts itself in the arguments, as a sentence: nothing, for most commands."""
    return ""


class Databases(Enum):
    """What a command has to do with the servers."""

    NONE = "none"  # asks none, or tells of it in its log, as `serve` does
    POSTGRES = "postgres"  # asks PostgreSQL; an embedded one is started, but never made
    KEPT = "kept"  # asks both; likewise
    MADE = "made"  # makes embedded ones where there are none


class Command(NamedTuple):
    """A command's words, what it does in a line and in full, examples, arguments and action.

    The action is a function of service.cli.commands, such as people.user.create; it gets the
    settings and the arguments by name, after a line on standard error said on which database.
    """

    words: str
    help: str
    about: str
    examples: tuple[str, ...]
    action: str = ""
    add: Callable[[Parser], object] = nothing
    wrong: Callable[[Values], str] = consistent
    databases: Databases = Databases.KEPT

    def lines(self) -> list[str]:
        """The examples as they are pasted."""
        return [f"python3 run.py {self.words} {one}".rstrip() for one in self.examples]
