"""The commands about providers."""

from service.cli.arguments.command import Command, Parser
from service.cli.arguments.server import json_argument


def create_arguments(parser: Parser) -> None:
    """Add what provider create takes."""
    parser.add_argument("--name", required=True, help="name that customers see")
    zone_argument(parser)


def zone_argument(parser: Parser) -> None:
    """Add --zone."""
    parser.add_argument(
        "--zone", required=True, help="time zone of the provider's clock, such as Europe/Berlin"
    )


def rename_arguments(parser: Parser) -> None:
    """Add what provider rename takes."""
    id_argument(parser)
    parser.add_argument("--name", required=True, help="new name that customers see")


def move_arguments(parser: Parser) -> None:
    """Add what provider zone takes."""
    id_argument(parser)
    zone_argument(parser)


def id_argument(parser: Parser) -> None:
    parser.add_argument("provider_id", type=int, metavar="ID", help="the provider")


COMMANDS = (
    Command(
        "provider create",
        "add a provider",
        "Adds a provider; customers see its slots on the wall clock of its time zone.",
        ('--name "Dr Grey" --zone Europe/London',),
        "calendar.provider.create",
        create_arguments,
    ),
    Command(
        "provider list",
        "show all providers",
        "Shows all providers by id.",
        ("", "--json"),
        "calendar.provider.show",
        json_argument,
    ),
    Command(
        "provider rename",
        "give a provider another name",
        "Gives a provider another name.",
        ('1 --name "Dr Grace Okafor"',),
        "calendar.provider.rename",
        rename_arguments,
    ),
    Command(
        "provider zone",
        "move a provider to another time zone",
        "Shows a provider's slots on another zone's wall clock. The slots keep their instants, "
        "so 09:00 in Berlin is shown as 08:00 after moving to London.",
        ("1 --zone Europe/London",),
        "calendar.provider.move",
        move_arguments,
    ),
)
