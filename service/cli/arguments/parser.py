"""The table of all commands, turned into a parser and its help."""

import argparse
import difflib
import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from service import __version__
from service.cli.arguments import backup, database, developer, events, server, user, webhook
from service.cli.arguments.calendar import hours, provider, service, slots, times
from service.cli.arguments.command import Command
from service.settings import Settings

WIDTH = 79  # columns of what is printed here
GROUPS = {
    "user": "accounts",
    "provider": "whom appointments are with",
    "service": "what can be booked",
    "schedule": "when a provider works",
    "closure": "when a provider, or everybody, does not",
    "slots": "what a provider has to offer",
    "events": "what has happened",
    "webhook": "who is told of what happens",
}
EXIT_CODES = "exit codes: 0 done, 1 failed, 2 asked wrongly"

COMMANDS = (
    server.SERVE,
    server.MIGRATE,
    server.DOCTOR,
    *backup.COMMANDS,
    *database.COMMANDS,
    *user.COMMANDS,
    *provider.COMMANDS,
    *service.COMMANDS,
    *hours.COMMANDS,
    *times.COMMANDS,
    *slots.COMMANDS,
    *events.COMMANDS,
    *webhook.COMMANDS,
    *developer.COMMANDS,
    server.COMPLETION,
)


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, with the nearest word that is right."""

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        wrong = re.match(r"argument COMMAND: invalid choice: '(.*)' \(choose from", message)
        if wrong:
            message = f"there is no command {wrong[1]!r}{nearest(wrong[1], self._commands())}"
        end = "" if message.endswith("?") else "."
        self.exit(2, f"{message[:1].upper()}{message[1:]}{end} See: {self.prog} --help\n")

    def print_help(self, file: Any = None) -> None:
        """Print the help. Raises OSError, which argparse itself would pass over."""
        (file or sys.stdout).write(self.format_help())

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse what a command does not know in the name of that command."""
        values, unknown = super().parse_known_args(args, namespace)
        if unknown and not any(one.startswith("-") for one in unknown):
            unknown = self._late(values, unknown)
        if unknown:
            flag = next((one for one in unknown if one.startswith("-")), "").partition("=")[0]
            hint = nearest(flag, self._option_string_actions) if flag else ""
            self.error(f"unknown: {' '.join(unknown)}{hint}")
        return values, unknown

    def _late(self, values: argparse.Namespace, words: list[str]) -> list[str]:
        """Add words that came after an option to a list that argparse had closed by then; those
        that no list takes."""
        lists = [one for one in self._actions if one.nargs == "*" and not one.option_strings]
        if not lists:
            return words
        try:
            late = self._get_values(lists[0], words)
        except argparse.ArgumentError as error:
            self.error(str(error))
        getattr(values, lists[0].dest).extend(late)
        return []

    def _commands(self) -> Iterable[str]:
        """The words that may follow."""
        return [name for action in self._actions for name in action.choices or ()]


def nearest(word: str, known: Iterable[str]) -> str:
    """A question whether one of these was meant, or nothing."""
    found = difflib.get_close_matches(word, list(known), 1)
    return f". Did you mean {found[0]}?" if found else ""


class Layout(argparse.RawDescriptionHelpFormatter):
    """Keeps our line breaks, and our width whatever the terminal's."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=WIDTH)


def build_parser() -> Parser:
    """Return the parser of COMMANDS."""
    parser = Parser(
        prog="run.py",
        formatter_class=Layout,
        usage="python3 run.py [COMMAND] [arguments]",
        description="Books appointments. Without a command it serves. Every command has a --help.",
        epilog=f"{EXIT_CODES}\n\n{examples_help()}\n\n{settings_help()}",
    )
    parser.add_argument("--version", action="version", version=f"booking {__version__}")
    levels = {"": subcommands(parser, "run.py")}
    for command in COMMANDS:
        group, _, name = command.words.rpartition(" ")
        if group not in levels:
            upper = levels[""].add_parser(
                group, help=group_help(group), formatter_class=Layout, epilog=EXIT_CODES
            )
            levels[group] = subcommands(upper, f"run.py {group}")
        one = levels[group].add_parser(
            name,
            help=command.help,
            description=textwrap.fill(command.about or sentence(command.help), WIDTH),
            epilog="\n".join(["examples:", *wrapped(command), "", EXIT_CODES]),
            formatter_class=Layout,
        )
        one.set_defaults(command=command)
        one.add_argument(
            "--data-dir", metavar="DIR", help="folder of the embedded servers (default: .data)"
        )
        env_file_argument(one)
        command.add(one)
    return parser


def env_file_argument(parser: argparse.ArgumentParser) -> None:
    """Add --env-file."""
    parser.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="settings, in lines of NAME=value as systemd has them; the environment wins",
    )


def subcommands(parser: Parser, prog: str) -> "argparse._SubParsersAction[Parser]":
    """Return what the commands of a parser are added to."""
    return parser.add_subparsers(prog=prog, metavar="COMMAND", required=True, title="commands")


def group_help(group: str) -> str:
    """Return what a group is about, and its commands."""
    names = [one.words.partition(" ")[2] for one in COMMANDS if one.words.startswith(f"{group} ")]
    return f"{GROUPS[group]}: {', '.join(names)}"


def examples_help() -> str:
    """Return one example per command."""
    return "\n".join(["examples:", *(wrapped(one)[0] for one in COMMANDS)])


def wrapped(command: Command) -> list[str]:
    """Return the examples of a command, each as it is pasted, in lines of whole options."""
    found = []
    for line in command.lines():
        whole = re.sub(r" (?!--|&&)", "\0", line)  # no break between an option and its value
        parts = textwrap.wrap(
            whole,
            WIDTH - 2,
            initial_indent="  ",
            subsequent_indent="      ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        found.append(" \\\n".join(parts).replace("\0", " "))
    return found


def settings_help() -> str:
    """Return all settings with their defaults and meanings."""
    lines = ["settings and defaults (flags win, then the environment, then --env-file):"]
    for entry in Settings.entries():
        left = f"  {entry.env}={entry.default}"
        meaning = textwrap.wrap(entry.help, WIDTH - 30)
        lines += [left.ljust(30) + meaning[0]] if len(left) < 30 else [left, " " * 30 + meaning[0]]
        lines += [" " * 30 + more for more in meaning[1:]]
    return "\n".join(lines)


def sentence(words: str) -> str:
    """Return a help line as a sentence."""
    return f"{words[:1].upper()}{words[1:]}."
