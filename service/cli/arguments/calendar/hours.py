"""The commands about hours and closures."""

from pathlib import Path

from service.cli.arguments.calendar.slots import DAY, FIRST, LAST
from service.cli.arguments.command import Command, Parser, Values
from service.cli.arguments.server import json_argument
from service.cli.values import day


def show_arguments(parser: Parser) -> None:
    """Add what schedule show takes."""
    provider_argument(parser)
    json_argument(parser)


def set_arguments(parser: Parser) -> None:
    """Add what schedule set takes."""
    provider_argument(parser)
    parser.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help="the hours (default: standard input)"
    )
    parser.add_argument(
        "--line",
        dest="lines",
        action="append",
        default=[],
        metavar="HOURS",
        help="a line of them, instead of a file; may be given again",
    )
    try_arguments(parser)


def set_wrong(values: Values) -> str:
    """Return what contradicts itself in the arguments of schedule set, or nothing."""
    return "Give FILE or --line." if values.file and values.lines else ""


def provider_argument(parser: Parser) -> None:
    """Add the provider, whom a schedule can't do without."""
    parser.add_argument("provider_id", type=int, metavar="PROVIDER", help="id of the provider")


def try_arguments(parser: Parser) -> None:
    """Add --dry-run and --yes."""
    parser.add_argument("--dry-run", action="store_true", help="only show what would be done")
    parser.add_argument("--yes", action="store_true", help="don't ask, even on a terminal")


def whose_argument(parser: Parser, otherwise: str) -> None:
    """Add --provider, without whom it is about everybody."""
    parser.add_argument(
        "--provider",
        dest="provider_id",
        type=int,
        metavar="ID",
        help=f"only this provider (default: {otherwise})",
    )


def add_arguments(parser: Parser) -> None:
    """Add what closure add takes."""
    whose_argument(parser, "everybody")
    parser.add_argument("--from", dest="first", type=day, metavar=DAY, help="first day")
    parser.add_argument(
        "--to", dest="last", type=day, metavar=DAY, help="last day (default: the first)"
    )
    parser.add_argument("--reason", default="", help="why, for whoever reads the calendar")
    parser.add_argument(
        "--holidays", metavar="PLACE", help="public holidays of a country, or its part: DE, DE-BY"
    )
    parser.add_argument("--year", type=int, help="year of the holidays")
    parser.add_argument(
        "--language", default="en_US", help="language of their names, where known (en_US)"
    )
    try_arguments(parser)


def add_wrong(values: Values) -> str:
    """Return what contradicts itself in the arguments of closure add, or nothing."""
    if bool(values.holidays) == bool(values.first):
        return "Give --from, or --holidays with --year."
    if bool(values.holidays) != bool(values.year):
        return "Give --holidays with --year."
    if values.last and not values.first:
        return "Give --from with --to."
    if values.last and values.last < values.first:
        return "--to must not be before --from."
    if not all(FIRST <= one <= LAST for one in (values.first, values.last) if one):
        return f"--from and --to must be in the years {FIRST.year} to {LAST.year}."
    if len(values.reason) > 500:
        return "--reason must have no more than 500 characters."
    return ""


def list_arguments(parser: Parser) -> None:
    """Add what closure list takes."""
    whose_argument(parser, "all")
    json_argument(parser)


def ids_arguments(parser: Parser) -> None:
    """Add the ids that closure remove takes."""
    parser.add_argument(
        "closure_ids", type=int, nargs="+", metavar="ID", help="closures, as closure list has them"
    )


COMMANDS = (
    Command(
        "schedule show",
        "show when a provider works",
        "Shows a provider's hours, in lines that schedule set takes.",
        ("1", "1 --json"),
        "calendar.schedule.show",
        show_arguments,
    ),
    Command(
        "schedule set",
        "write when a provider works, after saying who is outside of it",
        "Writes a provider's hours in place of those there are. Each line has weekdays and hours, "
        "or a day that is otherwise: closed, or with hours of its own. Hours that end at or before "
        "their begin end on the next day. Appointments outside of the new hours are shown first, "
        "and stay.",
        (
            "1 --line 'mon-fri 09:00-13:00, 14:00-18:00' --line '2027-12-24 closed Christmas' "
            "--dry-run",
            "1 --line 'mon-thu 09:00-17:00' --line 'fri 20:00-02:00 until 2028-06-30' "
            "--line '2027-12-31 09:00-12:00 short day'",
        ),
        "calendar.schedule.replace",
        set_arguments,
        set_wrong,
    ),
    Command(
        "closure add",
        "close days or public holidays, after saying who is in the way",
        "Closes a provider, or everybody, for some days, or for the public holidays of a year that "
        "are to come. Appointments that are in the way are shown first, and stay.",
        (
            "--provider 1 --from 2027-08-02 --to 2027-08-15 --reason Holiday",
            "--holidays DE-BY --year 2028 --language de --dry-run",
            "--from 2027-12-24",
        ),
        "calendar.closure.add",
        add_arguments,
        add_wrong,
    ),
    Command(
        "closure list",
        "show what is closed, and when",
        "Shows the closures that have not ended, of everybody and of providers.",
        ("", "--provider 1 --json"),
        "calendar.closure.show",
        list_arguments,
    ),
    Command(
        "closure remove",
        "open again what a closure closed",
        "Opens again what closures closed.",
        ("2",),
        "calendar.closure.remove",
        ids_arguments,
    ),
)
