"""The command about times."""

from service.booking.calendar.bounds import MOST_PLACES
from service.cli.arguments.calendar.slots import DAY, FIRST, LAST
from service.cli.arguments.command import Command, Parser, Values
from service.cli.arguments.server import json_argument
from service.cli.values import day


def arguments(parser: Parser) -> None:
    """Add what times takes."""
    parser.add_argument(
        "--service", type=int, dest="service_id", required=True, metavar="ID", help="what to book"
    )
    parser.add_argument(
        "--provider",
        type=int,
        dest="provider_id",
        metavar="ID",
        help="with whom (default: with anybody, a line for each start)",
    )
    parser.add_argument(
        "--from", dest="first", type=day, metavar=DAY, help="first day (default: today)"
    )
    parser.add_argument(
        "--to", dest="last", type=day, metavar=DAY, help="last day (default: the seventh)"
    )
    parser.add_argument("--size", type=int, default=1, help="how many people come (default: 1)")
    parser.add_argument("--limit", type=int, default=20, help="most to show (default: 20)")
    json_argument(parser)


def wrong(values: Values) -> str:
    """Return what is out of bounds in the arguments of times, or nothing."""
    if values.limit < 1:
        return "--limit must be at least 1."
    if not 1 <= values.size <= MOST_PLACES:
        return f"--size must be at least 1 and at most {MOST_PLACES}."
    if not all(FIRST <= one <= LAST for one in (values.first, values.last) if one):
        return f"--from and --to must be in the years {FIRST.year} to {LAST.year}."
    if values.first and values.last and values.last < values.first:
        return "--to must not be before --from."
    return ""


COMMANDS = (
    Command(
        "times",
        "show when a service can be booked",
        "Shows the times at which a service can be booked, on the provider's wall clock: with one "
        "provider up to 31 days, with any of them up to 7.",
        ("--service 2", "--service 2 --provider 1 --from 2028-01-03 --to 2028-01-30 --json"),
        "calendar.times.show",
        arguments,
        wrong,
    ),
)
