"""The command line: reads it, hands over to one command, returns its exit code."""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from service.arguments.command import Command
from service.arguments.parser import build_parser
from service.settings import ROOT, Settings, SettingsError

TOOLS = {"load": "The load test", "prove": "The proof"}


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; no command at all is serve."""
    if argv[:1] == ["test"]:
        run_tests(argv[1:])
    if argv[:1] == ["help"]:
        argv = [*argv[1:], "--help"]
    if argv and argv[0] in TOOLS:
        return run_tool(argv[0], argv[1:])
    if not argv or (argv[0].startswith("-") and argv[0] not in ("-h", "--help", "--version")):
        argv = ["serve", *argv]
    values = build_parser().parse_args(argv)
    given = vars(values)
    command: Command = given.pop("command")
    names = {entry.name for entry in Settings.entries()}
    flags = {name: given.pop(name) for name in names & given.keys()}
    if wrong := command.wrong(values):
        sys.stderr.write(f"{wrong}\n")
        return 2
    try:
        settings = Settings.load(os.environ, **flags)
        return action(command)(settings, **given)
    except SettingsError as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def action(command: Command) -> Callable[..., int]:
    """The function that carries a command out; its module is imported only now."""
    module, name = command.action.split(".")
    found: Callable[..., int] = getattr(importlib.import_module(f"service.commands.{module}"), name)
    return found


def run_tests(arguments: Sequence[str]) -> NoReturn:
    """Become pytest, which finds its settings and tests/ from the folder of run.py."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])


def run_tool(name: str, arguments: Sequence[str]) -> int:
    """Become one of TOOLS, which are no part of the service and have parsers of their own."""
    tool = ROOT / "tests" / name
    if not tool.exists():
        sys.stderr.write(f"{TOOLS[name]} is in tests/, which is not installed here.\n")
        return 2
    os.execv(sys.executable, [sys.executable, str(tool), *arguments])
