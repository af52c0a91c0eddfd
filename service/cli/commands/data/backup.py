"""`backup`: the database's rows into one file, while the server runs."""

import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from psycopg2.extensions import parse_dsn

from service.cli.commands.screen import counted, megabytes
from service.cli.commands.servers import addressed, asked_wrongly, exit_code
from service.settings import Settings
from service.store.backup import BackupError, dump
from service.store.backup.files import replaced
from service.store.embedded import Embedded

STDOUT = "-"


def backup(settings: Settings, *, file: str) -> int:
    """Write a backup and say in a line what is in it; on standard error if it goes to a pipe."""
    if file == STDOUT and sys.stdout.isatty():
        asked_wrongly("A backup is no text: send it into a file or a pipe.")

    def run() -> int:
        with (
            addressed(settings, Embedded.attach_or_start, redis=False) as (at, _),
            destination(file) as (out, name),
        ):
            made = dump(at.database_url, out)
            size = out.tell() if name != STDOUT else 0
        said = (
            f"backed up {counted(made.rows, 'row')} of {counted(made.tables, 'table')} "
            f"(schema {made.version}) of {described(settings)}"
        )
        if name == STDOUT:
            print(said, file=sys.stderr)
        else:
            print(f"{said} to {name}, {megabytes(size)}")
        return 0

    return exit_code(run)


@contextlib.contextmanager
def destination(file: str) -> Iterator[tuple[BinaryIO, str]]:
    """What a backup is written to, and its name: a file is there when it is complete, or never.

    Raises BackupError when it can't be written.
    """
    if file == STDOUT:
        yield sys.stdout.buffer, STDOUT
        sys.stdout.buffer.flush()
        return
    path = Path(file).resolve()
    if path.is_dir():
        path /= f"booking-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.gz"
    elif file.endswith(os.sep):  # a disk that is not mounted, maybe: nothing to make up for
        raise BackupError(f"There is no folder {path}: make it first.")
    elif path.exists() and not path.is_file():
        raise BackupError(f"{path} is no file: say - for standard output.")
    try:
        with replaced(path) as out:
            yield out, str(path)
    except OSError as error:
        raise BackupError(f"Can't write {path}: {error.strerror or error}.") from error


def described(settings: Settings) -> str:
    """The database of the settings, without its password."""
    if not settings.database_url:
        return f"the embedded database of {settings.data_dir}"
    given = parse_dsn(settings.database_url)
    at = f"{given.get('host', 'localhost')}:{given.get('port', 5432)}"
    return f"{given.get('dbname') or given.get('user') or 'the database'} at {at}"
