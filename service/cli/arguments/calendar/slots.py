"""The commands about slots."""

from service.booking.calendar import bounds
from service.booking.calendar.hours.clock import ONE_DAY
from service.cli.arguments.command import Command, Parser, Values
from service.cli.arguments.server import json_argument
from service.cli.values import clock, closing, day, days, pause, span

DAY = "YYYY-MM-DD"
FIRST, LAST = bounds.FIRST.date() + ONE_DAY, bounds.LAST.date() - ONE_DAY  # in any zone
YEARS = f"--start and --until must be in the years {FIRST.year} to {LAST.year}."
STATUSES = ("free", "busy", "busy-unavailable")


def publish_arguments(parser: Parser) -> None:
    """Add what slots publish takes."""
    provider_argument(parser)
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
        type=closing,
        required=True,
        metavar="17:00",
        help="no slot of a day ends later; 24:00 is midnight",
    )
    parser.add_argument(
        "--every", type=span, required=True, metavar="30m", help="length of a slot: 30m, 1h, 1h30m"
    )
    parser.add_argument(
        "--start", type=day, metavar=DAY, help="first day (default: today in the zone)"
    )
    parser.add_argument(
        "--until", type=day, required=True, metavar=DAY, help="last day, which is included"
    )
    parser.add_argument("--zone", help="time zone such as Europe/Berlin (default: the provider's)")
    parser.add_argument("--capacity", type=int, default=1, help="places of a slot (default: 1)")
    parser.add_argument(
        "--break",
        dest="breaks",
        type=pause,
        action="append",
        default=[],
        metavar="12:00-13:00",
        help="no slots then; may be given again",
    )
    parser.add_argument(
        "--skip",
        dest="skips",
        type=day,
        action="append",
        default=[],
        metavar=DAY,
        help="no slots on this day; may be given again",
    )
    parser.add_argument("--dry-run", action="store_true", help="only show what would be done")
    parser.add_argument("--yes", action="store_true", help="don't ask, even on a terminal")


def publish_wrong(values: Values) -> str:
    """Return what contradicts itself in the arguments of slots publish, or nothing."""
    if values.from_time >= values.to_time and values.to_time != closing("24:00"):
        return "--to must be later than --from."
    if values.start and values.start > values.until:
        return "--until must not be before --start."
    if not all(FIRST <= one <= LAST for one in (values.start or FIRST, values.until)):
        return YEARS
    if not 1 <= values.capacity <= bounds.MOST_PLACES:
        return f"--capacity must be at least 1 and at most {bounds.MOST_PLACES}."
    return ""


def list_arguments(parser: Parser) -> None:
    """Add what slots list takes."""
    provider_argument(parser)
    parser.add_argument("--start", type=day, metavar=DAY, help="first day (default: today)")
    parser.add_argument("--until", type=day, metavar=DAY, help="last day, which is included")
    parser.add_argument("--status", choices=STATUSES, help="only slots of this status")
    parser.add_argument("--limit", type=int, default=20, help="most to show (default: 20)")
    json_argument(parser)


def list_wrong(values: Values) -> str:
    """Return what is out of bounds in the arguments of slots list, or nothing."""
    if values.limit < 1:
        return "--limit must be at least 1."
    if not all(FIRST <= one <= LAST for one in (values.start, values.until) if one):
        return YEARS
    return ""


def provider_argument(parser: Parser) -> None:
    """Add --provider."""
    parser.add_argument(
        "--provider", type=int, dest="provider_id", required=True, metavar="ID", help="whose slots"
    )


def ids_arguments(parser: Parser) -> None:
    """Add what slots close and slots open take."""
    parser.add_argument("slot_ids", type=int, nargs="+", metavar="ID", help="a slot")


COMMANDS = (
    Command(
        "slots publish",
        "open a provider's slots on chosen weekdays",
        "Opens slots by a weekly rule, after showing what that comes to; on a terminal it asks "
        "first. Slots that are there already stay as they are, and what would overlap others is "
        "left out, so the same command can be given again, also to go on after a failure. Times "
        "are on the zone's wall clock: at a change to summer time the slots whose start the "
        "clocks skip are left out, and at the change back a start that comes twice is opened the "
        "first time. Slots keep their length.",
        (
            "--provider 1 --days mon-fri --from 09:00 --to 17:00 --every 30m --start 2027-02-01 "
            "--until 2027-03-31",
            "--provider 1 --days sat --from 10:00 --to 16:00 --every 1h --break 12:00-13:00 "
            "--start 2027-04-01 --until 2027-06-30 --skip 2027-05-01 --capacity 4 --yes",
            "--provider 1 --days mon-sun --from 00:00 --to 24:00 --every 15m --start 2029-01-01 "
            "--until 2029-03-31 --zone Europe/Berlin --dry-run",
        ),
        "calendar.slots.publish",
        publish_arguments,
        publish_wrong,
    ),
    Command(
        "slots list",
        "show a provider's slots",
        "Shows a provider's slots in the order of time, on the provider's wall clock.",
        ("--provider 1", "--provider 1 --status free --start 2027-01-04 --until 2027-01-08 --json"),
        "calendar.slots.show",
        list_arguments,
        list_wrong,
    ),
    Command(
        "slots close",
        "close slots: nobody can book them; who is in them stays",
        "Closes slots, so that nobody can book them. Appointments that are in them stay.",
        ("5", "6 7 8"),
        "calendar.slots.close",
        ids_arguments,
    ),
    Command(
        "slots open",
        "open slots that were closed",
        "Opens slots that were closed.",
        ("5",),
        "calendar.slots.reopen",
        ids_arguments,
    ),
)
