"""What each command of the command line does; each returns its exit code."""

import asyncio
import contextlib
import faulthandler
import getpass
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg2

from service import app, logs, tracing, welcome
from service.booking import account, demo, provider, slot
from service.booking.schedule import Rule
from service.deps import Deps
from service.errors import DomainError, InvalidFields
from service.settings import Settings
from service.store import migrate as migrations
from service.store import safety
from service.store.embedded import Embedded, EmbeddedError

log = logging.getLogger(__name__)

REVIVE_EVERY = 0.2  # seconds


def serve(settings: Settings) -> int:
    """Serve the API until SIGTERM or Ctrl-C. Raises SettingsError for an unsafe database."""
    faulthandler.enable()  # systemd's watchdog ends a hanging process with SIGABRT: say where
    logs.configure()
    tracing.start(settings)
    with _told(), _servers(settings, Embedded.start) as (settings, embedded):
        safety.check(settings)
        migrations.migrate(settings.database_url)
        asyncio.run(_serve(settings, embedded))
        return 0
    return 1


async def _serve(settings: Settings, embedded: Embedded | None) -> None:
    async def ready(deps: Deps, port: int) -> None:
        if embedded and embedded.database_url and settings.demo:
            await demo.fill(deps, datetime.now(UTC).date())
        url = f"http://{settings.host}:{port}"
        print(f"listening on {url}", flush=True)
        print(await welcome.lines(deps, url), flush=True)

    reviver = asyncio.create_task(_revive(embedded)) if embedded else None
    try:
        await app.serve(settings, ready)
    finally:
        if reviver:
            reviver.cancel()


async def _revive(embedded: Embedded) -> None:
    """Start an embedded server again when it died; ours is the only one who would."""
    while True:
        await asyncio.sleep(REVIVE_EVERY)
        for name in embedded.revive():
            log.warning("the embedded %s had died and was started again", name)


def migrate(settings: Settings) -> int:
    """Bring the schema up to date and say what was applied."""
    with _told(), _servers(settings, Embedded.attach_or_start) as (settings, _):
        for one in migrations.migrate(settings.database_url):
            print(f"applied {one.version:04} {one.name}")
        print(f"The schema is at version {migrations.latest_version()}.")
        return 0
    return 1


def user_create(
    settings: Settings, *, username: str, email: str, role: str, provider_id: int | None
) -> int:
    """Make an account of any role."""
    password = os.environ.get("BOOKING_PASSWORD") or getpass.getpass("Password: ")

    async def create(deps: Deps) -> None:
        account.check_password(deps, "password", password)
        hashed = await deps.passwords.hash(password)
        created = await account.create(
            deps, username, email, hashed, role=role, provider_id=provider_id or 0
        )
        print(f"created {role} {created.username} with id {created.id}")

    return _with_deps(settings, create)


def slots_publish(
    settings: Settings,
    *,
    provider_id: int,
    days: frozenset[int],
    from_time: time,
    to_time: time,
    every: timedelta,
    start: date | None,
    until: date,
    zone: str | None,
    capacity: int,
) -> int:
    """Open a provider's slots on chosen weekdays."""

    async def publish(deps: Deps) -> None:
        name = zone or (await provider.get(deps, provider_id)).time_zone
        provider.check_zone(name)
        rule = Rule(days, from_time, to_time, every, name)
        first = start or datetime.now(ZoneInfo(name)).date()
        created = await slot.publish(deps, provider_id, rule, first, until, capacity)
        print(f"published {created} slots")

    return _with_deps(settings, publish)


def _with_deps(settings: Settings, work: Callable[[Deps], Awaitable[None]]) -> int:
    """Run one piece of work on the servers of the data directory, with the schema current."""

    async def run(settings: Settings) -> None:
        async with app.opened(settings) as deps:
            await work(deps)

    with _told(), _servers(settings, Embedded.attach_or_start) as (settings, _):
        migrations.migrate(settings.database_url)
        asyncio.run(run(settings))
        return 0
    return 1


@contextlib.contextmanager
def _servers(
    settings: Settings, start: Callable[..., Embedded]
) -> Iterator[tuple[Settings, Embedded | None]]:
    """The settings with both servers' addresses, and the embedded ones where one is needed."""
    wanted = {"postgres": not settings.database_url, "redis": not settings.redis_url}
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


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say in a sentence what an operator can mend; anything else is a bug and shows itself."""
    try:
        yield
    except (EmbeddedError, migrations.MigrationError) as error:
        print(error, file=sys.stderr)
    except InvalidFields as error:
        for field, messages in error.errors.items():
            print(f"{field}: {' '.join(messages)}", file=sys.stderr)
    except DomainError as error:
        print(error.detail, file=sys.stderr)
    except psycopg2.OperationalError as error:
        print(f"PostgreSQL does not take the connection: {error}".strip(), file=sys.stderr)
    except OSError as error:
        print(f"{error.strerror or error}", file=sys.stderr)
