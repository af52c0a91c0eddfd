"""The servers a command works on, and what is said when they or the work fail."""

import asyncio
import contextlib
import functools
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, NoReturn

import psycopg2

from service import app
from service.cli import env_file
from service.cli.arguments.command import Databases
from service.deps import Deps
from service.errors import DomainError, InvalidFields, Unavailable
from service.settings import Settings, SettingsError
from service.store import addresses, refusals
from service.store.backup import BackupError
from service.store.embedded import AlreadyRuns, Embedded, EmbeddedError
from service.store.schema import migrate as migrations

FAILED = 1
REFUSED = 2  # what was asked for can't be: bad arguments, or a schema that is not this code's


def announced(work: Callable[..., int], needs: Databases) -> Callable[..., int]:
    """A command that first says on standard error which database it is about to talk to.

    Raises SettingsError where it needs one that is there, and there is none.
    """

    @functools.wraps(work)
    def run(settings: Settings, **arguments: Any) -> int:
        def checked() -> int:
            addresses.check(settings)
            wanted = embedded_ones(settings, needs is Databases.KEPT)
            missing = Embedded.missing(settings.data_dir, **wanted)
            if missing and needs is not Databases.MADE:
                raise SettingsError(f"{none_there(settings, missing)} {unit_hint()}".rstrip())
            print(f"database: {addresses.database(settings)}", file=sys.stderr, flush=True)
            if not settings.database_url and (hint := unit_hint()):
                print(hint, file=sys.stderr)
            return work(settings, **arguments)

        return exit_code(checked)

    return run


def none_there(settings: Settings, missing: list[str]) -> str:
    """That there are no embedded servers to talk to, and what makes or replaces them."""
    return (
        f"There is no embedded {' or '.join(missing)} in {settings.data_dir}: give DATABASE_URL "
        "and REDIS_URL, or the --data-dir of the server; `serve` makes a new one."
    )


def unit_hint() -> str:
    """Where the settings of the systemd unit are, if there are any: they are never guessed."""
    if not env_file.UNIT.exists():
        return ""
    return (
        f"The settings of the systemd unit are not used unless you give --env-file {env_file.UNIT}."
    )


def embedded_ones(settings: Settings, redis: bool = True) -> dict[str, bool]:
    """Which of the servers that are needed have no URL, so are embedded."""
    return {"postgres": not settings.database_url, "redis": redis and not settings.redis_url}


def with_deps(settings: Settings, work: Callable[[Deps], Awaitable[None]]) -> int:
    """The exit code of work on the servers of the data directory, with the schema current."""

    # What fails is said in a sentence; the lines of a log are for those who serve.
    logging.getLogger("service").addHandler(logging.NullHandler())

    async def run(settings: Settings) -> None:
        async with app.opened(settings) as deps:
            await work(deps)

    def run_all() -> int:
        with addressed(settings, Embedded.attach_or_start) as (at, _):
            migrations.migrate(at.database_url)
            asyncio.run(run(at))
        return 0

    return exit_code(run_all)


@contextlib.contextmanager
def addressed(
    settings: Settings, start: Callable[..., Embedded], *, redis: bool = True
) -> Iterator[tuple[Settings, Embedded | None]]:
    """The settings with the servers' addresses, and the embedded ones where one is needed."""
    wanted = embedded_ones(settings, redis)
    if not any(wanted.values()):
        yield settings, None
        return
    embedded = start(settings.data_dir, **wanted)
    try:
        yield (
            replace(
                settings,
                database_url=settings.database_url or embedded.database_url or "",
                redis_url=settings.redis_url or embedded.redis_url or "",
            ),
            embedded,
        )
    finally:
        embedded.stop()


def exit_code(work: Callable[[], int]) -> int:
    """What work returns; says in a sentence what an operator can mend and returns 1 or 2.

    Anything else is a bug and shows itself.
    """
    try:
        return work()
    except InvalidFields as error:
        for field, messages in error.errors.items():
            print(f"{field}: {' '.join(messages)}", file=sys.stderr)
        return REFUSED
    except (migrations.MigrationError, AlreadyRuns) as error:
        print(error, file=sys.stderr)
        return REFUSED
    except BrokenPipeError:  # whoever read our output has gone: cli.main says nothing
        raise
    except (DomainError, BackupError, EmbeddedError, psycopg2.Error, OSError) as error:
        print(_sentence(error), file=sys.stderr)
        return REFUSED if isinstance(error, psycopg2.ProgrammingError) else FAILED


def asked_wrongly(sentence: str) -> NoReturn:
    """Leave with a sentence and exit code 2."""
    print(sentence, file=sys.stderr)
    raise SystemExit(REFUSED)


def _sentence(error: Exception) -> str:
    match error:
        case Unavailable() if isinstance(error.__cause__, psycopg2.Error):
            return f"{error.detail} PostgreSQL says: {refusals.sentence(error.__cause__)}."
        case DomainError():
            return error.detail
        case psycopg2.OperationalError():
            return f"PostgreSQL does not take the connection: {refusals.sentence(error)}."
        case psycopg2.Error():
            if refusals.is_bug(error):
                raise error
            if refusals.is_address(error):
                return f"{refusals.sentence(error)}."
            return f"PostgreSQL does not do it: {refusals.sentence(error)}."
        case OSError():
            return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    return str(error)
