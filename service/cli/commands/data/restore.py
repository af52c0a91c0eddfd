"""`restore`: a backup into an empty database, or in place of what is there."""

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import BinaryIO

from service import app
from service.cli.commands.data.backup import described
from service.cli.commands.screen import Progress, agreed, counted
from service.cli.commands.servers import FAILED, addressed, exit_code
from service.errors import DomainError
from service.settings import Settings
from service.store.backup import Archive, BackupError, load
from service.store.embedded import Embedded

STDIN = "-"


def restore(settings: Settings, *, file: str, replace: bool, keep_broken: bool, yes: bool) -> int:
    """Load a backup, look whether every promise holds, and end all tokens; 1 if anything failed."""

    def run() -> int:
        with source(file) as opened:
            archive = Archive(opened)
            rows = sum(archive.total.rows.values())
            held = f"{counted(rows, 'row')} as of {written(archive)}"
            where = described(settings)
            if replace and not yes and not agreed(f"Put {held} in place of all in {where}?"):
                print("nothing was restored")
                return 0
            with addressed(settings, partial(Embedded.start, brief=True)) as (at, _):
                with Progress(rows, "rows") as bar:
                    loaded = load(
                        at.database_url,
                        archive,
                        replace=replace,
                        keep_broken=keep_broken,
                        told=lambda more: bar(bar.done + more),
                    )
                print(f"restored {held} into {where}")
                for name in loaded.left_out:
                    print(f"left out {name}: the schema has no such table", file=sys.stderr)
                for what, number in loaded.broken:
                    print(f"broken: {what} ({number})", file=sys.stderr)
                ended = end_tokens(at)
        if not loaded.broken:
            print("every promise of sql/queries/invariants.sql holds")
        return 0 if ended and not loaded.broken else FAILED

    return exit_code(run)


@contextlib.contextmanager
def source(file: str) -> Iterator[BinaryIO]:
    """The file of a backup, which can be read twice. Raises BackupError when there is none."""
    if file == STDIN:
        with tempfile.TemporaryFile() as kept:
            shutil.copyfileobj(sys.stdin.buffer, kept)
            yield kept
        return
    try:
        opened = open(file, "rb")  # noqa: SIM115 it is closed below
    except OSError as error:
        raise BackupError(f"Can't read {file}: {error.strerror or error}.") from error
    with opened:
        yield opened


def written(archive: Archive) -> str:
    """When a backup was made, for people."""
    return f"{datetime.fromisoformat(archive.about.made_at):%Y-%m-%d %H:%M} UTC"


def end_tokens(settings: Settings) -> bool:
    """Log everybody out, since ids may be other people's now; False if Redis does not answer."""

    async def work() -> int:
        async with app.opened(settings) as deps:
            return await deps.sessions.end_all()

    try:
        ended = asyncio.run(work())
    except DomainError:
        print(
            "Redis does not answer, so old tokens may live on: empty it (redis-cli FLUSHDB) before "
            "you serve.",
            file=sys.stderr,
        )
        return False
    print(f"{counted(ended, 'token')} ended: everybody has to log in again")
    return True
