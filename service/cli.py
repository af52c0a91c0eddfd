"""The command line: one table of commands, turned into a parser and its help."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from service import __version__
from service.cli_values import clock, day, days, span
from service.settings import ROOT, Settings, SettingsError

Values = argparse.Namespace


class Command(NamedTuple):
    """One command: its words, what it does, an example, its arguments and its action."""

    words: str
    help: str
    example: str
    add: Callable[[argparse.ArgumentParser], object]
    run: Callable[[Settings, Values], int]


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        self.exit(2, f"{message[:1].upper()}{message[1:]}. See: {self.prog} --help\n")


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; no command at all is serve."""
    if argv[:1] == ["test"]:
        run_tests(argv[1:])
    if argv[:1] == ["load"]:
        return run_load(argv[1:])
    if not argv or (argv[0].startswith("-") and argv[0] not in ("-h", "--help", "--version")):
        argv = ["serve", *argv]
    values = build_parser().parse_args(argv)
    names = {entry.name for entry in Settings.entries()}
    flags = {name: value for name, value in vars(values).items() if name in names}
    try:
        settings = Settings.load(os.environ, **flags)
        return int(values.command.run(settings, values))
    except SettingsError as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def run_tests(arguments: Sequence[str]) -> NoReturn:
    """Become pytest, which finds its settings and tests/ from the folder of run.py."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])


def run_load(arguments: Sequence[str]) -> int:
    """Become the load test, which is no part of the service and has its own parser."""
    tool = ROOT / "tests" / "load"
    if not tool.exists():
        sys.stderr.write("The load test is in tests/, which is not installed here.\n")
        return 2
    os.execv(sys.executable, [sys.executable, str(tool), *arguments])


def build_parser() -> Parser:
    """Return the parser of COMMANDS."""
    parser = Parser(
        prog="run.py",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Books appointments. Without a command it serves.",
        epilog=f"{examples_help()}\n\n{settings_help()}",
    )
    parser.add_argument("--version", action="version", version=f"booking {__version__}")
    levels = {"": parser.add_subparsers(metavar="COMMAND", required=True, title="commands")}
    for command in COMMANDS:
        group, _, name = command.words.rpartition(" ")
        if group not in levels:
            upper = levels[""].add_parser(group, help=f"{name}: {command.help}")
            levels[group] = upper.add_subparsers(metavar="COMMAND", required=True)
        one = levels[group].add_parser(
            name,
            help=command.help,
            description=sentence(command.help),
            epilog=f"example:\n  {example(command)}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        one.set_defaults(command=command)
        one.add_argument("--data-dir", help="folder of the embedded servers (default: .data)")
        command.add(one)
    return parser


def examples_help() -> str:
    """Return one example per command."""
    return "\n".join(["examples:", *(f"  {example(command)}" for command in COMMANDS)])


def example(command: Command) -> str:
    """Return a line that works when pasted."""
    return f"python3 run.py {command.words} {command.example}".rstrip()


def settings_help() -> str:
    """Return the table of all settings."""
    rows = [("setting", "environment", "default", "meaning"), *Settings.entries()]
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join([*(row[i].ljust(wide[i]) for i in range(3)), row[3]]) for row in rows]
    return "\n".join(
        [
            "settings (flags go before the environment, that before defaults):",
            *(f"  {line}" for line in lines),
        ]
    )


def sentence(words: str) -> str:
    """Return a help line as a sentence."""
    return f"{words[:1].upper()}{words[1:]}."


def add_serve(parser: argparse.ArgumentParser) -> None:
    """The arguments of serve."""
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on, 0 for any free one (default: 8000)")
    parser.add_argument(
        "--no-demo",
        dest="demo",
        action="store_const",
        const=False,
        help="leave an empty embedded database empty",
    )


def serve(settings: Settings, values: Values) -> int:
    """Hand over to the server."""
    from service import commands

    return commands.serve(settings)


def add_nothing(parser: argparse.ArgumentParser) -> None:
    """A command without arguments of its own."""


def migrate(settings: Settings, values: Values) -> int:
    """Hand over to the migrations."""
    from service import commands

    return commands.migrate(settings)


def add_user_create(parser: argparse.ArgumentParser) -> None:
    """The arguments of user create."""
    parser.add_argument("--username", required=True, help="name to log in with")
    parser.add_argument("--email", required=True, help="address of the person")
    parser.add_argument(
        "--role",
        required=True,
        choices=("customer", "provider", "admin"),
        help="what the account may do",
    )
    parser.add_argument(
        "--provider",
        type=int,
        metavar="ID",
        help="the provider that an account of this role acts for",
    )


def user_create(settings: Settings, values: Values) -> int:
    """Hand over to the making of an account."""
    if (values.role == "provider") != (values.provider is not None):
        sys.stderr.write("--provider ID goes with --role provider, and only with it.\n")
        return 2
    from service import commands

    return commands.user_create(
        settings,
        username=values.username,
        email=values.email,
        role=values.role,
        provider_id=values.provider,
    )


def add_slots_publish(parser: argparse.ArgumentParser) -> None:
    """The arguments of slots publish."""
    parser.add_argument("--provider", type=int, required=True, metavar="ID", help="whose slots")
    parser.add_argument(
        "--days", type=days, required=True, help="weekdays: mon-fri, or mon,wed,sat"
    )
    parser.add_argument(
        "--from",
        dest="from_time",
        type=clock,
        required=True,
        metavar="09:00",
        help="start of the first slot of a day",
    )
    parser.add_argument(
        "--to",
        dest="to_time",
        type=clock,
        required=True,
        metavar="17:00",
        help="no slot of a day ends later",
    )
    parser.add_argument(
        "--every", type=span, required=True, metavar="30m", help="length of a slot: 30m, 1h, 1h30m"
    )
    parser.add_argument(
        "--start", type=day, metavar="YYYY-MM-DD", help="first day (default: today in the zone)"
    )
    parser.add_argument(
        "--until", type=day, required=True, metavar="YYYY-MM-DD", help="last day, which is included"
    )
    parser.add_argument("--zone", help="time zone such as Europe/Berlin (default: the provider's)")
    parser.add_argument("--capacity", type=int, default=1, help="places of a slot (default: 1)")


def slots_publish(settings: Settings, values: Values) -> int:
    """Hand over to the publishing of slots."""
    wrong = wrong_hours(values)
    if wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    from service import commands

    return commands.slots_publish(
        settings,
        provider_id=values.provider,
        days=values.days,
        from_time=values.from_time,
        to_time=values.to_time,
        every=values.every,
        start=values.start,
        until=values.until,
        zone=values.zone,
        capacity=values.capacity,
    )


def wrong_hours(values: Values) -> str:
    """Return what contradicts itself in the arguments of slots publish, or nothing."""
    if values.from_time >= values.to_time:
        return "--to must be later than --from."
    if values.start and values.start > values.until:
        return "--until must not be before --start."
    if values.capacity < 1:
        return "--capacity must be at least 1."
    return ""


def unreachable(settings: Settings, values: Values) -> int:
    """The action of test and load, whose arguments are never parsed here."""
    raise AssertionError("main() has handed over already")


COMMANDS = (
    Command(
        "serve",
        "serve the API, on embedded servers unless URLs are set",
        "--port 8080 --no-demo",
        add_serve,
        serve,
    ),
    Command("migrate", "bring the database's schema up to date", "", add_nothing, migrate),
    Command(
        "user create",
        "make an account; BOOKING_PASSWORD or a prompt gives the password",
        "--username ada --email ada@example.org --role admin",
        add_user_create,
        user_create,
    ),
    Command(
        "slots publish",
        "open a provider's slots on chosen weekdays",
        "--provider 1 --days mon-fri --from 09:00 --to 17:00 --every 30m --until 2027-03-31",
        add_slots_publish,
        slots_publish,
    ),
    Command(
        "load",
        "load-test a server and check what it promised; `load --help` says more",
        "--scenario mixed --rate 500 --seconds 10",
        add_nothing,
        unreachable,
    ),
    Command(
        "test",
        "run the tests; what follows goes to pytest",
        "tests/unit -k settings",
        add_nothing,
        unreachable,
    ),
)
