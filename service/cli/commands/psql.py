"""`psql`: PostgreSQL's own shell on the database of the settings."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence

from psycopg2.extensions import make_dsn, parse_dsn

from service.cli.commands.servers import FAILED, addressed, exit_code
from service.settings import Settings
from service.store.embedded import Embedded, EmbeddedError
from service.store.embedded.cluster import programs

NAME = "psql"


def psql(settings: Settings, *, arguments: Sequence[str]) -> int:
    """Run psql until it ends, with its own arguments; 1 if it says that anything failed."""

    def run() -> int:
        with addressed(settings, Embedded.attach_or_start, redis=False) as (at, _):
            given = parse_dsn(at.database_url)
            password = given.pop("password", "")
            address = make_dsn(**given)
            if not (program := found()):
                print(
                    "There is no psql here: install PostgreSQL's client, or give another one "
                    f"this address: {address}",
                    file=sys.stderr,
                )
                return FAILED
            return FAILED if talked([program, address, *arguments], password) else 0

    return exit_code(run)


def found() -> str:
    """The psql of this system, or the one beside the embedded PostgreSQL, or nothing."""
    try:
        beside = str(programs(None))
    except EmbeddedError:
        beside = ""
    return shutil.which(NAME) or shutil.which(NAME, path=beside) or ""


def talked(command: list[str], password: str) -> int:
    """The exit code of psql, to which Ctrl-C belongs; its password is not in the open."""
    secret = {"PGPASSWORD": password} if password else {}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(command, env=os.environ | secret).returncode
    finally:
        signal.signal(signal.SIGINT, before)
