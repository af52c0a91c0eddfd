"""The commands that look into the database, or empty the embedded one: psql, query, reset."""

from service.cli.arguments.command import Command, Databases, Parser
from service.cli.values import parameter


def psql_arguments(parser: Parser) -> None:
    """Add what psql takes."""
    parser.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="psql's own, after --")


def query_arguments(parser: Parser) -> None:
    """Add what query takes."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a query; all are listed without")
    parser.add_argument(
        "parameters",
        nargs="*",
        type=parameter,
        metavar="PARAMETER=VALUE",
        help="1,2 is a list, NULL is NULL; the query itself is shown without any",
    )
    parser.add_argument(
        "--explain", action="store_true", help="show how PostgreSQL gets there, not the rows"
    )


def reset_arguments(parser: Parser) -> None:
    """Add what reset takes."""
    parser.add_argument("--yes", action="store_true", help="don't ask")


COMMANDS = (
    Command(
        "psql",
        "open PostgreSQL's own shell on the database",
        "Opens psql on the database of these settings, with the rights of the service: the one of "
        "this system or, where there is none, the one that comes with the embedded PostgreSQL.",
        ("", '-- -c "\\d slot"'),
        "psql.psql",
        psql_arguments,
        databases=Databases.POSTGRES,
    ),
    Command(
        "query",
        "show or try a query of sql/queries, undoing what it writes",
        "Without arguments lists the queries of sql/queries, with a name shows one, and with its "
        "parameters runs it as the server does: prepared, with the same settings of the session. "
        "Each value gets the type that the query casts it to. Nothing stays of what it writes: "
        "all is rolled back. With --explain the plan is shown, with times and buffers.",
        ("", "slot_get", "slot_get slot_id=1", "slot_get slot_id=1 --explain"),
        "query.query",
        query_arguments,
        databases=Databases.POSTGRES,
    ),
    Command(
        "reset",
        "delete the embedded data, to begin with an empty database",
        "Deletes the embedded PostgreSQL and Redis of the data directory, with their logs and what "
        "an upgrade kept of older ones. Asks first, and wants --yes where no terminal is. Refuses "
        "while a server runs there, and where a DATABASE_URL is set.",
        ("", "--data-dir .data --yes"),
        "reset.reset",
        reset_arguments,
        databases=Databases.POSTGRES,
    ),
)
