"""The commands about the servers: serve, migrate, doctor, completion."""

from service.cli.arguments.command import Command, Databases, Parser

SHELLS = ("bash", "zsh")


def serve_arguments(parser: Parser) -> None:
    """Add what serve takes."""
    parser.add_argument("--host", help="address or name to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on, 0 for any free one (default: 8000)")
    parser.add_argument(
        "--no-demo",
        dest="demo",
        action="store_const",
        const=False,
        help="leave an empty embedded database empty",
    )


def migrate_arguments(parser: Parser) -> None:
    """Add what migrate takes."""
    parser.add_argument("--status", action="store_true", help="only say what is applied")
    json_argument(parser)


def doctor_arguments(parser: Parser) -> None:
    """Add what doctor takes."""
    json_argument(parser)


def json_argument(parser: Parser) -> None:
    """--json, which commands that show something have."""
    parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")


def completion_arguments(parser: Parser) -> None:
    """Add what completion takes."""
    parser.add_argument("shell", choices=SHELLS, help="which shell completes")


SERVE = Command(
    "serve",
    "serve the API, on embedded servers unless URLs are set",
    "Serves the API until Ctrl-C or SIGTERM. Where DATABASE_URL or REDIS_URL is not set, an "
    "embedded PostgreSQL or Redis is started for as long as this runs; its data stays in the "
    "data directory. The schema is brought up to date first.",
    ("", "--port 8080 --no-demo"),
    "serve.serve",
    serve_arguments,
    databases=Databases.NONE,
)
MIGRATE = Command(
    "migrate",
    "bring the database's schema up to date, or show its state",
    "Applies the migrations that are missing, each once and in order, however many processes "
    "try at the same time. With --status nothing is changed: each migration is shown as applied, "
    "pending, changed (its file is not what was applied) or newer (this code does not know it); "
    "the exit code is 0 if all of them are applied, else 1.",
    ("", "--status", "--status --json"),
    "data.migrate.migrate",
    migrate_arguments,
    databases=Databases.POSTGRES,
)
DOCTOR = Command(
    "doctor",
    "check settings, servers and this machine; say what to mend",
    "Checks the settings, both servers (reachable, version, durability, rights), the clocks, the "
    "time zones, the schema and this machine, and prints one line each: ok, warn or fail, and "
    "what to do about it. It changes nothing. The exit code is 1 if anything failed, else 0.",
    ("", "--json"),
    "doctor.doctor",
    doctor_arguments,
)
COMPLETION = Command(
    "completion",
    "print a script that lets bash or zsh complete these commands",
    "Prints a script for your shell to load, for one session as below, or from ~/.bashrc, or from "
    "~/.zshrc after compinit. It completes ./run.py and python3 run.py without starting Python.",
    ("bash > run.bash && source run.bash", "zsh > run.zsh && source run.zsh"),
    "completion.completion",
    completion_arguments,
    databases=Databases.NONE,
)
