"""The commands about services."""

from service.cli.arguments.command import Command, Parser
from service.cli.arguments.server import json_argument
from service.cli.values import need, offer

NUMBERS = (
    ("--step", "15", "minutes between two starts (default: as long as it lasts)"),
    ("--before", "5", "minutes that stay free before an appointment"),
    ("--after", "10", "minutes that stay free after it"),
    ("--lead", "60", "minutes before it until which it can be booked"),
    ("--horizon", "90", "days ahead that can be booked (default: 90)"),
    ("--capacity", "12", "people who share a start (default: 1)"),
)


def create_arguments(parser: Parser) -> None:
    """Add what service create takes."""
    parser.add_argument("--name", required=True, help="name that customers see")
    parser.add_argument(
        "--minutes", type=int, required=True, metavar="30", help="how long an appointment lasts"
    )
    for flag, example, text in NUMBERS:
        parser.add_argument(flag, type=int, metavar=example, help=text)
    parser.add_argument(
        "--provider",
        dest="providers",
        type=offer,
        action="append",
        default=[],
        metavar="ID[:WEIGHT]",
        help="who gives it, and its share beside others (default: 100); may be given again",
    )
    parser.add_argument(
        "--need",
        dest="needs",
        type=need,
        action="append",
        default=[],
        metavar="ROLE=ID,ID",
        help="a room or thing that it needs, any of these; may be given again",
    )


def list_arguments(parser: Parser) -> None:
    """Add what service list takes."""
    parser.add_argument(
        "--provider", type=int, dest="provider_id", metavar="ID", help="only what this one offers"
    )
    json_argument(parser)


def retire_arguments(parser: Parser) -> None:
    """Add what service retire takes."""
    parser.add_argument("service_id", type=int, metavar="ID", help="the service")


COMMANDS = (
    Command(
        "service create",
        "add a service: what can be booked, with whom",
        "Adds a service. It can be booked where one of its providers has hours, and one of each "
        "role that it needs is free as well.",
        (
            "--name Consultation --minutes 30 --provider 1",
            '--name "Yoga class" --minutes 60 --capacity 12 --provider 1:100 --provider 2:50 '
            "--horizon 30",
        ),
        "calendar.service.create",
        create_arguments,
    ),
    Command(
        "service list",
        "show all services",
        "Shows all services by id, or those of one provider.",
        ("", "--provider 1 --json"),
        "calendar.service.show",
        list_arguments,
    ),
    Command(
        "service retire",
        "take no more bookings of a service; appointments stay",
        "Takes a service out of use: nobody can book it any more. Appointments that were made stay "
        "as they are.",
        ("1",),
        "calendar.service.retire",
        retire_arguments,
    ),
)
