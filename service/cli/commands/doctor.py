"""`doctor`: looks at everything once and says what to mend."""

import asyncio
import textwrap
import time
from collections.abc import Iterator

import psycopg2

from service.access.passwords import Passwords
from service.cli.commands.screen import counted, json_text, mark
from service.cli.commands.servers import FAILED, addressed
from service.cli.diagnosis import machine, servers, zones
from service.cli.diagnosis.finding import Finding, fail, ok, warn
from service.errors import Unavailable
from service.settings import Settings
from service.store.checks import fitness, probe
from service.store.embedded import Embedded, EmbeddedError
from service.store.redis import ERRORS as REDIS_ERRORS
from service.store.refusals import sentence
from service.store.schema import migrate, usernames

SCHEMA = "schema"
WIDTH = 79


def doctor(settings: Settings, *, as_json: bool) -> int:
    """Print the findings; 1 if anything failed."""
    found = list(diagnosis(settings))
    if as_json:
        print(json_text([one._asdict() for one in found]))
    else:
        for one in found:
            print(line(one))
        print(summary(found))
    return FAILED if any(one.state == "fail" for one in found) else 0


def diagnosis(settings: Settings) -> Iterator[Finding]:
    """All findings: of the settings, of this machine, then of the servers where they answer."""
    yield from machine.of_settings(settings)
    yield machine.of_files()
    yield of_passwords(settings)
    try:
        with addressed(settings, Embedded.attach_or_start) as (at, embedded):
            if embedded:
                yield machine.of_disk(embedded.place.home)
            yield from of_postgres(at)
            yield from of_redis(at)
    except EmbeddedError as error:
        yield fail("servers", str(error), "read its log, which is named there")


def of_passwords(settings: Settings) -> Finding:
    """Hash one as `serve` does, in the same processes, and see how long it takes."""
    try:
        seconds, refusals = asyncio.run(hashing(settings))
    except Unavailable:
        return machine.of_no_passwords()
    return machine.of_passwords(seconds, refusals, settings)


async def hashing(settings: Settings) -> tuple[float, str]:
    """How many seconds one password takes, and what the system refused. Raises Unavailable."""
    passwords = Passwords(settings)
    try:
        await passwords.prove()
        began = time.perf_counter()
        await passwords.hash("correct horse")
        return time.perf_counter() - began, "; ".join(sorted(passwords.refusals))
    finally:
        await passwords.close()


def of_postgres(settings: Settings) -> Iterator[Finding]:
    """Everything about PostgreSQL, or why it does not answer."""
    try:
        facts = probe.ask_postgres(settings, zones.compared_at)
        steps = migrate.status(settings.database_url)
        states = {one.state for one in steps}
        current = states <= {"applied", "ahead"}
        unfit = list(fitness.faults(settings)) if current else []
        off_wall = probe.off_wall(settings) if current else {}
        shared = usernames.shared(settings.database_url)
    except psycopg2.Error as error:
        yield fail(servers.POSTGRES, sentence(error), "start it, or set DATABASE_URL right")
        return
    facts.faults.extend(unfit)
    yield from servers.of_postgres(facts, settings.pool_size)
    yield servers.of_clock(servers.POSTGRES, facts.clock)
    yield from zones.of_zones(facts)
    if current:
        yield zones.of_promises(off_wall)
    if states == {"applied"}:
        yield ok(SCHEMA, f"version {steps[-1].version}, as this code needs it")
    elif states <= {"applied", "ahead"}:
        yield warn(SCHEMA, migrate.summary(steps), "update the code soon")
    elif states <= {"applied", "pending"}:
        yield warn(SCHEMA, migrate.summary(steps), "serve does so too, if its role may")
    else:
        yield fail(SCHEMA, migrate.summary(steps), "run.py migrate --status shows each one")
    for one in shared:
        yield warn("usernames", one.said, one.mend)


def of_redis(settings: Settings) -> Iterator[Finding]:
    """Everything about Redis, or why it does not answer."""
    try:
        found = asyncio.run(probe.ask_redis(settings))
    except REDIS_ERRORS as error:
        yield fail(servers.REDIS, one_line(error), "start it, or set REDIS_URL right")
        return
    for facts in found:
        for one in servers.of_redis(facts):
            yield one._replace(said=f"{facts.name}: {one.said}") if facts.name else one
        yield servers.of_clock(f"{servers.REDIS} {facts.name}".strip(), facts.clock)


def one_line(error: Exception) -> str:
    """The first line of what a driver says, without the objects that Sentinel's client shows."""
    said = str(error).partition(" : <")[0]
    return (said.strip().splitlines() or [type(error).__name__])[0]


def line(one: Finding) -> str:
    """A finding as it is printed: what to do stands below, where something is to be done."""
    head = f"{mark(one.state, 4)}  {one.about:10}  "
    blank = " " * 18
    body = textwrap.wrap(one.said, WIDTH - len(blank))
    body += textwrap.wrap(f"-> {one.mend}", WIDTH - len(blank)) if one.mend else []
    return f"\n{blank}".join([head + body[0], *body[1:]])


def summary(found: list[Finding]) -> str:
    """How many there are of each kind."""
    fails = sum(one.state == "fail" for one in found)
    warns = sum(one.state == "warn" for one in found)
    checks = counted(len(found), "check")
    if not fails and not warns:
        return f"{checks}: all is well"
    return f"{checks}: {fails} failed, {counted(warns, 'warning')}"
