"""From a plan to a result: set the stage, run, look behind the server, sum it all up."""

import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service import app
from service.settings import Settings
from tests.load.caller import Caller
from tests.load.check import Check, check_database, check_statuses
from tests.load.check_api import check_api
from tests.load.errors import LoadError
from tests.load.limits import limits
from tests.load.machine import database_settings, machine, server_settings, sync_time
from tests.load.measure import Load, measured
from tests.load.plan import OPEN_CONNECTIONS, Plan
from tests.load.ramp import ramp
from tests.load.scenarios import SCENARIOS
from tests.load.scenarios.base import Options, Scenario, World
from tests.load.stage import ApiStage, DatabaseStage, Stage
from tests.load.target import Target, witness

HOLD = 0.7  # share of the highest rate that the run after a ramp is made at


async def session(plan: Plan, target: Target) -> dict[str, Any]:
    """Do everything the plan says on a target; the result as plain values. Raises LoadError."""
    if target.settings is None and not plan.admin_user:
        raise LoadError(
            "The stage can't be set: give --admin-user and BOOKING_PASSWORD, or the databases."
        )
    settings = target.settings and staging(target.settings)
    async with staged(plan, target, settings) as stage:
        world = World(target.address, stage, plan.seed)
        scenario = SCENARIOS[plan.scenario](
            world, Options(people=plan.people, slots=plan.slots, only=plan.only)
        )
        found = await measures(plan, target, scenario)
        say("checking what the server has promised")
        checks = [
            check_statuses(statuses(found)),
            *await behind(target, world),
            *scenario.checks(),
        ]
    return {
        "format": 1,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "scenario": plan.scenario,
        "about": SCENARIOS[plan.scenario].help,
        "verdict": "OK" if all(check.ok for check in checks) else "FAILED",
        "checks": [check._asdict() for check in checks],
        **found,
        "machine": machine() | surroundings(target),
        "settings": server_settings(target, {}),
        "database": database_settings(target),
    }


async def measures(plan: Plan, target: Target, scenario: Scenario) -> dict[str, Any]:
    """The runs of a plan: a ramp if wanted, the main run, and the limits if wanted."""
    found: dict[str, Any] = {"ramp": None, "limits": None}
    load = plan.load
    say("setting the stage")
    if plan.ramp:
        found["ramp"] = await ramp(
            target,
            scenario,
            p99=plan.p99 * 1000,
            seconds=plan.part_seconds,
            connections=load.connections,
        )
        if found["ramp"]["highest"]:
            rate = round(found["ramp"]["highest"] * HOLD, 1)
            load = Load(OPEN_CONNECTIONS, plan.seconds, load.warm_up, rate)
    await scenario.prepare(load.most)
    found["run"] = await measured(
        target, scenario, load, plan.scenario, logins=plan.logins, idle=plan.idle
    )
    if plan.limits:
        say("measuring the limits")
        found["limits"] = await limits(
            target,
            scenario,
            connections=SCENARIOS[plan.scenario].connections,
            seconds=plan.part_seconds,
            repeat=plan.repeat,
        )
    return found


def statuses(found: dict[str, Any]) -> list[dict[str, Any]]:
    """What was answered in all runs."""
    runs = [found["run"], *(found["ramp"]["runs"] if found["ramp"] else [])]
    return [one for run in runs for one in run["outcomes"]]


@contextlib.asynccontextmanager
async def staged(plan: Plan, target: Target, settings: Settings | None) -> AsyncIterator[Stage]:
    """The stage, made in the databases where they can be reached, else by the admin."""
    async with contextlib.AsyncExitStack() as stack:
        if settings:
            deps = await stack.enter_async_context(app.opened(settings))
            connection = stack.enter_context(witness(settings))
            told = server_settings(target, {})  # so that a login costs what it costs there
            rounds = int(told.get("BCRYPT_ROUNDS", settings.bcrypt_rounds))
            yield DatabaseStage(deps, connection, rounds)
            return
        caller = await stack.enter_async_context(Caller(*target.address))
        password = os.environ.get("BOOKING_PASSWORD", "")
        who = {"username": plan.admin_user, "password": password}
        reply = await caller.wanted(200, "POST", "/api/login/", who)
        yield ApiStage(caller, reply.json["token"])


def staging(settings: Settings) -> Settings:
    """Our own settings for setting a stage: nothing hurries us."""
    return replace(settings, redis_timeout=5.0)


async def behind(target: Target, world: World) -> list[Check]:
    """The checks by the database where it can be reached, else through the API."""
    if target.settings:
        with witness(target.settings) as connection:
            return check_database(connection, world.journal, world.stage.blocks)
    async with Caller(*target.address) as caller:
        return await check_api(caller, world.journal, world.stage.blocks, world.stage.people)


def surroundings(target: Target) -> dict[str, str]:
    """What else the figures depend on: whose server it is, and what a commit costs here."""
    if not target.own:
        return {"server": f"{target.url}, started by somebody else"}
    folder = Path(tempfile.gettempdir())
    return {
        "server": "run.py serve, one process, on embedded servers of its own",
        "fsync of 8 kB": f"{sync_time(folder):.0f} µs (median)",
    }


def say(words: str) -> None:
    """Tell a person at a terminal what goes on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{words} ...")
        sys.stderr.flush()
