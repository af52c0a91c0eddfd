"""The commands for whoever changes the service: check, test, load, prove."""

from service.cli.arguments.command import Command, Databases, Parser


def check_arguments(parser: Parser) -> None:
    """Add what check takes."""
    parser.add_argument(
        "--fix", action="store_true", help="format, and mend what the linter can mend by itself"
    )


COMMANDS = (
    Command(
        "check",
        "look at format, style and types of the code, in seconds",
        "Runs the formatter, the linter and the type checker over the code, all three whatever the "
        "first ones say; the exit code is 1 if any of them found something. Their versions are "
        "those of pyproject.toml; the first check installs them.",
        ("", "--fix"),
        "check.check",
        check_arguments,
        databases=Databases.NONE,
    ),
    Command(
        "load",
        "load-test a server and check what it promised; `load --help` says more",
        "",
        ("--scenario mixed --rate 500 --seconds 10",),
    ),
    Command(
        "prove",
        "prove that nothing is booked twice or lost, faults or not; `prove --help` says more",
        "",
        ("--ops 50000 --seed 2",),
    ),
    Command(
        "test",
        "run the tests; what follows goes to pytest",
        "",
        ("tests/unit -k settings",),
    ),
)
