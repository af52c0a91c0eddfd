"""The commands that look at what has happened."""

from service.cli.arguments.command import Command, Parser


def tail_arguments(parser: Parser) -> None:
    """Add what events tail takes."""
    parser.add_argument("--after", type=int, metavar="ID", help="all after this event")
    parser.add_argument("--follow", action="store_true", help="go on with what comes")


COMMANDS = (
    Command(
        "events tail",
        "show what has happened last, or as it happens",
        "Prints the last ten events, or all after one, each as a line of JSON as admins see it; "
        "with --follow what comes, too, until Ctrl-C. It is servers that number what happens: "
        "where none runs, nothing new comes.",
        ("", "--after 0"),
        "data.events.tail",
        tail_arguments,
    ),
)
