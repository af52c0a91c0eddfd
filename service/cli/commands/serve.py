"""`serve`: the API until it is told to stop."""

import asyncio
import faulthandler
import logging
import sys
from datetime import UTC, datetime

from service import app
from service.booking.calendar import demo
from service.cli import welcome
from service.cli.commands.servers import addressed, exit_code, unit_hint
from service.deps import Deps
from service.settings import Settings
from service.store import addresses
from service.store.checks import fitness, safety
from service.store.embedded import Embedded
from service.store.schema import migrate as migrations
from service.store.schema import usernames
from service.telemetry import logs, tracing

log = logging.getLogger(__name__)

REVIVE_EVERY = 0.2  # seconds


def serve(settings: Settings) -> int:
    """Serve the API until SIGTERM or Ctrl-C. Raises SettingsError for an unfit database."""
    faulthandler.enable()  # systemd's watchdog ends a hanging process with SIGABRT: say where
    logs.configure()
    for one in settings.outdated:
        log.warning("%s; %s", one.said, one.mend)
    tracing.start(settings)

    def run() -> int:
        addresses.check(settings)
        with addressed(settings, Embedded.start) as (at, embedded):
            safety.check(at)
            migrations.migrate(at.database_url)
            fitness.check(at)
            for one in usernames.shared(at.database_url):
                log.warning("two accounts share a username: %s; %s", one.said, one.mend)
            asyncio.run(_serve(settings, at, embedded))
        return 0

    return exit_code(run)


async def _serve(given: Settings, settings: Settings, embedded: Embedded | None) -> None:
    ours = not given.database_url

    async def ready(deps: Deps, port: int) -> None:
        if ours and settings.demo:
            await demo.fill(deps, datetime.now(UTC).date())
        log.info("serving", extra={"fields": {"database": addresses.database(given)}})
        if ours and (hint := unit_hint()):
            log.warning(hint)
        url = app.url(settings.host, port)
        print(f"listening on {url}", flush=True)
        if sys.stdout and sys.stdout.isatty():  # a journal is for what happens
            print(welcome.first_steps(given, url, sys.argv[0]), flush=True)
            if ours:
                print(await welcome.calls(deps, url), flush=True)

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
