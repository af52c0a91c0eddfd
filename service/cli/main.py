"""The command line: reads it, hands over to one command, returns its exit code."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from service.cli import env_file
from service.cli.arguments.command import Command, Databases
from service.cli.arguments.parser import Parser, build_parser, env_file_argument
from service.settings import ROOT, Settings, SettingsError

TOOLS = {"load": "The load test", "prove": "The proof"}


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; no command at all is serve."""
    try:
        code = _run(argv)
        if sys.stdout:
            sys.stdout.flush()
        return code
    except SettingsError as error:
        return _said(str(error), 2)
    except KeyboardInterrupt:
        return 130
    except EOFError:
        return _said("The input ended before there was an answer.", 2)
    except BrokenPipeError:  # the reader of a pipe has seen enough, as head does
        return _silent(141)
    except OSError as error:  # a disk that is full, say; commands see to what else goes wrong
        return _silent(_said(f"The output can't be written: {error.strerror}.", 1))


def _run(argv: Sequence[str]) -> int:
    if argv[:1] == ["test"]:
        run_tests(argv[1:])
    if argv[:1] == ["help"]:
        argv = [*argv[1:], "--help"]
    if argv and argv[0] in TOOLS:
        return run_tool(argv[0], argv[1:])
    if not argv or (argv[0].startswith("-") and argv[0] not in ("-h", "--help", "--version")):
        argv = ["serve", *argv]
    try:
        values = build_parser().parse_args(argv)
    except SystemExit as ended:  # help was shown, or a mistake
        return int(ended.code or 0)
    given = vars(values)
    command: Command = given.pop("command")
    file = given.pop("env_file")
    names = {entry.name for entry in Settings.entries()}
    flags = {name: given.pop(name) for name in names & given.keys()}
    if wrong := command.wrong(values):
        return _said(wrong, 2)
    if not all(one.isprintable() for one in given.values() if isinstance(one, str)):
        return _said("An argument has a character in it that can't be printed.", 2)
    if file:
        env_file.export(file, os.environ)
    return action(command)(Settings.load(os.environ, **flags), **given)


def action(command: Command) -> Callable[..., int]:
    """The function that carries a command out; its module is imported only now."""
    module, _, name = command.action.rpartition(".")
    found: Callable[..., int] = getattr(
        importlib.import_module(f"service.cli.commands.{module}"), name
    )
    if command.databases is Databases.NONE:
        return found
    servers = importlib.import_module("service.cli.commands.servers")
    return servers.announced(found, command.databases)  # type: ignore[no-any-return]


def _said(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


def _silent(code: int) -> int:
    """Let nobody try to write again what could not be written, as Python does at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def run_tests(arguments: Sequence[str]) -> NoReturn:
    """Become pytest, which finds its settings and tests/ from the folder of run.py."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])


def run_tool(name: str, arguments: Sequence[str]) -> int:
    """Become one of TOOLS, which are no part of the service and have parsers of their own."""
    tool = ROOT / "tests" / name
    if not tool.exists():
        return _said(f"{TOOLS[name]} is in tests/, which is not installed here.", 2)
    ours = Parser(f"run.py {name}", add_help=False, allow_abbrev=False)
    env_file_argument(ours)
    given, arguments = argparse.ArgumentParser.parse_known_args(ours, arguments)
    if given.env_file:
        env_file.export(given.env_file, os.environ)
    os.execv(sys.executable, [sys.executable, str(tool), *arguments])
